/**
 * Attacks on a proven answer. A bit flip is what a broken disk or a clumsy liar makes. A self-consistent forgery is what a
 * clever one makes: its own tree, proof and header that agree with each other and say the opposite; only the anchor tells.
 */
import { fromHex, toHex } from '../../core/bytes/text.ts';
import type { Hasher } from '../../core/capability.ts';
import { blockHash, decodeHeader, encodeHeader } from '../../core/chain/header.ts';
import { hashOf } from '../../core/hasher.ts';
import { tuplePath } from '../../core/merkle/path.ts';
import { prove } from '../../core/merkle/prove.ts';
import { CommitmentTree } from '../../core/merkle/tree.ts';
import { encodeValue } from '../../core/merkle/value.ts';
import type { Random } from '../../core/random.ts';
import type { TupleKey } from '../../core/state/transaction.ts';
import { base64, type ProvenAnswer } from '../http/answer.ts';

function flipped(random: Random, bytes: Uint8Array): Uint8Array {
  const out = bytes.slice();
  const bit = random.below(out.length * 8);
  out[bit >> 3] = (out[bit >> 3] as number) ^ (1 << (bit & 7));
  return out;
}

function bytesOf(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'base64'));
}

/** The answer with one bit changed in its proof, header, one of its hashes, or its statement. */
export function flipBit(random: Random, answer: ProvenAnswer): ProvenAnswer {
  switch (random.below(5)) {
    case 0:
      return { ...answer, header: base64(flipped(random, bytesOf(answer.header))) };
    case 1: {
      const field = (['block_hash', 'state_root', 'tree_root'] as const)[random.below(3)] as 'block_hash';
      return { ...answer, [field]: toHex(flipped(random, fromHex(answer[field]) as Uint8Array)) };
    }
    case 2:
      return { ...answer, statement: flipStatement(random, answer.statement) };
    default:
      return { ...answer, proof: base64(flipped(random, bytesOf(answer.proof))) };
  }
}

function flipStatement(random: Random, statement: ProvenAnswer['statement']): ProvenAnswer['statement'] {
  if (random.below(4) === 0) return { ...statement, verdict: statement.verdict === 'allow' ? 'deny' : 'allow' };
  if (random.below(4) === 0) return { ...statement, height: statement.height ^ (1 << random.below(16)) };
  const field = (['user', 'relation', 'object'] as const)[random.below(3)] as 'user';
  // ASCII stays ASCII: the seventh bit is left alone, so the change survives as text.
  const text = Buffer.from(statement.tuple[field], 'latin1');
  const at = random.below(text.length);
  text[at] = (text[at] as number) ^ (1 << random.below(7));
  return { ...statement, tuple: { ...statement.tuple, [field]: text.toString('latin1') } };
}

/** An answer with the opposite verdict that is consistent in itself, made without any node. */
export function forge(hasher: Hasher, answer: ProvenAnswer, others: readonly TupleKey[]): ProvenAnswer {
  const { user, relation, object } = answer.statement.tuple;
  const target: TupleKey = { resource: object, relation, subject: user };
  const same = (tuple: TupleKey): boolean => tuple.resource === object && tuple.relation === relation && tuple.subject === user;
  const allowed = !answer.allowed;
  const kept = others.filter((tuple) => !same(tuple));
  const tree = new CommitmentTree(hasher);
  const values = new Map<string, Uint8Array>();
  for (const tuple of allowed ? [target, ...kept] : kept) {
    const value = encodeValue({ kind: 'tuple', ...tuple, conditionName: '', conditionContext: '', expiresAt: 0, version: 1 });
    const path = tuplePath(hasher, tuple);
    values.set(toHex(path), value);
    tree.set(path, hashOf(hasher, value));
  }
  const genuine = decodeHeader(bytesOf(answer.header));
  if (!genuine.ok) throw new Error('The answer to forge has no header.');
  const header = encodeHeader({ ...genuine.value, stateRoot: tree.stateRoot(), treeRoot: tree.treeRoot() });
  const proof = prove(tree, [tuplePath(hasher, target)], (path) => values.get(toHex(path)) as Uint8Array);
  return {
    ...answer,
    allowed,
    block_hash: toHex(blockHash(hasher, header)),
    state_root: toHex(tree.stateRoot()),
    tree_root: toHex(tree.treeRoot()),
    header: base64(header),
    proof: base64(proof),
    statement: { ...answer.statement, verdict: allowed ? 'allow' : 'deny' },
  };
}
