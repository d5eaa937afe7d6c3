/** Small scopes, exhausted: how many states there are is pinned, and what a changed rule of Raft does to them is found. */
import { describe, expect, test } from 'vitest';
import { type ExploreReport, explore } from '../../../sim/explore/explore.ts';
import { Explorer } from '../../../sim/explore/explorer.ts';
import { parseScope, type Scope, scopeText } from '../../../sim/explore/scope.ts';

function scopeOf(text: string): Scope {
  const parsed = parseScope(text);
  if (!parsed.ok) throw new Error(parsed.reason);
  return parsed.scope;
}

function exhausted(text: string, isRaft: boolean = true): ExploreReport {
  return explore({ scope: scopeOf(text), statesMax: 1_000_000, isRaft }, () => undefined);
}

describe('scopes that are exhausted', () => {
  test.each([
    ['nodes=1,terms=3,entries=2,crashes=2,links=0', { states: 384, moves: 398, depth: 15 }],
    ['nodes=3,terms=1,entries=0,crashes=0,links=0', { states: 185, moves: 445, depth: 15 }],
    ['nodes=3,terms=1,entries=1,crashes=1,links=0', { states: 7113, moves: 26653, depth: 26 }],
    ['nodes=3,terms=2,entries=0,crashes=0,links=0', { states: 9856, moves: 32068, depth: 29 }],
    ['nodes=3,terms=1,entries=2,crashes=0,links=1', { states: 6695, moves: 22315, depth: 32 }],
    ['nodes=2,terms=2,entries=1,crashes=1,writes=2,links=0', { states: 6705, moves: 22632, depth: 27 }],
    ['nodes=3,terms=1,entries=0,crashes=0,heartbeats=1,prevote=1,links=0', { states: 15174, moves: 41301, depth: 22 }],
  ])('%s: no rule is broken, and there are as many states as ever', (text, counts) => {
    const { verdict, states, moves, depth } = exhausted(text);
    expect({ verdict, states, moves, depth }).toEqual({ verdict: 'pass', ...counts });
  });

  test('the same exploration twice is the same, number for number', () => {
    expect(exhausted('nodes=3,terms=1,entries=1,crashes=0,links=0')).toEqual(
      exhausted('nodes=3,terms=1,entries=1,crashes=0,links=0'),
    );
  });

  test('what is relied upon for dead letters takes states away and no verdict', () => {
    const text = 'nodes=3,terms=2,entries=0,crashes=0,links=0';
    const [less, all] = [exhausted(text, true), exhausted(text, false)];
    expect(less.verdict).toBe('pass');
    expect(all.verdict).toBe('pass');
    expect(all.states).toBeGreaterThan(2 * less.states);
    expect(all.memberStates).toBe(less.memberStates);
  });

  test('a scope that is larger than the limit is not exhausted, and says so', () => {
    const report = explore(
      { scope: scopeOf('nodes=3,terms=2,entries=2,crashes=1,links=0'), statesMax: 2000, isRaft: true },
      () => undefined,
    );
    expect(report).toMatchObject({ verdict: 'unknown', violation: null });
  });
});

test('a scope is read as it is written, and a wrong one is refused with what to write instead', () => {
  expect(scopeText(scopeOf('nodes=3,terms=1,entries=0,crashes=0,writes=2,links=0'))).toContain('entries=0');
  expect(scopeOf(scopeText(scopeOf('terms=3,links=2,prevote=1')))).toEqual(scopeOf('terms=3,links=2,prevote=1'));
  expect(parseScope('nodes=7')).toEqual({ ok: false, reason: 'nodes is a whole number from 1 to 5, not "7"' });
  expect(parseScope('node=3')).toMatchObject({ ok: false, reason: expect.stringContaining('known: nodes, terms') });
  expect(parseScope('crashes')).toMatchObject({ ok: false });
  expect(parseScope('')).toMatchObject({ ok: false });
});

test('an exploration is told how far it is, level by level', () => {
  const explorer = new Explorer(scopeOf('nodes=3,terms=1,entries=0,crashes=0,links=0'), true);
  const states: number[] = [];
  while (!explorer.isExhausted) {
    explorer.expandLevel(1_000_000);
    states.push(explorer.counts.states);
  }
  expect(states).toEqual([...states].sort((a, b) => a - b));
  expect(states.length).toBe(explorer.counts.depth + 1);
});
