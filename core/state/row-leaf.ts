/** The leaf that a row of table 1, 2 or 3 stands for: its place in the commitment tree and its value. */
import { assert, defined } from '../assert.ts';
import type { Hasher } from '../capability.ts';
import { hashValue, type LeafValue } from '../merkle/value.ts';
import { entityOfKey, tupleOfKey, tupleOfReverseKey } from './key-reader.ts';
import { type KeyBuilder, Table } from './keys.ts';
import { entityLeaf, reverseLeaf, tupleLeaf } from './leaf-values.ts';
import { decodeEntityRow, decodeTupleRow } from './rows.ts';
import type { RowsAt } from './rows-at.ts';

export interface RowLeaf {
  /** The caller's own. */
  readonly path: Uint8Array;
  readonly value: LeafValue;
}

/** A view of the path cache. @param key of one of these tables */
export function pathOfKey({ paths }: KeyBuilder, key: Uint8Array): Uint8Array {
  if (key[0] === Table.tuple) return paths.tuple(tupleOfKey(key));
  return key[0] === Table.reverse ? paths.reverse(tupleOfReverseKey(key)) : paths.entity(entityOfKey(key));
}

/** @param key @param row of one of these tables, as `at` has them */
export function leafOfRow(hasher: Hasher, at: RowsAt, key: Uint8Array, row: Uint8Array): RowLeaf {
  const { keys } = at;
  switch (key[0]) {
    case Table.tuple: {
      const tuple = tupleOfKey(key);
      return { path: keys.paths.tuple(tuple).slice(), value: tupleLeaf(tuple, decodeTupleRow(row)) };
    }
    case Table.reverse: {
      const tuple = tupleOfReverseKey(key);
      const leaf = decodeTupleRow(defined(at.row(keys.tuple(tuple)), 'a reverse row has its tuple'));
      const forwardHash = hashValue(hasher, tupleLeaf(tuple, leaf));
      return { path: keys.paths.reverse(tuple).slice(), value: reverseLeaf(tuple, leaf, forwardHash) };
    }
    default: {
      assert(key[0] === Table.entity, 'no leaf of a model is written yet');
      const name = entityOfKey(key);
      return { path: keys.paths.entity(name).slice(), value: entityLeaf(name, decodeEntityRow(row)) };
    }
  }
}
