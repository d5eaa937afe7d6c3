/**
 * Statements at random: 10,000 of them, over trees of every size up to some thousand leaves, verify and show what is there; every byte
 * of 200 proofs matters; and a set of leaves has one tree and one proof, in whatever order it came about.
 */
import * as fc from 'fast-check';
import { expect } from 'vitest';
import { toHex } from '../../core/bytes/text.ts';
import { prove } from '../../core/merkle/prove.ts';
import { CommitmentTree } from '../../core/merkle/tree.ts';
import { isLive, type LeafValue } from '../../core/merkle/value.ts';
import { type Finding, findingsOf } from '../../core/proof/findings.ts';
import { type Question, targetOf } from '../../core/proof/statement.ts';
import { nativeHasher } from '../../node/hasher.ts';
import { propertyRuns } from '../support/property.ts';
import { entityLeaf, proofFor, type StatedWorld, statedWorld, TIME, type TupleLeaf, tupleLeaf } from '../support/statements.ts';

/** Few names, so that questions meet leaves: ranges of none, one and many. */
const RELATIONS = ['viewer', 'owner', 'editor'];
const SUBJECTS = ['user:*', 'user:a', 'user:b', 'user:c', 'team:x#member', 'team:y#member', 'team:*', 'user:d'];
const SIZES = [0, 1, 2, 5, 20, 100, 600, 2500];

/** The leaf with a number: four fifths tuples, of which some expire or have a condition; the rest entities. */
function leafOf(number: number): LeafValue {
  if (number % 5 === 4) return entityLeaf(`k${number}`, Uint8Array.of(number & 0xff), number % 3 === 0 ? TIME : 0);
  const tuple = tupleWith(number);
  const expiresAt = number % 7 === 0 ? TIME + (number % 2) : 0;
  return tupleLeaf(tuple, expiresAt, number % 11 === 0 ? 'office' : '');
}

function tupleWith(number: number): { resource: string; relation: string; subject: string } {
  const subject = SUBJECTS[number % SUBJECTS.length] as string;
  const relation = RELATIONS[Math.floor(number / SUBJECTS.length) % RELATIONS.length] as string;
  return { resource: `doc:${Math.floor(number / 24)}`, relation, subject };
}

/** A question about things near that number, there or not. */
function questionOf(number: number, kind: number, range: number): Question {
  const { resource, relation, subject } = tupleWith(number);
  switch (kind) {
    case 0:
      return { kind: 'tuple', tuple: { resource, relation, subject } };
    case 1:
      return { kind: 'subjects', resource, relation, range: (['all', 'wildcard', 'userset', 'plain'] as const)[range] ?? 'all' };
    case 2:
      return { kind: 'resource', resource };
    case 3: // Of somebody who has a handful, so that sets stay small.
      return { kind: 'grants', subject: number % 2 === 0 ? subject : `user:${number}`, relation: range === 0 ? '' : relation };
    default:
      return { kind: 'entity', key: `k${number}` };
  }
}

interface Model {
  readonly world: StatedWorld;
  readonly tuples: readonly TupleLeaf[];
  readonly entities: ReadonlyMap<string, LeafValue>;
}

/** Everybody's grants beyond some hundred leaves would be most of the vault: there the subjects carry a number. */
function modelOf(size: number): Model {
  const leaves = new Map<string, LeafValue>();
  for (let number = 0; number < size; number += 1) {
    const leaf = leafOf(number);
    const own = leaf.kind === 'tuple' && size > 100 && leaf.subject === 'user:d' ? { ...leaf, subject: `user:${number}` } : leaf;
    leaves.set(
      own.kind === 'tuple' ? `${own.resource}#${own.relation}@${own.subject}` : `entity ${(own as { key: string }).key}`,
      own,
    );
  }
  const all = [...leaves.values()];
  const tuples = all.filter((leaf) => leaf.kind === 'tuple');
  return {
    world: statedWorld(all),
    tuples,
    entities: new Map(all.flatMap((leaf) => (leaf.kind === 'entity' ? [[leaf.key, leaf]] : []))),
  };
}

const models = SIZES.map(modelOf);

function matches(question: Question, { resource, relation, subject }: TupleLeaf): boolean {
  switch (question.kind) {
    case 'tuple':
      return question.tuple.resource === resource && question.tuple.relation === relation && question.tuple.subject === subject;
    case 'subjects': {
      const range = subject.includes('#') ? 'userset' : subject.endsWith(':*') ? 'wildcard' : 'plain';
      const inRange = question.range === 'all' || question.range === range;
      return question.resource === resource && question.relation === relation && inRange;
    }
    case 'resource':
      return question.resource === resource;
    case 'grants':
      return question.subject === subject && (question.relation === '' || question.relation === relation);
    case 'entity':
    case 'model':
      return false;
  }
}

function nameOf({ resource, relation, subject }: { resource: string; relation: string; subject: string }): string {
  return `${resource}#${relation}@${subject}`;
}

function expected({ tuples, entities }: Model, question: Question): unknown {
  if (question.kind !== 'entity') {
    return tuples
      .filter((leaf) => matches(question, leaf) && isLive(leaf.expiresAt, TIME))
      .map(nameOf)
      .sort();
  }
  const leaf = entities.get(question.key);
  return leaf?.kind === 'entity' && isLive(leaf.expiresAt, TIME) ? toHex(leaf.value) : undefined;
}

function shown(finding: Finding): unknown {
  if (finding.kind === 'model') return finding.found?.model;
  if (finding.kind === 'entity') return finding.found === undefined ? undefined : toHex(finding.found.value);
  const found = finding.kind === 'set' ? finding.found : finding.found === undefined ? [] : [finding.found];
  return found.map(({ tuple }) => nameOf(tuple)).sort();
}

const asked = fc.record({ number: fc.nat(2600), kind: fc.nat(4), range: fc.nat(3) });
const questionsOf = (size: number, given: readonly { number: number; kind: number; range: number }[]): readonly Question[] =>
  given.map(({ number, kind, range }) => questionOf(number % (size + 10), kind, range));
const model = fc.nat(SIZES.length - 1);

propertyRuns(
  2500,
  'statements verify and show exactly what is there: 10,000 of them, four to a proof',
  model,
  fc.array(asked, { minLength: 4, maxLength: 4 }),
  (at, given) => {
    const chosen = models[at] as Model;
    const questions = questionsOf(SIZES[at] as number, given);
    const found = findingsOf(nativeHasher, chosen.world.header, questions, proofFor(chosen.world, questions));
    if (!found.ok) throw new Error(`${found.stage}: ${found.reason}`);
    expect(found.findings.map(shown)).toEqual(questions.map((question) => expected(chosen, question)));
  },
);

propertyRuns(
  200,
  'every single byte of a proof matters: whichever is changed, it is refused at a stage and for a reason',
  model,
  fc.array(asked, { minLength: 1, maxLength: 2 }),
  fc.integer({ min: 1, max: 255 }),
  (at, given, change) => {
    const { world } = models[at] as Model;
    // Long sets have no other kind of byte than short ones, only more of them.
    const isLong = (kind: number): boolean => (kind === 2 || kind === 3) && (SIZES[at] as number) > 20;
    const short = given.map(({ kind, ...rest }) => ({ ...rest, kind: isLong(kind) ? 1 : kind }));
    const questions = questionsOf(SIZES[at] as number, short);
    const proof = proofFor(world, questions);
    for (let i = 0; i < proof.length; i += 1) {
      const mutated = proof.slice();
      mutated[i] = (proof[i] as number) ^ change;
      const found = findingsOf(nativeHasher, world.header, questions, mutated);
      if (found.ok || found.reason === '') throw new Error(`byte ${i} of ${proof.length} does not matter`);
    }
  },
);

/** Leaves that come and go, and those that are there in the end. */
const PATHS: readonly { readonly path: Uint8Array; readonly value: Uint8Array; readonly isFinal: boolean }[] = [
  ...statedWorld(Array.from({ length: 24 }, (_, number) => leafOf(number))).values.entries(),
].map(([path, value], index) => ({ path: Uint8Array.from(Buffer.from(path, 'hex')), value, isFinal: index % 3 !== 0 }));
const TARGETS: readonly Uint8Array[] = Array.from({ length: 5 }, (_, kind) => targetOf(nativeHasher, questionOf(3, kind, 0)));

function hashOf(value: Uint8Array): Uint8Array {
  const hash = new Uint8Array(32);
  nativeHasher.digest(value, 0, value.length, hash, 0);
  return hash;
}
const HASHES = PATHS.map(({ value }) => hashOf(value));
const OTHER = hashOf(Uint8Array.of(1));

function bytesOf(tree: CommitmentTree): string {
  const values = new Map(PATHS.map(({ path, value }) => [toHex(path), value]));
  const proof = prove(tree, TARGETS, (path) => values.get(toHex(path)) as Uint8Array);
  const buckets = PATHS.map(({ path }) => toHex(tree.bucketHash(path[0] as number)));
  return [toHex(tree.treeRoot()), toHex(tree.stateRoot()), ...buckets, toHex(proof)].join('\n');
}

const straight = new CommitmentTree(nativeHasher);
PATHS.forEach(({ path, isFinal }, index) => {
  if (isFinal) straight.set(path, HASHES[index] as Uint8Array);
});
const EXPECTED = bytesOf(straight);

propertyRuns(
  10_000,
  'a set of leaves has the same buckets, roots and proof bytes, in whatever order its leaves came and went',
  fc.array(fc.nat(2 * PATHS.length - 1), { maxLength: 60 }),
  fc.shuffledSubarray(
    PATHS.map((_, index) => index),
    { minLength: PATHS.length },
  ),
  fc.boolean(),
  (before, order, snapshots) => {
    const tree = new CommitmentTree(nativeHasher);
    const held = [];
    for (const [at, number] of before.entries()) {
      const { path } = PATHS[number >> 1] as (typeof PATHS)[number];
      if (number % 2 === 0) tree.set(path, OTHER);
      else tree.remove(path);
      if (snapshots && at % 16 === 0) held.push(tree.snapshot());
    }
    for (const index of order) {
      const { path, isFinal } = PATHS[index] as (typeof PATHS)[number];
      if (isFinal) tree.set(path, HASHES[index] as Uint8Array);
      else tree.remove(path);
    }
    if (bytesOf(tree) !== EXPECTED) throw new Error('another order, another tree');
    for (const snapshot of held) snapshot.release();
  },
);
