/** What a real run writes as history.jsonl is what `vouch sim check --model ledger` reads, and says the same of it. */
import { expect, test } from 'vitest';
import type { Operation, TupleKey } from '../../../core/state/transaction.ts';
import { historyLines } from '../../../node/cli/real/history-lines.ts';
import { checkHistory } from '../../../sim/check/history-file.ts';
import { History } from '../../../sim/workload/history.ts';

const VAULTS = ['vault-1'];
const TUPLE: TupleKey = { resource: 'document:1', relation: 'viewer', subject: 'user:anne' };
const OTHER: TupleKey = { ...TUPLE, subject: 'user:bob' };

function grant(tuple: TupleKey, expiresAt = 0): Operation {
  return { op: 'writeTuple', tuple, condition: undefined, expiresAt, onDuplicate: 'ignore' };
}
const revoke = (tuple: TupleKey): Operation => ({ op: 'deleteTuple', tuple, onMissing: 'ignore' });

/** Processes do one thing after another, at times 1, 2, 3 … */
class Story {
  readonly history: History = new History();
  private time: number = 0;

  write(process: number, operations: readonly Operation[], outcome: 'ok' | 'refused' | 'fail' | 'info' = 'ok'): void {
    const asked = { kind: 'transact', operations, mark: `m${this.time}` } as const;
    const invocation = this.history.invoke(process, 0, asked, this.tick());
    const told =
      outcome === 'ok'
        ? ({ ok: true, changed: true, height: 1, model: '' } as const)
        : ({ ok: false, code: 'tuple_exists', operation: 0 } as const);
    const isTold = outcome === 'ok' || outcome === 'refused';
    const end = outcome === 'refused' ? 'ok' : outcome;
    this.history.ended(invocation, end, isTold ? { kind: 'transact', outcome: told as never } : undefined, this.tick());
  }

  check(process: number, tuple: TupleKey, present: boolean): void {
    const invocation = this.history.invoke(process, 0, { kind: 'tuple', tuple }, this.tick());
    this.history.ended(invocation, 'ok', { kind: 'tuple', present }, this.tick());
  }

  private tick(): number {
    this.time += 1;
    return this.time;
  }

  verdict(): unknown {
    const checked = checkHistory(historyLines(this.history, VAULTS), 'ledger');
    return checked.ok ? { verdict: checked.result.verdict, operations: checked.result.operations } : checked;
  }
}

test('a history in which every read sees the write before it is linearizable, parts of transactions included', () => {
  const story = new Story();
  story.write(16, [grant(TUPLE), grant(OTHER)]);
  story.check(17, TUPLE, true);
  story.write(16, [revoke(TUPLE), grant(TUPLE), revoke(OTHER)]);
  story.check(17, TUPLE, true);
  story.check(17, OTHER, false);
  expect(story.verdict()).toEqual({ verdict: 'linearizable', operations: 7 });
});

test('a read that does not is a violation', () => {
  const story = new Story();
  story.write(16, [grant(TUPLE)]);
  story.check(17, TUPLE, false);
  expect(story.verdict()).toMatchObject({ verdict: 'violation' });
});

test('what has an unknown outcome may have happened or not, and its process goes on', () => {
  const story = new Story();
  story.write(16, [grant(TUPLE)], 'info');
  story.check(16, TUPLE, false);
  story.check(16, TUPLE, true);
  expect(story.verdict()).toMatchObject({ verdict: 'linearizable' });
});

test('what failed or was refused has not happened', () => {
  for (const outcome of ['fail', 'refused'] as const) {
    const story = new Story();
    story.write(16, [grant(TUPLE)], outcome);
    story.check(17, TUPLE, true);
    expect(story.verdict()).toMatchObject({ verdict: 'violation' });
  }
});

test('tuples that ever had an expiry are left out', () => {
  const story = new Story();
  story.write(16, [grant(TUPLE, 5), grant(OTHER)]);
  story.check(17, TUPLE, false);
  story.check(17, OTHER, true);
  expect(story.verdict()).toEqual({ verdict: 'linearizable', operations: 2 });
});
