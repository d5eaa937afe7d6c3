/** Whatever the codec lets through (safe non-negative integers), from members or strangers: nothing throws, commits stay. */
import * as fc from 'fast-check';
import { expect } from 'vitest';
import { encodeConfiguration } from '../../core/raft/configuration-bytes.ts';
import { configurationOf, type Entry, EntryKind, type Message } from '../../core/raft/message.ts';
import { propertyRuns } from '../support/property.ts';
import { A, at, B, boot, C, D, drain, E, entryOf, index, proposal } from './support.ts';

const small = fc.oneof(fc.nat(6), fc.constantFrom(2 ** 40, Number.MAX_SAFE_INTEGER));
const flag = fc.boolean();
const entry = fc
  .tuple(fc.nat(6), fc.nat(8), fc.constantFrom(1, 2, 3))
  .map(([term, at, kind]): Entry => ({ ...entryOf(term, at), kind }));
/** Every fourth is a configuration without this node, or bytes that are none. */
function hostileEntry(term: number, at: number): Entry {
  const entry = entryOf(term, at);
  if (term !== 3) return entry;
  return {
    ...entry,
    kind: EntryKind.configuration,
    data: at % 2 === 0 ? encodeConfiguration(configurationOf([B, C])) : entry.data,
  };
}
const entriesInOrder = fc
  .tuple(fc.nat(6), fc.array(fc.nat(6), { maxLength: 4 }))
  .map(([prev, terms]): readonly Entry[] => [...terms].sort().map((term, i) => hostileEntry(term, prev + 1 + i)));
const shapes = {
  preVote: { lastIndex: small, lastTerm: small },
  preVoteResponse: { granted: flag },
  requestVote: { lastIndex: small, lastTerm: small, transfer: flag },
  requestVoteResponse: { granted: flag },
  appendEntries: {
    prevIndex: small,
    prevTerm: small,
    commit: small,
    entries: fc.oneof(entriesInOrder, fc.array(entry, { maxLength: 3 })),
  },
  appendResponse: { ok: flag, index: small, hintIndex: small, hintTerm: small },
  heartbeat: { commit: small, context: small },
  heartbeatResponse: { context: small },
  readIndex: { context: small },
  readIndexResponse: { context: small, ok: flag, index: small },
  timeoutNow: {},
  installSnapshot: {
    index: small,
    indexTerm: small,
    configuration: fc.constantFrom(configurationOf([A, B]), configurationOf([D], [A])),
    manifest: fc.constant(new Uint8Array(0)),
  },
};
const message = fc.oneof(
  ...Object.entries(shapes).map(([kind, fields]) => fc.record({ kind: fc.constant(kind), term: small, ...fields })),
) as unknown as fc.Arbitrary<Message>;
const sender = fc.constantFrom(A, B, C, E);

propertyRuns(
  300,
  'no sequence of messages throws or replaces what is committed',
  fc.array(fc.tuple(sender, message, fc.nat(400)), { maxLength: 60 }),
  flag,
  (inputs, preVote) => {
    const raft = boot({ log: [1, 1, 2], commit: 2, preVote });
    let now = 0;
    for (const [from, input, wait] of inputs) {
      now += wait;
      raft.step(at(now), from, input);
      raft.deadline(at(now));
      raft.propose(at(now), [proposal(1)]);
      raft.readIndex(at(now), now);
      raft.proposeConfiguration(at(now), { changes: [{ kind: 'voter', id: D }], transition: 'auto', epoch: undefined });
      for (const { snapshot } of drain(raft)) {
        if (snapshot !== undefined && wait % 3 === 0) raft.snapshotFailed(at(now), snapshot.meta);
      }
      expect([raft.entry(index(1))?.term, raft.entry(index(2))?.term]).toEqual([1, 1]);
      expect(raft.commitIndex).toBeLessThanOrEqual(raft.lastIndex);
      for (const from2 of [B, C]) raft.step(at(now), from2, { kind: 'requestVoteResponse', term: raft.term, granted: true });
      drain(raft);
    }
  },
);
