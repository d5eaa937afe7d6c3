/** Builds side by side: each version of the links refuses the other's frames, and a node that has another build has this one again at the end. */
import { describe, expect, test } from 'vitest';
import { decodeFrame, encodeFrame } from '../../../core/codec/frame.ts';
import type { ClusterId, GroupId, NodeId, Term } from '../../../core/ids.ts';
import { withFaults } from '../../../sim/knobs.ts';
import { runSeed } from '../../../sim/run.ts';
import { inOtherVersion } from '../../../sim/vouch-other-wire.ts';

const [CLUSTER, SENDER] = ['1'.repeat(32) as ClusterId, '2'.repeat(32) as NodeId];

function frame(): Uint8Array {
  const message = { kind: 'timeoutNow', term: 3 as Term } as const;
  return encodeFrame({ cluster: CLUSTER, sender: SENDER, envelopes: [{ group: 1 as GroupId, message }] });
}

describe('a frame in the other version', () => {
  test('is refused by this one, for its version and for nothing else', () => {
    expect(decodeFrame(inOtherVersion(frame()))).toMatchObject({ ok: false, reason: 'bad_version' });
  });

  test('turned back is what it was', () => {
    expect(inOtherVersion(inOtherVersion(frame()))).toEqual(frame());
  });

  test('that was damaged is damaged in both', () => {
    const damaged = frame();
    damaged[20] = (damaged[20] as number) ^ 1;
    expect(decodeFrame(inOtherVersion(inOtherVersion(damaged)))).toMatchObject({ ok: false, reason: 'bad_checksum' });
  });

  test('of no version stays what it is', () => {
    expect(inOtherVersion(Uint8Array.of(9, 9))).toEqual(Uint8Array.of(9, 9));
  });
});

describe('a cluster of five', () => {
  test.each(['mixedWire', 'mixedCore', 'shortRead', 'straggler', 'regionLoss'] as const)('survives %s', (kind) => {
    const { report } = runSeed({
      seed: '21',
      profile: 'lite',
      scenario: undefined,
      stopwatch: () => 0,
      adjust: (knobs) => withFaults({ ...knobs, nodes: 5, downMax: 2 }, { [kind]: 2 }),
    });
    expect(report.violation).toBeNull();
    expect(report.faults[kind]).toBeGreaterThan(3);
  });
});
