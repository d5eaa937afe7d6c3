/** Golden vectors: paths, values, hashes and the rule of expiry. A change here is a change of format. */
import { expect } from 'vitest';
import { toHex } from '../../core/bytes/text.ts';
import { hashOf, portableHasher } from '../../core/hasher.ts';
import { NodeArena } from '../../core/merkle/arena.ts';
import { emptyHash } from '../../core/merkle/hashes.ts';
import { decodeValue, encodeValue, isLive, valuePath } from '../../core/merkle/value.ts';
import { hex, leafValueOf, u64, vectorTest } from '../support/vectors.ts';

vectorTest('paths are those of the vectors', ({ paths }) => {
  expect(paths.length).toBeGreaterThan(0);
  for (const vector of paths) {
    const leaf = leafValueOf({ ...vector, model: {}, value_utf8: '', expires_at: '0', version: '1' });
    expect([vector.name, toHex(valuePath(portableHasher, leaf))]).toEqual([vector.name, vector.path]);
  }
});

vectorTest('values encode to the bytes of the vectors, decode to what was encoded, and hash to the same leaves', ({ values }) => {
  expect(values.length).toBeGreaterThan(0);
  for (const vector of values) {
    const leaf = leafValueOf(vector.leaf);
    const bytes = encodeValue(leaf);
    expect(toHex(bytes)).toBe(vector.value);
    expect(decodeValue(bytes)).toEqual({ ok: true, value: leaf });
    const valueHash = hashOf(portableHasher, bytes);
    expect(toHex(valueHash)).toBe(vector.value_hash);
    const path = valuePath(portableHasher, leaf);
    expect(toHex(path)).toBe(vector.path);
    const out = new Uint8Array(32);
    const arena = new NodeArena(portableHasher);
    arena.hashLeaf(arena.newLeaf(path, valueHash, 1), out, 0);
    expect(toHex(out)).toBe(vector.leaf_hash);
  }
});

vectorTest('inner nodes and the empty tree hash as in the vectors', ({ inner, empty }) => {
  expect(toHex(emptyHash(portableHasher))).toBe(empty);
  const arena = new NodeArena(portableHasher);
  for (const vector of inner) {
    const node = arena.newInner(vector.bit, 1);
    arena.hashBytes(node).set(hex(vector.left), arena.hashAt(node, 0));
    arena.hashBytes(node).set(hex(vector.right), arena.hashAt(node, 1));
    const out = new Uint8Array(32);
    arena.hashInner(node, out, 0);
    expect(toHex(out)).toBe(vector.inner);
  }
});

vectorTest('a leaf is live before its expiry and not at it, exact beyond 2^53', ({ live }) => {
  expect(live.length).toBeGreaterThan(0);
  for (const vector of live) {
    expect([vector, isLive(u64(vector.expires_at), u64(vector.time))]).toEqual([vector, vector.live]);
  }
});
