/** Tapes as files: they hold everything, and a file that is none of ours is refused in one sentence. */
import { describe, expect, test } from 'vitest';
import { formatTape, readTape, type TapeFile } from '../../sim/tape-file.ts';
import { record, repeat } from './shrink/failing.ts';

const { tape, report, storyEvents } = record('3');
const { verdict, violation, traceHash } = report;
const samples = { events: 2, stride: 1, hashes: '0000000000000001' };
const file: TapeFile = {
  writtenBy: 'vouch 1',
  build: 'b',
  tape,
  end: { verdict, violation, traceHash, storyEvents: storyEvents.total, samples },
};
const text = formatTape(file);

function changed(change: (fields: Record<string, unknown>) => void): string {
  const fields = JSON.parse(text) as Record<string, unknown>;
  change(fields);
  return JSON.stringify(fields);
}

describe('a tape file', () => {
  test('is read as it was written', () => {
    expect(readTape(text)).toEqual({ ok: true, file, newKnobs: [] });
    expect(text.split('\n').filter((line) => line.startsWith('  "client/1/operations": '))).toHaveLength(1);
  });

  test.each([
    ['not JSON', '{"format"', 'is not a tape: it is not JSON'],
    ['another document', '{"name":"x"}', 'is not a tape'],
    ['another version', changed((fields) => (fields.version = 2)), 'is a tape of version 2, this program reads 1'],
    ['no draws', changed((fields) => (fields.draws = [])), 'is a broken tape: draws are lists of whole numbers by label'],
    ['a draw that is text', changed((fields) => (fields.draws = { a: ['1'] })), 'is a broken tape: draws are lists'],
    ['no end', changed((fields) => (fields.end = null)), 'is a broken tape: it does not say what it ends with'],
    ['no knobs', changed((fields) => (fields.knobs = 3)), 'is a broken tape: its knobs are missing'],
    ['a cut that is none', changed((fields) => (fields.cutMicros = -1)), 'is a broken tape: cutMicros is a whole number'],
    [
      'a knob of another type',
      changed((fields) => ((fields.knobs as Record<string, unknown>).nodes = 'three')),
      'is a broken tape: its knob nodes is not a number',
    ],
    ['another profile', changed((fields) => (fields.profile = 'huge')), 'is a broken tape: its profile is unknown'],
  ])('with %s is refused in a sentence', (_, broken, reason) => {
    const read = readTape(broken);
    expect(read.ok ? '' : read.reason).toContain(reason);
  });

  test('of a time when a knob did not exist is read, and says which', () => {
    const older = changed((fields) => {
      const knobs = fields.knobs as { link: Record<string, unknown> } & Record<string, unknown>;
      delete knobs.batchMax;
      delete knobs.link.queueMax;
    });
    expect(readTape(older)).toMatchObject({ ok: true, newKnobs: ['batchMax', 'link.queueMax'] });
  });

  test('still replays under code that asks for other choices, calmly where it lacks any, and says so', () => {
    const draws = tape.draws.filter(({ label }) => label !== 'net/0>1/delay');
    const { drift, report: replayed } = repeat({ ...tape, draws: [...draws, { label: 'net/0>1/gone', values: [1, 2] }] });
    expect(drift.missing).toBeGreaterThan(0);
    expect(drift.ignored).toBeGreaterThanOrEqual(2);
    expect(replayed.verdict).not.toBe('nondeterminism');
  });
});
