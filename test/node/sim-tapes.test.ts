/** `vouch sim run --tape`, replay, shrink and bisect as a user runs them: on real files, in real processes. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { binary, cleanUp, temporary, vouch } from './support/vouch.ts';

afterAll(cleanUp);

const folder = temporary();
const scenario = join(folder, 'mine.mjs');
writeFileSync(
  scenario,
  `import { Violation } from 'vouch/sim';
export const scenario = {
  name: 'mine', summary: 'Nothing dies twice.', faults: ['crash', 'restart'],
  world: (drawn) => ({ ...drawn, nodes: 3, downMax: 1, operations: 40, hasher: 'fast' }),
  tell: (story) => story.every(300, () => {
    const node = story.draws.below(story.nodeCount);
    story.crash(node, 'crash');
    story.after(150, () => story.restart(node));
  }),
  oracles: () => {
    const dead = new Set();
    return [{ name: 'dies-once', claim: 'Nothing dies twice.', crashed: ({ index }) => {
      if (dead.has(index)) throw new Violation('dies-once', 'node ' + index + ' died again');
      dead.add(index);
    } }];
  },
};
`,
);
const tape = join(folder, 'tape.json');
const recorded = vouch(['sim', 'run', scenario, '--seed', '3', '--tape', tape]);

/** The tape with something changed. */
function edited(name: string, change: (fields: Record<string, unknown>) => void): string {
  const fields = JSON.parse(readFileSync(tape, 'utf8')) as Record<string, unknown>;
  change(fields);
  const file = join(folder, name);
  writeFileSync(file, JSON.stringify(fields));
  return file;
}

describe('a run that fails', () => {
  test('ends with the command that replays its tape, and offers to shorten it', () => {
    expect(recorded.status).toBe(1);
    expect(recorded.stdout.trimEnd().split('\n').pop()).toBe(`vouch sim replay ${scenario} ${tape}`);
    expect(recorded.stderr).toContain(`vouch sim shrink ${scenario} ${tape}`);
  });

  test('is the very same run when it is replayed from its tape', () => {
    const again = vouch(['sim', 'replay', scenario, tape]);
    expect(again.status).toBe(1);
    expect(/trace [0-9a-f]{16}/.exec(again.stdout)?.[0]).toBe(/trace [0-9a-f]{16}/.exec(recorded.stdout)?.[0]);
    expect(again.stderr).not.toContain('NOT DETERMINISTIC');
  });

  test('can be stopped in the middle, to see what every node knows', () => {
    const { status, stdout } = vouch(['sim', 'replay', scenario, tape, '--until', '200ms']);
    expect([status, stdout.match(/^ {2}node \d.*term/gm)?.length]).toEqual([0, 3]);
  });

  test('is shrunk to a tape that fails by the same oracle', () => {
    const short = join(folder, 'short.json');
    const shrunk = vouch(['sim', 'shrink', scenario, tape, '-o', short, '--budget', '5s', '--json']);
    expect(shrunk.status).toBe(0);
    const told = JSON.parse(shrunk.stdout) as { readonly storyEvents: number; readonly before: number };
    expect(told.storyEvents).toBeLessThan(told.before / 2);
    const again = vouch(['sim', 'replay', scenario, short]);
    expect([again.status, again.stderr]).toEqual([1, expect.stringContaining('dies-once')]);
  });
});

describe('a tape', () => {
  test('whose run ends otherwise under the same build is nondeterminism: status 4, and the event is named', () => {
    const file = edited('other-hash.json', (fields) => {
      const end = fields.end as { traceHash: string; samples: { hashes: string } };
      end.traceHash = '0'.repeat(16);
      end.samples.hashes = `${end.samples.hashes.slice(0, 800)}${'f'.repeat(end.samples.hashes.length - 800)}`;
    });
    const { status, stderr } = vouch(['sim', 'replay', scenario, file]);
    expect([status, stderr]).toEqual([
      4,
      expect.stringMatching(/NOT DETERMINISTIC: .*, from event \d+ at \d+ µs, node \d+, \w+/),
    ]);
  });

  test('of another build may run otherwise, and it is said how it ends', () => {
    const file = edited('other-build.json', (fields) => {
      fields.build = 'other';
      (fields.end as { traceHash: string }).traceHash = '0'.repeat(16);
    });
    const { status, stderr } = vouch(['sim', 'replay', scenario, file]);
    expect([status, stderr]).toEqual([1, expect.stringContaining('another build')]);
    expect(stderr).toContain('choices that the tape lacks: 0 (harmless then); choices that nobody asked for: 0 (ignored)');
    expect(stderr).toContain('it ends in the same way: dies-once');
  });

  test('of another build that gives the very same run says so, and a choice that is missing is counted', () => {
    const same = vouch(['sim', 'replay', scenario, edited('same.json', (fields) => (fields.build = 'other'))]);
    expect(same.stderr).toContain('the run is the very same one; it ends in the same way: dies-once');
    const file = edited('short-track.json', (fields) => {
      fields.build = 'other';
      const draws = fields.draws as Record<string, number[]>;
      draws.story = (draws.story as number[]).slice(0, 1);
    });
    expect(vouch(['sim', 'replay', scenario, file]).stderr).toMatch(/choices that the tape lacks: [1-9]/);
  });

  test.each([
    [
      'of another version',
      edited('version.json', (fields) => (fields.version = 9)),
      /is a tape of version 9, this program reads 1\.$/,
    ],
    ['without draws', edited('draws.json', (fields) => (fields.draws = 1)), /is a broken tape: draws are lists/],
    ['that is not there', join(folder, 'nothing.json'), /cannot be read: ENOENT\.$/],
    ['of a scenario that is not known', tape, /is of scenario "mine", which is not known here/],
  ])('%s is refused in one sentence', (_, file, sentence) => {
    const { status, stdout, stderr } = vouch(['sim', 'replay', file]);
    expect([status, stdout, stderr.trimEnd().split('\n').length]).toEqual([2, '', 1]);
    expect(stderr.trimEnd()).toMatch(sentence);
  });
});

describe('bisect', () => {
  const flags = ['--profile', 'lite', '--for', '300ms'];
  /** The command line, with a clock read deep below: in a function of the platform that draws of delays go through. */
  const planted = join(folder, 'planted.mjs');
  writeFileSync(
    planted,
    `const real = Math.clz32;
Math.clz32 = function planted(x) { return real(x) ^ (Date.now() & 1); };
await import(${JSON.stringify(pathToFileURL(binary).href)});
`,
  );

  test('says that a seed is the same run in two processes', () => {
    const { status, stdout } = vouch(['sim', 'bisect', '5', ...flags]);
    expect([status, stdout]).toEqual([0, expect.stringMatching(/^seed 5: \d+ events, equal in both processes\n$/)]);
  });

  test('names the first event that another build does otherwise', () => {
    const { status, stdout } = vouch(['sim', 'bisect', '5', ...flags, '--against', planted]);
    expect(status).toBe(4);
    expect(stdout).toMatch(/NOT DETERMINISTIC\n {2}first: event \d+ at \d+ µs, node \d+, \w+\n {2}second: event \d+ at \d+ µs/);
  });

  test('shrink has nothing to do for a seed that passes', () => {
    const { status, stdout } = vouch(['sim', 'shrink', '5', '--profile', 'perf', '--for', '1s']);
    expect([status, stdout]).toEqual([0, expect.stringContaining('no violation to shrink')]);
  });
});
