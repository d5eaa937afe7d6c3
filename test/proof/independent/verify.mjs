/**
 * A second verifier, written from docs/reference/proof-format.md alone and after its order, to show that the document is enough.
 * It imports a SHA-256 and nothing of core, is made for reading rather than for speed, and recurses: a proof is at most 776 deep.
 */
import { createHash } from 'node:crypto';

class Refusal extends Error {
  constructor(stage, reason) {
    super(reason);
    this.stage = stage;
  }
}
export const demand = (holds, stage, reason) => {
  if (!holds) throw new Refusal(stage, reason);
};
export const sha = (...parts) => createHash('sha256').update(Buffer.concat(parts)).digest();
const tagged = (tag, text) => sha(Buffer.from([tag]), Buffer.from(text, 'utf8'));
export const equal = (a, b) => Buffer.compare(a, b) === 0;
const bitAt = (path, i) => (path[i >> 3] >> (7 - (i & 7))) & 1;
export const EMPTY = sha();

/** Strict reading: past the end is a refusal. */
class Bytes {
  constructor(bytes) {
    this.rest = Buffer.from(bytes);
  }
  take(count) {
    demand(count <= this.rest.length, 'decode', 'truncated');
    const taken = this.rest.subarray(0, count);
    this.rest = this.rest.subarray(count);
    return taken;
  }
  uint(size) {
    return this.take(size).readUIntBE(0, size);
  }
  u64() {
    return this.take(8).readBigUInt64BE();
  }
  field() {
    return this.take(this.uint(4));
  }
  text() {
    const bytes = this.field();
    const text = bytes.toString('utf8');
    demand(equal(Buffer.from(text, 'utf8'), bytes), 'decode', 'malformed UTF-8');
    return text;
  }
  end() {
    demand(this.rest.length === 0, 'decode', 'something follows');
  }
}

const kindOf = (subject) => (subject.includes('#') ? 1 : subject.endsWith(':*') ? 0 : 2);
export const tuplePath = ({ resource, relation, subject }) =>
  Buffer.concat([tagged(0x10, resource), tagged(0x11, relation), Buffer.from([kindOf(subject)]), tagged(0x12, subject)]);
export const reversePath = ({ resource, relation, subject }) =>
  Buffer.concat([tagged(0x20, subject), tagged(0x21, relation), tagged(0x22, resource)]);
export const entityPath = (key) => tagged(0x30, key);

/** A value's entry, path, expiry and version, and what it holds: a tuple, or the bytes of an entity. */
function readValue(bytes) {
  const from = new Bytes(bytes);
  demand(from.uint(1) === 1, 'decode', 'value format');
  const entry = from.uint(1);
  demand(entry >= 1 && entry <= 4, 'decode', 'entry');
  let path;
  let held;
  if (entry <= 2) {
    const [resource, relation, subject] = [from.text(), from.text(), from.text()];
    held = { resource, relation, subject };
    if (entry === 1) {
      const [name, context] = [from.text(), from.text()];
      demand((name === '') === (context === ''), 'decode', 'half a condition');
      path = tuplePath(held);
    } else {
      demand(from.field().length === 32, 'decode', 'hash of the forward value');
      path = reversePath(held);
    }
  } else {
    path = entry === 3 ? entityPath(from.text()) : tagged(0x31, from.text());
    held = entry === 3 ? from.field() : from.text();
  }
  const [expiresAt, version] = [from.u64(), from.u64()];
  demand(entry !== 4 || expiresAt === 0n, 'decode', 'a model expires never');
  from.end();
  return { entry, held, path, expiresAt, version };
}

/** A node and all beneath it, with its hash; `open` is the bit above it. */
function readNode(from, open, maxVersion) {
  const tag = from.uint(1);
  demand(tag <= 5 && (tag !== 0 || open < 0), 'decode', 'tag');
  if (tag === 0) return { hash: EMPTY };
  if (tag >= 4) return readLeaf(from, tag, open, maxVersion);
  const bit = from.uint(2);
  demand(bit > open && bit < 776, 'decode', 'bit');
  const pruned = tag === 1 ? undefined : { pruned: true, hash: from.take(32) };
  demand(pruned === undefined || !equal(pruned.hash, EMPTY), 'decode', 'EMPTY as a pruned hash');
  const shown = readNode(from, bit, maxVersion);
  const sides = tag === 2 ? [pruned, shown] : [shown, pruned ?? readNode(from, bit, maxVersion)];
  const hash = sha(Buffer.from([1, 0, bit >> 8, bit & 255]), sides[0].hash, sides[1].hash);
  return { bit, sides, hash };
}

function readLeaf(from, tag, open, maxVersion) {
  const leaf = tag === 4 ? revealed(from.field()) : { path: from.take(from.uint(1)), valueHash: from.take(32) };
  demand([32, 96, 97].includes(leaf.path.length) && open < 8 * leaf.path.length, 'decode', 'path length');
  demand(tag === 5 || maxVersion === undefined || leaf.version <= maxVersion, 'decode', 'newer than the header');
  return { ...leaf, hash: sha(Buffer.from([0]), sha(leaf.path), leaf.valueHash), need: 'none' };
}
const revealed = (value) => ({ ...readValue(value), value, valueHash: sha(value) });

/** The shown leaves beneath a node, in order; each agrees with the way to it, and with the leaf before it. */
function shownLeaves(node) {
  if (node.pruned || node.hash === EMPTY) return [];
  if (!node.sides) return [node];
  const [left, right] = node.sides.map(shownLeaves);
  const turned = left.some(({ path }) => bitAt(path, node.bit) !== 0) || right.some(({ path }) => bitAt(path, node.bit) !== 1);
  demand(!turned, 'paths', 'a path contradicts its directions');
  if (left.length > 0 && right.length > 0) {
    const [a, b] = [left.at(-1).path, right[0].path];
    let bit = 0;
    while (bit < 8 * Math.min(a.length, b.length) && bitAt(a, bit) === bitAt(b, bit)) bit += 1;
    demand(bit === node.bit, 'paths', 'neighbours part at another bit');
  }
  return [...left, ...right];
}

/** The leaves that answer a target; marks what it needs. */
function answerTarget(root, target) {
  demand(target.length >= 1 && target.length <= 97, 'targets', 'length of a target');
  if (root.hash === EMPTY) return [];
  let node = root;
  while (node.sides && node.bit < 8 * target.length) node = node.sides[bitAt(target, node.bit)];
  let first = node;
  while (first.sides) first = first.sides[0];
  demand(!first.pruned, 'targets', 'incomplete');
  if (!equal(first.path.subarray(0, target.length), target)) {
    if (first.need === 'none') first.need = 'boundary';
    return [];
  }
  const open = [node];
  for (const one of open) {
    demand(!one.pruned && (one.sides || one.value), 'targets', 'hidden');
    open.push(...(one.sides ?? []));
  }
  const result = shownLeaves(node);
  for (const leaf of result) leaf.need = 'revealed';
  return result;
}

/** What a proof shows for each target; a refusal is thrown. */
export function prove({ treeRoot, targets, proof, maxBytes = 16 << 20, maxVersion }) {
  demand(proof.length <= maxBytes, 'decode', 'larger than the cap');
  const from = new Bytes(proof);
  demand(from.uint(1) === 1, 'decode', 'proof format');
  const root = readNode(from, -1, maxVersion === undefined ? undefined : BigInt(maxVersion));
  from.end();
  demand(equal(root.hash, treeRoot), 'root', 'another root');
  const leaves = shownLeaves(root);
  demand(targets.length > 0, 'targets', 'no target');
  const results = targets.map((target) => answerTarget(root, Buffer.from(target)));
  for (const leaf of leaves) demand(leaf.need === (leaf.value ? 'revealed' : 'boundary'), 'targets', 'superfluous');
  return results;
}

export const guarded = (run) => {
  try {
    return { ok: true, ...run() };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { ok: false, stage: error.stage };
  }
};
/** Pruned trees. */
export const verifyProof = (claim) => guarded(() => ({ results: prove(claim) }));
