/** The keys of nodes against a naive model: a list of everything that was ever registered. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { BTree } from '../../core/btree/tree.ts';
import type { LogIndex, NodeId } from '../../core/ids.ts';
import { NODE_KEYS_MAX } from '../../core/limits.ts';
import { StatePages } from '../../core/page/state-pages.ts';
import { tableRange } from '../../core/state/key-reader.ts';
import { KEY_TABLE, KeyTable } from '../../core/state/key-table.ts';

const NODES = [1, 2, 3].map((digit) => String(digit).repeat(32) as NodeId);
const keyOf = (number: number): Uint8Array => new Uint8Array(32).fill(number);
const rowsOf = (): BTree => new BTree(StatePages.inMemory().space);

interface Known {
  readonly node: NodeId;
  readonly key: number;
  readonly from: number;
  retired: number | undefined;
}

const steps = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('register' as const), node: fc.nat(2), key: fc.nat(8) }),
    fc.record({ kind: fc.constant('retire' as const), node: fc.nat(2), key: fc.constant(0) }),
  ),
  { maxLength: 40 },
);

test('one key of a node is in force at most, none comes back, and a copy of the rows says the same', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const rows = rowsOf();
      const table = new KeyTable(rows);
      const model: Known[] = [];
      all.forEach(({ kind, node: at, key }, i) => {
        const index = (i + 1) as LogIndex;
        const node = NODES[at] as NodeId;
        const current = model.find((each) => each.node === node && each.retired === undefined);
        if (kind === 'retire') {
          table.retire(node, index);
          if (current !== undefined) current.retired = index;
        } else {
          const isSame = current?.key === key;
          const isUsed = model.some((each) => each.key === key);
          expect(table.register(node, keyOf(key), index)).toBe(isSame || !isUsed);
          if (!isUsed) {
            if (current !== undefined) current.retired = index;
            model.push({ node, key, from: index, retired: undefined });
          }
        }
        const expected = model.toSorted((a, b) => (a.node === b.node ? a.from - b.from : a.node < b.node ? -1 : 1));
        expect(table.entries).toEqual(
          expected.map((each) => ({ node: each.node, publicKey: keyOf(each.key), from: each.from, retired: each.retired })),
        );
        const now = model.find((each) => each.node === node && each.retired === undefined);
        expect(table.currentOf(node)).toEqual(now === undefined ? undefined : keyOf(now.key));
      });
      const copy = new KeyTable(rowsOf());
      for (const { key, value } of rows.scan(tableRange(KEY_TABLE))) expect(copy.restoreRow(key, value)).toBe(true);
      expect(copy.entries).toEqual(table.entries);
      expect(copy.revision).toBe(table.revision);
    }),
  );
});

test('a node has had so many keys at most', () => {
  const table = new KeyTable(rowsOf());
  const [node, other] = NODES as [NodeId, NodeId];
  for (let key = 1; key <= NODE_KEYS_MAX; key += 1) expect(table.register(node, keyOf(key), key as LogIndex)).toBe(true);
  expect(table.register(node, keyOf(200), 100 as LogIndex)).toBe(false);
  expect(table.currentOf(node)).toEqual(keyOf(NODE_KEYS_MAX));
  expect(table.register(other, keyOf(200), 101 as LogIndex)).toBe(true);
});

test('rows that cannot be of the table are refused', () => {
  const rows = rowsOf();
  new KeyTable(rows).register(NODES[0] as NodeId, keyOf(1), 5 as LogIndex);
  const [row] = [...rows.scan(tableRange(KEY_TABLE))].map(({ key, value }) => ({ key: key.slice(), value: value.slice() }));
  const { key, value } = row as { key: Uint8Array; value: Uint8Array };
  const refused = (change: (at: { key: Uint8Array; value: Uint8Array }) => void): boolean => {
    const changed = { key: key.slice(), value: value.slice() };
    change(changed);
    return !new KeyTable(rowsOf()).restoreRow(changed.key, changed.value);
  };
  expect(refused(() => undefined)).toBe(false);
  expect(refused(({ key: bytes }) => bytes.fill(0, 17))).toBe(true); // from nothing
  expect(refused(({ value: bytes }) => bytes.fill(5, 39))).toBe(true); // retired when it began
  expect(new KeyTable(rowsOf()).restoreRow(key.subarray(1), value)).toBe(false);
  expect(new KeyTable(rowsOf()).restoreRow(key, value.subarray(1))).toBe(false);
});
