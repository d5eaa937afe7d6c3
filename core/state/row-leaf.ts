/** The leaf that a row of tables 1 to 4 stands for: its place in the commitment tree and its value. */
import { assert, defined } from '../assert.ts';
import type { Hasher } from '../capability.ts';
import { hashValue, type LeafValue } from '../merkle/value.ts';
import { entityOfKey, modelOfKey, tupleOfKey, tupleOfReverseKey } from './key-reader.ts';
import { type KeyBuilder, Table } from './keys.ts';
import { entityLeaf, modelLeaf, reverseLeaf, tupleLeaf } from './leaf-values.ts';
import { decodeEntityRow, decodeModelRow, decodeTupleRow } from './rows.ts';
import type { RowsAt } from './rows-at.ts';

export interface RowLeaf {
  /** The caller's own. */
  readonly path: Uint8Array;
  readonly value: LeafValue;
}

/** A view of the path cache. @param key of one of these tables */
export function pathOfKey({ paths }: KeyBuilder, key: Uint8Array): Uint8Array {
  if (key[0] === Table.tuple) return paths.tuple(tupleOfKey(key));
  if (key[0] === Table.reverse) return paths.reverse(tupleOfReverseKey(key));
  return key[0] === Table.model ? paths.model(modelOfKey(key)) : paths.entity(entityOfKey(key));
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
    case Table.model: {
      const id = modelOfKey(key);
      return { path: keys.paths.model(id), value: modelLeaf(id, decodeModelRow(row)) };
    }
    default: {
      assert(key[0] === Table.entity, 'a leaf has its row in one of four tables');
      const name = entityOfKey(key);
      return { path: keys.paths.entity(name).slice(), value: entityLeaf(name, decodeEntityRow(row)) };
    }
  }
}
