/** The oracles of read modes can fail: each is shown a promise that was broken, and one that was kept. */
import { describe, expect, test } from 'vitest';
import { encodeHeader } from '../../../core/chain/header.ts';
import { type Anchor, NEWEST, type ReadPoint } from '../../../core/client/protocol.ts';
import type { Height, LogIndex, Micros, Term } from '../../../core/ids.ts';
import { AnswersInOrder } from '../../../sim/check/clients/answers-in-order.ts';
import { ClosedTimes } from '../../../sim/check/clients/closed-times.ts';
import { demandReadsMatchBlocks } from '../../../sim/check/clients/reads-match-blocks.ts';
import { DEFAULT_MODE, History, type ReadMode } from '../../../sim/workload/history.ts';

const NOTHING = new Uint8Array(32);

function headerOf(height: number, time: number): Uint8Array {
  return encodeHeader({
    reverse: true,
    height: height as Height,
    organization: new Uint8Array(16),
    vault: new Uint8Array(16),
    previousHash: NOTHING,
    transactionsRoot: NOTHING,
    stateRoot: NOTHING,
    treeRoot: NOTHING,
    time: time as Micros,
    term: 1 as Term,
    raftIndex: height as LogIndex,
  });
}

function anchorOf(height: number, time: number): Anchor {
  const header = headerOf(height, time);
  return { height: height as Height, blockHash: NOTHING, stateRoot: NOTHING, treeRoot: NOTHING, header };
}

describe('closed-times', () => {
  test('a block that comes later with a time that was read breaks the promise', () => {
    const times = new ClosedTimes();
    times.sealed('v', headerOf(1, 100));
    times.told('v', 150, anchorOf(1, 100));
    times.told('v', 120, anchorOf(1, 100));
    expect(() => times.sealed('v', headerOf(2, 150))).toThrow(/shown as the last one up to 150, but block 2 is of 150/);
  });

  test('a block that was there and was not shown breaks it, too, and so does one from behind the time', () => {
    const times = new ClosedTimes();
    times.sealed('v', headerOf(1, 100));
    times.sealed('v', headerOf(2, 200));
    expect(() => times.told('v', 200, anchorOf(1, 100))).toThrow(/block 2 is of 200/);
    expect(() => times.told('v', 199, anchorOf(2, 200))).toThrow(/answered at block 2 of 200/);
  });

  test('later blocks keep it, and vaults are apart', () => {
    const times = new ClosedTimes();
    times.sealed('v', headerOf(1, 100));
    times.told('v', 150, anchorOf(1, 100));
    times.sealed('w', headerOf(1, 120));
    times.sealed('v', headerOf(2, 151));
    times.told('v', 150, anchorOf(1, 100));
  });
});

describe('reads-match-blocks', () => {
  const tuple = { resource: 'document:1', relation: 'viewer', subject: 'user:a' };
  const past: ReadMode = { consistency: 'linearizable', at: { kind: 'height', height: 1 } as ReadPoint };

  /** A grant in block 2, and a read that names a block. */
  function judge(seenAt: number, present: boolean, mode: ReadMode): void {
    const history = new History();
    const grant = { op: 'writeTuple', tuple, condition: undefined, expiresAt: 0, onDuplicate: 'error' } as const;
    const write = history.invoke(1, 0, { kind: 'transact', operations: [grant], mark: 'm' }, 10);
    history.ended(write, 'info', undefined, 20);
    const read = history.invoke(2, 0, { kind: 'tuple', tuple }, 30, mode);
    read.seenAt = seenAt;
    read.seenTime = seenAt * 100;
    history.ended(read, 'ok', { kind: 'tuple', present }, 40);
    demandReadsMatchBlocks(history, (mark) => (mark === 'm' ? { height: 2, position: 0, time: 200 } : undefined));
  }

  test('a read of the past that shows the present is found, and one of the present that shows the past', () => {
    expect(() => judge(1, true, past)).toThrow(/names block 1, which says otherwise/);
    expect(() => judge(2, false, { consistency: 'eventual', at: NEWEST })).toThrow(/names block 2/);
  });

  test('reads that say what their block says are right, whatever the mode', () => {
    judge(1, false, past);
    judge(2, true, DEFAULT_MODE);
    judge(1, false, { consistency: { boundedMs: 5 }, at: NEWEST });
  });
});

test('answers-in-order demands nothing of a read that may be old, but what it showed is shown', () => {
  const order = new AnswersInOrder();
  order.told({ vault: 'v', invokedAt: 1, time: 2, height: 5, mayBeOld: true });
  order.told({ vault: 'v', invokedAt: 3, time: 4, height: 4, mayBeOld: true });
  expect(() => order.told({ vault: 'v', invokedAt: 5, time: 6, height: 4, mayBeOld: false })).toThrow(/block 5 had been shown/);
});
