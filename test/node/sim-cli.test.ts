/** `vouch sim` as a new user meets it: own files, wrong names, broken files, interrupted swarms. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type Finished, vouch } from './support/vouch.ts';

const directory = mkdtempSync(join(tmpdir(), 'vouch-sim-cli-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function file(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

const sim = (...args: readonly string[]): Finished => vouch(['sim', ...args]);

const STORY = `
import { type Scenario, Violation } from 'vouch/sim';
export const scenario: Scenario = {
  name: 'mine', summary: 'A leader dies.', faults: ['crash', 'restart'],
  world: (drawn) => ({ ...drawn, nodes: 3 }),
  tell: (story) => story.after(300, () => {
    const leader = story.leader();
    story.crash(leader, 'crash');
    story.after(300, () => story.restart(leader));
  }),
  oracles: ({ history }) => [{
    name: 'at-most-ten', claim: 'Nobody succeeds more than ten times.',
    stepped: () => { if (history.ok > 10) throw new Violation('at-most-ten', 'an eleventh operation succeeded'); },
  }],
};`;

describe('a scenario file', () => {
  test('is run like any other scenario, its oracle can end the run, and the replay command finds it again', () => {
    const path = file('mine.ts', STORY);
    const { status, stdout, stderr } = sim('run', path, '--seed', '3');
    expect(stderr).toContain('at-most-ten: an eleventh operation succeeded');
    expect(status).toBe(1);
    const replay = stdout.trim().split('\n').at(-1) as string;
    expect(replay).toBe(`vouch sim replay ${path} 3`);
    expect(sim('replay', path, '3').status).toBe(1);
  });

  test('goes through worker threads too', () => {
    const { status, stdout } = sim('swarm', file('mine.ts', STORY), '--seeds', '3', '--jobs', '2', '--json');
    expect(status).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ seeds: 3, passed: 0 });
  });

  test.each([
    [
      'syntax.ts',
      'export const scenario = { name: "x" summary: "y" };',
      /cannot be read as a scenario: Expected "}" but found "summary" \(.*syntax\.ts:1:37\)\.$/,
    ],
    [
      'import.mjs',
      'import "./missing.mjs";',
      /cannot be read as a scenario: Could not resolve "\.\/missing\.mjs" \(.*import\.mjs:1:8\)\.$/,
    ],
    ['name.mjs', 'export const scenari = {};', /exports no "scenario"; it exports scenari\.$/],
    ['empty.mjs', 'const scenario = 1;', /exports no "scenario"; it exports nothing\.$/],
    ['default.mjs', 'export default {};', /exports no "scenario"; it exports default\.$/],
    [
      'min.mjs',
      'export const scenario = { name: "x", summary: "y", nodesMin: 0, world() {}, tell() {}, faults: [] };',
      /nodesMin must be a whole number from 1/,
    ],
    ['throw.mjs', '\nthrow new TypeError("boom");', /fails when it is loaded: TypeError: boom \(throw\.mjs:2\)\.$/],
    [
      'field.mjs',
      'export const scenario = { name: "x", world: (k) => k, tell() {} };',
      /scenario\.summary must be a string; it is missing\.$/,
    ],
    [
      'fault.mjs',
      'export const scenario = { name: "x", summary: "y", faults: ["crsh"], world: (k) => k, tell() {} };',
      /knows no "crsh"\. Did you mean crash\?$/,
    ],
    [
      'export.mjs',
      'import { Violaton } from "vouch/sim"; export const scenario = Violaton;',
      /vouch exports no "Violaton" there\.$/,
    ],
  ])('%s is refused in one sentence', (name, text, complaint) => {
    const { status, stderr, stdout } = sim('run', file(name, text));
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr.trim()).toMatch(complaint);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  test('that does not exist, and a name near a real one, are wrong command lines', () => {
    expect(sim('run', './no-such-file.ts')).toMatchObject({ status: 2, stderr: 'vouch: There is no file ./no-such-file.ts.\n' });
    expect(sim('run', 'split-brian').stderr).toContain('There is no scenario "split-brian". Did you mean split-brain? Known: ');
    expect(sim('replay', 'split-brian', '3').stderr).toContain('Did you mean split-brain? Known: ');
  });

  test('must end like one, and is found where only the end is missing', () => {
    const ends = 'is no scenario: the file of a scenario ends with .ts, .mts, .js or .mjs.';
    expect(sim('run', file('mine.txt', STORY)).stderr).toContain(ends);
    expect(sim('run', file('mine', STORY)).stderr).toContain('Did you mean the file');
    expect(sim('run', './nothing').stderr).toContain(ends);
  });
});

describe('sweep, shards and check', () => {
  test('a sweep says what is wrong before it runs anything', () => {
    expect(sim('sweep').stderr).toContain('sweep wants --set');
    expect(sim('sweep', '--set', 'nonsense=1,2').status).toBe(2);
    expect(sim('sweep', '--set', 'batchMax=1', '--measure', 'comit').stderr).toContain('Did you mean commit?');
    expect(sim('run', '--csv', 'out.csv').stderr).toContain('--csv wants --measure');
  });

  test('shards of a swarm merge into what the swarm says', () => {
    const shards = [1, 2].map((shard) => {
      const { stdout } = sim('swarm', 'majority-lock', '--seeds', '5', '--rows', '--json', '--shard', `${shard}/2`);
      return file(`shard-${shard}.json`, stdout);
    });
    const merged = JSON.parse(sim('merge', ...shards, '--json').stdout) as object;
    const whole = JSON.parse(sim('swarm', 'majority-lock', '--seeds', '5', '--rows', '--json').stdout) as object;
    expect(merged).toMatchObject({ missing: [] });
    const timeless = ({ missing: _, ...report }: { readonly missing?: unknown }): object => ({
      ...report,
      wallMs: 0,
      eventsPerSecond: 0,
      seedsPerMinute: 0,
    });
    expect(timeless(merged)).toEqual(timeless(whole));
    expect(sim('merge', shards[0] as string, shards[0] as string).status).toBe(2);
    const half = sim('merge', shards[1] as string, '--json');
    expect({ status: half.status, stderr: half.stderr }).toEqual({
      status: 5,
      stderr: expect.stringContaining('missing shards: 1/2'),
    });
    expect(JSON.parse(half.stdout)).toMatchObject({ missing: ['1/2'], plan: { shard: 0, shards: 2 } });
    const report = JSON.parse(readFileSync(shards[0] as string, 'utf8')) as Record<string, unknown>;
    const stopped = file('stopped.json', JSON.stringify({ ...report, interrupted: true }));
    expect(sim('merge', stopped, shards[1] as string).status).toBe(130);
  });

  test('a corpus keeps seeds that fail and runs them first', () => {
    const corpus = join(directory, 'corpus.jsonl');
    const flags = ['majority-lock-hasty', '--corpus', corpus, '--json', '--seeds'];
    const first = JSON.parse(sim('swarm', ...flags, '20').stdout) as { readonly failed: readonly { readonly seed: string }[] };
    expect(first.failed.length).toBeGreaterThan(0);
    const again = JSON.parse(sim('swarm', ...flags, '1', '--from', '1000').stdout) as typeof first;
    expect(again.failed.map(({ seed }) => seed)).toEqual(expect.arrayContaining(first.failed.map(({ seed }) => seed)));
  });

  test('a history is judged by its status, and a malformed line is named', () => {
    const invoke = '{"process":1,"type":"invoke","f":"get","key":"x","value":null}';
    const read = (value: string): string =>
      file('history.jsonl', `${invoke}\n{"process":1,"type":"ok","f":"get","key":"x","value":"${value}"}\n`);
    expect(sim('check', read(''), '--model', 'kv').status).toBe(0);
    const bad = sim('check', read('ghost'), '--model', 'kv', '--json');
    expect(bad.status).toBe(1);
    expect(JSON.parse(bad.stdout)).toMatchObject({
      verdict: 'violation',
      operations: 1,
      key: 'x',
      stuck: { line: 1, returnLine: 2 },
    });
    const broken = sim('check', file('broken.jsonl', `${invoke}\n{]`), '--model', 'kv');
    expect(broken.status).toBe(2);
    expect(broken.stderr).toMatch(/broken\.jsonl, line 2: this is not JSON\.\n$/);
    const empty = sim('check', file('empty.jsonl', '\n'), '--model', 'kv', '--json');
    expect({ status: empty.status, verdict: (JSON.parse(empty.stdout) as { verdict: string }).verdict }).toEqual({
      status: 5,
      verdict: 'vacuous',
    });
    expect(sim('check', read(''), '--model', 'legder').stderr).toContain('Did you mean ledger?');
  });
});
