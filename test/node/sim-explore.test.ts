/** `vouch sim explore` as it is typed: statuses, stories, and known bugs of Raft that small scopes show. */
import { describe, expect, test } from 'vitest';
import { type Finished, vouch } from './support/vouch.ts';

const explore = (...args: readonly string[]): Finished => vouch(['sim', 'explore', ...args]);

/** Scopes that show the bug in a moment. */
const SMALL = 'nodes=3,terms=2,entries=0,crashes=1,links=0';

describe('vouch sim explore', () => {
  test('an exhausted scope ends with status 0 and says how many states it had', () => {
    const { status, stdout } = explore('nodes=3,terms=1,entries=0,crashes=0,links=0');
    expect(stdout).toContain('every state explored, no rule is broken');
    expect(stdout).toMatch(/^185 states up to names of nodes, \d+ moves, depth 15; /m);
    expect(status).toBe(0);
  });

  test('one that is not exhausted proves nothing: status 5', () => {
    const { status, stdout } = explore('nodes=3,terms=1,entries=1', '--max-states', '100', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ verdict: 'unknown', violation: null, steps: [] });
    expect(status).toBe(5);
  });

  test.each([
    ['E1', 'one-vote-per-term', SMALL],
    ['L6', 'acknowledged-is-held', SMALL],
    ['E7', 'votes-for-up-to-date', SMALL],
    ['E3', 'one-vote-per-term', SMALL],
  ])('%s is found by %s, in a story that can be read', (id, oracle, scope) => {
    const { status, stdout } = explore(scope, '--mutant', id, '--json');
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ mutant: id, verdict: 'violation', violation: { oracle } });
    expect(report.steps.length).toBeGreaterThan(1);
    expect(report.steps.length).toBeLessThanOrEqual(25);
    for (const step of report.steps) expect(step).toMatch(/^node [012] \S+ .*[^;]$/);
    expect(report.storyEvents).toBeLessThanOrEqual(report.steps.length);
    expect(status).toBe(1);
  });

  test.each([
    [['nodes=9'], 'The scope: nodes is a whole number from 1 to 5, not "9".'],
    [['node=3'], 'The scope: there is no bound "node"; known: nodes, terms'],
    [['nodes=3', '--mutant', 'E99'], '--mutant knows no bug of Raft "E99".'],
    [['nodes=3', '--max-states', 'many'], '--max-states is a whole number'],
  ])('%j is refused with what to write instead', (args, complaint) => {
    const { status, stderr } = explore(...args);
    expect(stderr).toContain(complaint);
    expect(status).toBe(2);
  });
});
