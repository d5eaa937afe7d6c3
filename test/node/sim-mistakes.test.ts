/** Mistakes that a user of `vouch sim` makes: in scenario code, in paths, in flags. None of them is a finding, none loses a result. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { cleanUp, eventually, type Finished, start, temporary, vouch } from './support/vouch.ts';

afterAll(cleanUp);

const folder = temporary();
const sim = (...args: readonly string[]): Finished => vouch(['sim', ...args]);
const lastLine = (text: string): string => text.trimEnd().split('\n').at(-1) as string;

/** A scenario file; the thrower stands on line 2. */
function story(world: string, tell: string): string {
  const path = join(folder, 'story.ts');
  writeFileSync(
    path,
    `import type { Scenario } from 'vouch/sim';
const wrong: any = () => { throw new TypeError('boom'); };
export const scenario: Scenario = { name: 'mine', summary: 'x', faults: [],
  world: ${world},
  tell: ${tell} };`,
  );
  return path;
}

const THREE = '(drawn) => ({ ...drawn, nodes: 3 })';
const NOTHING = '() => {}';

describe('a scenario whose code is wrong is no violation', () => {
  test.each([
    ['(drawn) => wrong()', NOTHING, /world failed: TypeError: boom \(story\.ts:2\)\.$/],
    ['() => undefined', NOTHING, /world returned undefined; it returns the knobs it was given/],
    ['(drawn) => ({ ...drawn, nodes: 0 })', NOTHING, /world returned nodes: 0; it is a whole number from 1\.$/],
    ['(drawn) => ({ ...drawn, nodez: 3 })', NOTHING, /world returned a knob "nodez", which does not exist/],
    ['(drawn) => ({ ...drawn, faults: { crsh: 1 } })', NOTHING, /the fault "crsh", which does not exist/],
    [THREE, '() => wrong()', /tell failed: TypeError: boom \(story\.ts:2\)\.$/],
    [THREE, '(story) => story.after(99, () => wrong())', /a callback of the story failed: TypeError: boom \(story\.ts:2\)\.$/],
    [THREE, '(story) => { story.draws.below(0); }', /tell failed: InvariantError: a bound is at least 1 \(story\.ts:5\)\.$/],
    [THREE, 'async (story) => { await null; }', /tell must not be async/],
    [THREE, '(story) => story.after(9, async () => { await null; })', /a callback of the story must not be async/],
    [THREE, '(story) => story.every(-5, () => {})', /story\.every takes milliseconds, more than 0, not -5 \(story\.ts:5\)\.$/],
    [THREE, '(story) => story.every("abc", () => {})', /story\.every takes milliseconds, more than 0, not "abc"/],
    [THREE, '(story) => { story.split([99], [0]); }', /story\.split of node 99, but nodes are 0 to 2 \(story\.ts:5\)\.$/],
    [THREE, '(story) => story.begin("crsh", 1)', /story\.begin knows no fault "crsh"/],
  ])('world %s, tell %s', (world, tell, complaint) => {
    const { status, stderr } = sim('run', story(world, tell), '--json');
    expect({ status, stderr: stderr.trimEnd() }).toEqual({ status: 2, stderr: expect.stringMatching(complaint) });
    expect(stderr).toMatch(/^vouch: .*story\.ts, seed 1: scenario error: /);
  });

  test('in a swarm it ends the swarm, and seeds that were finished are told', () => {
    const path = story(THREE, '(story) => { if (story.draws.below(4) === 0) wrong(); }');
    const { status, stdout, stderr } = sim('swarm', path, '--seeds', '9', '--jobs', '2', '--json');
    expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringMatching(/seed \d: scenario error: tell failed/) });
    if (stdout !== '') expect(JSON.parse(stdout)).toMatchObject({ interrupted: true, failed: [] });
  });

  test('a clock that a story reads stays nondeterminism, with the line of the file', () => {
    const { status, stderr } = sim('run', story(THREE, '(story) => story.after(9, () => { Date.now(); })'));
    expect({ status, stderr }).toEqual({ status: 4, stderr: expect.stringMatching(/Date\.now was called .*story\.ts:5:/) });
  });

  test('a shipped story that needs more nodes says so', () => {
    const { status, stderr } = sim('run', 'split-brain', '--nodes', '1');
    expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining('split-brain needs 3 nodes or more') });
  });
});

describe('a file that cannot be written', () => {
  const nowhere = join(folder, 'nowhere', 'file');
  test.each([
    ['swarm', ['swarm', 'majority-lock', '--corpus', nowhere]],
    ['swarm', ['swarm', '--measure', 'commit', '--csv', nowhere]],
    ['sweep', ['sweep', '--set', 'batchMax=1', '--csv', nowhere]],
    ['run', ['run', '--tape', nowhere]],
    ['run', ['run', '--html', nowhere]],
    ['run', ['run', '--html', folder]],
    ['replay', ['replay', '1', '--html', nowhere]],
    ['shrink', ['shrink', '1', '-o', nowhere]],
    ['bisect', ['bisect', '1', '--log', nowhere]],
    ['mutants', ['mutants', '--only', 'E1', '--journal', nowhere]],
    ['mutants', ['mutants', '--matrix', nowhere]],
  ])('%s says so before anything runs', (_, args) => {
    const { status, stdout, stderr } = sim(...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(/^vouch: .* cannot be written: (its folder does not exist|it is a folder) \(E\w+\)\..*\n$/);
  });

  test.runIf(existsSync('/dev/full'))('at the end loses no result', () => {
    const lite = ['--profile', 'lite', '--for', '2s'];
    const swarm = sim('swarm', ...lite, '--seeds', '1', '--measure', 'commit', '--csv', '/dev/full', '--json');
    expect({ status: swarm.status, seeds: JSON.parse(swarm.stdout).seeds as number }).toEqual({ status: 2, seeds: 1 });
    expect(swarm.stderr).toContain('/dev/full cannot be written: the disk is full (ENOSPC).');
    expect(sim('swarm', 'majority-lock', '--seeds', '1', '--corpus', '/dev/full').stderr).toContain('is no regular file');
    const run = sim('run', 'majority-lock', '--tape', '/dev/full');
    expect({ status: run.status, stdout: run.stdout }).toEqual({ status: 2, stdout: expect.stringContaining('seed 1: PASS') });
  });

  test('leaves what is there as it is', () => {
    const csv = join(folder, 'kept.csv');
    writeFileSync(csv, 'kept');
    expect(sim('swarm', '--measure', 'commit', '--csv', csv, '--without', 'nope', '--seeds', '1').status).toBe(2);
    expect(readFileSync(csv, 'utf8')).toBe('kept');
  });
});

describe('flags that would do nothing are refused', () => {
  const tape = join(folder, 'lock.json');
  sim('run', 'majority-lock', '--tape', tape);

  test.each([
    [['run', '--without', 'linearizabel'], /--without knows no oracle "linearizabel"\. Did you mean linearizable\?/],
    [['run', '--without', ''], /--without is a list of oracles/],
    [['swarm', 'majority-lock', '--without', 'nope', '--seeds', '1'], /--without knows no oracle "nope"/],
    [['mutants', '--only', 'E1', '--without', 'nope'], /--without knows no oracle "nope"/],
    [['run', '--for', '0s'], /--for is longer than nothing/],
    [['swarm', '--budget', '0s'], /--budget is longer than nothing/],
    [['swarm', '--seeds', '1', '--shard', '2/2'], /--shard 2\/2 holds no seed: there are 1 seeds/],
    [['replay', tape, '--nodes', '5'], /--nodes does not go with a tape/],
    [['explain', tape, '--for', '1s'], /--for does not go with a tape/],
    [['replay', '1', 'majority-lock', '--until', '1s'], /--until is for runs of Vouch; majority-lock is one of another protocol/],
    [['run', 'majority-lock', '--measure', 'failover'], /--measure is for runs of Vouch/],
    [['run', 'majority-lock', '--html', join(folder, 'x.html')], /--html is for runs of Vouch/],
    [['explain', '1', 'majority-lock'], /explain is for runs of Vouch/],
    [['replay', tape, 'split-brain'], /is of scenario "majority-lock", not of split-brain: leave split-brain out/],
    [['bisect', '1', '--against', join(folder, 'main.js')], /--against: there is no file .*main\.js/],
  ])('%j', (args, complaint) => {
    const { status, stdout, stderr } = sim(...args);
    expect({ status, stdout, last: lastLine(stderr) }).toEqual({
      status: 2,
      stdout: expect.stringMatching(/^(knobs .*\n)?$/),
      last: expect.stringMatching(complaint),
    });
  });

  test('an oracle of the scenario’s own may be switched off', () => {
    const path = story(THREE, `${NOTHING}, oracles: () => [{ name: 'own', claim: 'Nothing.' }]`);
    expect(sim('run', path, '--without', 'own').status).toBe(0);
    expect(sim('run', path, '--without', 'owm').stderr).toContain('Did you mean own?');
  });
});

describe('Ctrl-C', () => {
  test('ends a run with what is known', async () => {
    const run = start(['sim', 'run', '--seed', '7', '--for', '10m']);
    await eventually('the run has begun', () => run.stdout().includes('knobs'));
    run.kill('SIGINT');
    expect(await run.ended).toBe(130);
    expect(run.stdout()).toMatch(
      /generic seed 7: INTERRUPTED after [\d.]+ s; nothing was found until then\nvouch sim replay --for 600000ms 7\n$/,
    );
  });

  test('twice gives up the seeds under way, and keeps what is finished', async () => {
    const csv = join(folder, 'interrupted.csv');
    // Some seeds are over at once, the others never.
    const path = story(
      '(drawn) => ({ ...drawn, nodes: 3, operations: 1e9, workMicrosMax: 3.6e9 })',
      '(story) => { if (story.draws.below(2) === 0) throw new Violation("own", "over"); }',
    );
    writeFileSync(path, readFileSync(path, 'utf8').replace('import type { Scenario }', 'import { type Scenario, Violation }'));
    const swarm = start([
      'sim',
      'swarm',
      path,
      '--jobs',
      '2',
      '--seeds',
      '9',
      '--measure',
      'commit',
      '--csv',
      csv,
      '--corpus',
      join(folder, 'c'),
    ]);
    await eventually('a seed is over', () => existsSync(join(folder, 'c')));
    swarm.kill('SIGINT');
    await eventually('it was heard', () => swarm.stderr().includes('stopping'));
    swarm.kill('SIGINT');
    expect(await swarm.ended).toBe(1);
    expect(swarm.stdout()).toMatch(/interrupted after \d seeds/);
    expect(readFileSync(csv, 'utf8')).toMatch(/\nmine,,\d,commit,|\n.*story\.ts,,\d,commit,/);
  });

  test('before the first result says that there is none', async () => {
    const path = story(
      '(drawn) => ({ ...drawn, nodes: 3, operations: 1e9, workMicrosMax: 3.6e9 })',
      "() => console.error('begun')",
    );
    const swarm = start(['sim', 'swarm', path, '--seeds', '2', '--jobs', '1', '--json']);
    await eventually('a seed has begun', () => swarm.stderr().includes('begun'));
    swarm.kill('SIGINT');
    await eventually('it was heard', () => swarm.stderr().includes('stopping'));
    swarm.kill('SIGINT');
    expect(await swarm.ended).toBe(130);
    expect(JSON.parse(swarm.stdout())).toMatchObject({ seeds: 0, interrupted: true });
  });
});
