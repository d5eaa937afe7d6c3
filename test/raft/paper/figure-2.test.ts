/** Figure 2 of the Raft paper (Ongaro & Ousterhout 2014), one test for each bullet; the index is docs/internals/paper.md. */
import { describe, expect, test } from 'vitest';
import { append, at, B, boot, bootLeader, C, drain, index, messages, term, termsOf } from '../support.ts';

describe('figure 2, state', () => {
  test('term and vote are persisted before any answer leaves (paper, figure 2: persistent state)', () => {
    const raft = boot({ log: [1] });
    raft.step(at(0), B, { kind: 'requestVote', term: term(2), lastIndex: index(1), lastTerm: term(1), transfer: false });
    const ready = raft.ready();
    expect(ready?.hardState).toMatchObject({ term: 2, votedFor: B });
    expect(ready?.messages).toEqual([{ to: B, durable: true, message: { kind: 'requestVoteResponse', term: 2, granted: true } }]);
  });

  test('a restarted node has its term, vote and log (paper, figure 2: persistent state)', () => {
    const raft = boot({ log: [1, 1, 3], term: 4, votedFor: B, commit: 2 });
    expect(raft.status()).toMatchObject({
      role: 'follower',
      term: 4,
      votedFor: B,
      lastIndex: 3,
      lastTerm: 3,
      commitIndex: 2,
      stableIndex: 3,
    });
  });

  test('the commit index begins at what is known to be committed and only grows (paper, figure 2: volatile state)', () => {
    expect(boot({ log: [1, 1] }).commitIndex).toBe(0);
    const raft = boot({ log: [1, 1], commit: 1 });
    raft.step(at(0), B, append(1, [1, 2], [], 2));
    expect(raft.commitIndex).toBe(2);
    raft.step(at(0), B, append(1, [1, 2], [], 1));
    expect(raft.commitIndex).toBe(2);
  });

  test('nextIndex begins behind the last entry, matchIndex at 0 (paper, figure 2: volatile state on leaders)', () => {
    const raft = bootLeader({ log: [1, 1] });
    for (const peer of raft.status().peers) expect(peer).toMatchObject({ state: 'probe', matchIndex: 0, nextIndex: 3 });
  });
});

describe('figure 2, AppendEntries', () => {
  test('1. an append of an older term is refused with the newer term', () => {
    const raft = boot({ term: 5 });
    raft.step(at(0), B, append(4, [0, 0], []));
    expect(messages(raft)).toEqual([expect.objectContaining({ kind: 'appendResponse', term: 5, ok: false })]);
    expect(raft.leader).toBeUndefined();
  });

  test('2. an append behind an entry that the log does not hold is refused', () => {
    const raft = boot({ log: [1, 1] });
    raft.step(at(0), B, append(2, [1, 3], [2]));
    expect(messages(raft)).toEqual([expect.objectContaining({ ok: false, index: 3, hintIndex: 2, hintTerm: 1 })]);
    raft.step(at(0), B, append(2, [2, 2], [2]));
    expect(messages(raft)).toEqual([expect.objectContaining({ ok: false, index: 2, hintIndex: 2, hintTerm: 1 })]);
    expect(termsOf(raft)).toEqual([1, 1]);
  });

  test('3. an entry that conflicts goes, and all that follow it', () => {
    const raft = boot({ log: [1, 1, 1, 1] });
    raft.step(at(0), B, append(2, [1, 2], [2]));
    expect(termsOf(raft)).toEqual([1, 1, 2]);
    expect(raft.ready()).toMatchObject({ truncateFrom: 3, entries: [{ index: 3, term: 2 }] });
  });

  test('4. entries that the log holds already stay, and so does what is behind them', () => {
    const raft = boot({ log: [1, 1, 1, 1], term: 1 });
    raft.step(at(0), B, append(1, [1, 1], [1]));
    expect(termsOf(raft)).toEqual([1, 1, 1, 1]);
    expect(drain(raft).every((ready) => ready.truncateFrom === undefined && ready.entries.length === 0)).toBe(true);
  });

  test('5. the commit index is the lower of the leader’s and the last new entry', () => {
    const raft = boot({ log: [1, 1, 1, 1], term: 1 });
    raft.step(at(0), B, append(1, [1, 1], [1], 4));
    expect(raft.commitIndex).toBe(2);
    raft.step(at(0), B, append(1, [1, 3], [1], 3));
    expect(raft.commitIndex).toBe(3);
  });
});

describe('figure 2, RequestVote', () => {
  test('1. a request of an older term is refused with the newer term', () => {
    const raft = boot({ term: 5 });
    raft.step(at(0), B, { kind: 'requestVote', term: term(4), lastIndex: index(9), lastTerm: term(4), transfer: false });
    expect(messages(raft)).toEqual([{ kind: 'requestVoteResponse', term: 5, granted: false }]);
  });

  test('2. one vote a term, first come first served, and again to the same candidate', () => {
    const raft = boot();
    const ask = { kind: 'requestVote', term: term(1), lastIndex: index(0), lastTerm: term(0), transfer: false } as const;
    for (const [candidate, granted] of [
      [B, true],
      [C, false],
      [B, true],
    ] as const) {
      raft.step(at(0), candidate, ask);
      expect(messages(raft)).toEqual([{ kind: 'requestVoteResponse', term: 1, granted }]);
    }
  });

  test.each([
    ['a lower last term, however long', 9, 1, false],
    ['an equal last term and a shorter log', 2, 2, false],
    ['an equal last term and an equal length', 3, 2, true],
    ['a higher last term, however short', 1, 3, true],
  ])('2. candidates whose log is up to date only: %s (paper, 5.4.1)', (_, lastIndex, lastTerm, granted) => {
    const raft = boot({ log: [1, 2, 2] });
    raft.step(at(0), B, {
      kind: 'requestVote',
      term: term(4),
      lastIndex: index(lastIndex),
      lastTerm: term(lastTerm),
      transfer: false,
    });
    expect(messages(raft)).toEqual([{ kind: 'requestVoteResponse', term: 4, granted }]);
  });
});
