/**
 * Live tuples by filter, in key order, page by page. The index follows from the filter: a resource has its own range of
 * table 1, a subject its own range of table 2, anything else walks table 1. What the range does not decide is filtered.
 * The cursor is the key of the last row read, so a page never repeats or skips what did not change in between; a call
 * reads a bounded number of rows and may return fewer than asked for, with a cursor to go on from.
 */
import { defined } from '../assert.ts';
import { compareBytes, concatBytes } from '../bytes/compare.ts';
import type { ClientResult, TupleRow, VaultQuery } from '../client/protocol.ts';
import { LIST_ROWS_MAX, LIST_SCAN_ROWS_MAX } from '../limits.ts';
import { isLive } from '../merkle/value.ts';
import { type KeyRange, prefixRange, tableRange, tupleOfKey, tupleOfReverseKey } from './key-reader.ts';
import { Table } from './keys.ts';
import { errorResult } from './results.ts';
import { decodeTupleRow, rowExpiresAt, type TupleLeaf } from './rows.ts';
import type { TupleKey } from './transaction.ts';
import type { Vault } from './vault.ts';
import type { VaultView } from './vault-view.ts';

type ListQuery = Extract<VaultQuery, { kind: 'list' }>;
const END: Uint8Array = new Uint8Array(0);

/** A stored tuple as clients see it. */
export function rowOf(vault: Vault, tuple: TupleKey, leaf: TupleLeaf): TupleRow {
  return {
    tuple,
    conditionName: leaf.conditionName,
    conditionContext: leaf.conditionContext,
    expiresAt: leaf.expiresAt,
    version: leaf.version,
    writtenAt: vault.timeAt(leaf.version),
  };
}

/** Whether a filter text names one resource; otherwise it is empty or `type:`. */
function isExact(resource: string): boolean {
  return resource !== '' && !resource.endsWith(':');
}

function rangeOf(vault: Vault, query: ListQuery): KeyRange {
  const { keys, reverse } = vault.leaves;
  if (isExact(query.resource)) return prefixRange(keys.tuplePrefix(query.resource, query.relation));
  if (query.subject !== '' && reverse) return prefixRange(keys.reversePrefix(query.subject, query.relation));
  return tableRange(Table.tuple);
}

function matches(tuple: TupleKey, query: ListQuery): boolean {
  if (query.relation !== '' && tuple.relation !== query.relation) return false;
  if (query.subject !== '' && tuple.subject !== query.subject) return false;
  return isExact(query.resource) ? tuple.resource === query.resource : tuple.resource.startsWith(query.resource);
}

/** The row behind a key of either index. */
function readRow(view: VaultView, tuple: TupleKey, key: Uint8Array, row: Uint8Array): TupleRow {
  if (key[0] === Table.tuple) return rowOf(view.vault, tuple, decodeTupleRow(row));
  return rowOf(view.vault, tuple, defined(view.tuple(tuple), 'a reverse row has its tuple'));
}

export function listTuples(view: VaultView, query: ListQuery): ClientResult {
  const { vault } = view;
  const range = rangeOf(vault, query);
  const resumed = query.after.length > 0;
  if (resumed && (compareBytes(query.after, range.from) < 0 || compareBytes(query.after, range.to) >= 0)) {
    return errorResult('invalid_argument', 'the cursor does not belong to this filter');
  }
  const limit = Math.max(1, Math.min(query.limit, LIST_ROWS_MAX));
  const from = resumed ? concatBytes(query.after, Uint8Array.of(0)) : range.from;
  const rows: TupleRow[] = [];
  let read = 0;
  let last = END;
  for (const { key, row, isPruned } of view.rows({ from, to: range.to })) {
    const isFull = rows.length === limit && !isPruned;
    if (isFull || read === LIST_SCAN_ROWS_MAX) return { kind: 'list', rows, next: last, anchor: view.anchor };
    read += 1;
    // What is pruned is read past: where a page ends must not tell how far the removal is.
    if (isPruned && read < LIST_SCAN_ROWS_MAX) continue;
    last = key;
    if (row === undefined || !isLive(rowExpiresAt(row), view.time)) continue;
    const tuple = key[0] === Table.tuple ? tupleOfKey(key) : tupleOfReverseKey(key);
    if (matches(tuple, query)) rows.push(readRow(view, tuple, last, row));
  }
  return { kind: 'list', rows, next: END, anchor: view.anchor };
}
