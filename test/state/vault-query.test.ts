/** Reads of a vault: proofs, lists with cursors, blocks. */
import { describe, expect, test } from 'vitest';
import { blockHash } from '../../core/chain/header.ts';
import { type ClientResult, NEWEST, type TupleRow } from '../../core/client/protocol.ts';
import { portableHasher } from '../../core/hasher.ts';
import type { Height } from '../../core/ids.ts';
import { tuplePath } from '../../core/merkle/path.ts';
import { verifyPrunedTree } from '../../core/proof/pruned-tree.ts';
import type { Question } from '../../core/proof/statement.ts';
import { DEFAULT_PROOF_LIMITS, type ProofLimits, ProofWork } from '../../core/state/proof-work.ts';
import type { Vault } from '../../core/state/vault.ts';
import { type VaultView, viewAt } from '../../core/state/vault-view.ts';
import { anchorOf, Bench, remove, tupleOf, VAULT, write } from './support.ts';

const NONE = new Uint8Array(0);
const FILTERS = ['', 'doc:', 'doc:1', 'folder:9'].flatMap((resource) =>
  ['', 'viewer', 'owner'].flatMap((relation) =>
    ['', 'user:a', 'team:x#member'].map((subject) => ({ resource, relation, subject })),
  ),
);
const TUPLES = ['doc:1', 'doc:2', 'folder:1', 'docs:1'].flatMap((resource) =>
  ['viewer', 'owner', 'view'].flatMap((relation) =>
    ['user:a', 'user:*', 'team:x#member', 'user:ab'].map((subject) => `${resource}#${relation}@${subject}`),
  ),
);

function loaded(): Bench {
  const bench = new Bench();
  bench.createVault(1_000);
  bench.run(
    TUPLES.map((text) => write(text)),
    2_000,
  );
  bench.run([write('doc:1#viewer@user:gone', { expiresAt: 2_500 }), remove('folder:1#view@user:ab')], 2_400);
  bench.run([write('doc:1#viewer@user:later', { expiresAt: 9_000 })], 2_500);
  return bench;
}

function textOf(row: TupleRow): string {
  return `${row.tuple.resource}#${row.tuple.relation}@${row.tuple.subject}`;
}

/** Every page of a list. */
function pages(bench: Bench, filter: (typeof FILTERS)[number], limit: number): readonly (readonly TupleRow[])[] {
  const out: (readonly TupleRow[])[] = [];
  let after: Uint8Array = NONE;
  do {
    const result = bench.query({ kind: 'list', ...filter, limit, after });
    if (result.kind !== 'list') throw new Error(JSON.stringify(result));
    out.push(result.rows);
    after = result.next;
  } while (after.length > 0);
  return out;
}

test('every filter lists exactly the live tuples that match, whatever the page size', () => {
  const bench = loaded();
  const live = [...TUPLES, 'doc:1#viewer@user:later'].filter((text) => text !== 'folder:1#view@user:ab');
  for (const filter of FILTERS) {
    const expected = live.filter((text) => {
      const { resource, relation, subject } = tupleOf(text);
      const ofResource = filter.resource.endsWith(':') ? resource.startsWith(filter.resource) : resource === filter.resource;
      return (
        (filter.resource === '' || ofResource) &&
        (filter.relation === '' || relation === filter.relation) &&
        (filter.subject === '' || subject === filter.subject)
      );
    });
    for (const limit of [1, 3, 100]) {
      const found = pages(bench, filter, limit);
      expect(found.every((rows) => rows.length <= limit)).toBe(true);
      expect(found.flat().map(textOf).sort()).toEqual([...expected].sort());
    }
  }
});

test('a row says what was written, at which height and time', () => {
  const bench = loaded();
  bench.run([write('doc:3#viewer@user:a', { condition: 'office' })], 3_000);
  const result = bench.query({ kind: 'tuple', tuple: tupleOf('doc:3#viewer@user:a') });
  expect(result).toMatchObject({
    present: true,
    row: { conditionName: 'office', conditionContext: '{}', expiresAt: 0, version: 5, writtenAt: 3_000 },
  });
  expect(pages(bench, { resource: 'doc:1', relation: 'viewer', subject: 'user:later' }, 9).flat()).toMatchObject([
    { expiresAt: 9_000, version: 4, writtenAt: 2_500 },
  ]);
});

test('a cursor of another filter is refused', () => {
  const bench = loaded();
  const first = bench.query({ kind: 'list', resource: 'doc:1', relation: '', subject: '', limit: 1, after: NONE });
  if (first.kind !== 'list') throw new Error(first.kind);
  const other = bench.query({ kind: 'list', resource: 'doc:2', relation: '', subject: '', limit: 1, after: first.next });
  expect(other).toMatchObject({ kind: 'error', code: 'invalid_argument' });
});

test('present, absent and expired tuples are answered with a proof against the header given along', () => {
  const bench = loaded();
  const prove = (text: string): { present: boolean; revealed: number } => {
    const result = bench.query({ kind: 'tuple', tuple: tupleOf(text) }, true);
    if (result.kind !== 'tuple') throw new Error(result.kind);
    const targets = [tuplePath(portableHasher, tupleOf(text))];
    const { treeRoot } = result.anchor;
    const verdict = verifyPrunedTree({ hasher: portableHasher, treeRoot, targets, proof: result.proof });
    if (!verdict.ok) throw new Error(verdict.reason);
    return { present: result.present, revealed: verdict.results[0]?.length ?? 0 };
  };
  expect(prove('doc:1#viewer@user:a')).toEqual({ present: true, revealed: 1 });
  expect(prove('doc:1#viewer@user:nobody')).toEqual({ present: false, revealed: 0 });
  expect(prove('doc:1#viewer@user:gone')).toEqual({ present: false, revealed: 1 });
});

test('without being asked for, there is no proof', () => {
  expect(loaded().query({ kind: 'tuple', tuple: tupleOf('doc:1#viewer@user:a') })).toMatchObject({ proof: NONE });
});

test('a block is found by its height, 0 is the newest, one too many is height_missing', () => {
  const bench = loaded();
  const newest = bench.query({ kind: 'block', height: 0 as Height });
  expect(newest).toMatchObject({ kind: 'block', newest: 4, anchor: { height: 4 } });
  const second = bench.query({ kind: 'block', height: 2 as Height });
  if (second.kind !== 'block') throw new Error(second.kind);
  expect(second.transactions).toHaveLength(1);
  expect(second.anchor.blockHash).toEqual(blockHash(portableHasher, second.anchor.header));
  expect(anchorOf(second).stateRoot).not.toEqual(anchorOf(newest).stateRoot);
  expect(bench.query({ kind: 'block', height: 5 as Height })).toMatchObject({ code: 'height_missing' });
});

describe('a proof of several questions', () => {
  const prove = (bench: Bench, questions: readonly Question[], limits: Partial<ProofLimits> = {}): ClientResult => {
    const view = viewAt(bench.state.vault(VAULT) as Vault, NEWEST) as VaultView;
    const { anchor } = view;
    const answer = (proof: Uint8Array): ClientResult => ({ kind: 'proof', anchor, proof });
    return new ProofWork({ view, questions, answer }, { ...DEFAULT_PROOF_LIMITS, ...limits }).finish();
  };
  const all: readonly Question[] = [{ kind: 'resource', resource: 'doc:1' }];

  test('is refused with a sentence where it does not fit', () => {
    const bench = loaded();
    const whole = prove(bench, all, { leavesMax: 14 });
    const size = whole.kind === 'proof' ? whole.proof.length : 0;
    expect(prove(bench, all, { bytesMax: size })).toEqual(whole);
    for (const limits of [{ leavesMax: 13 }, { bytesMax: 900 }, { bytesMax: size - 1 }]) {
      expect(prove(bench, all, limits)).toMatchObject({
        code: 'proof_too_large',
        message: expect.stringMatching(/^this does not fit one proof: .*; ask for fewer questions at once/),
      });
    }
    expect(bench.state.pages.space.pinnedPages).toBe(0);
  });

  test('of an older block, where too many leaves would have to be worked out again', () => {
    const bench = loaded();
    const view = viewAt(bench.state.vault(VAULT) as Vault, { kind: 'height', height: 2 as Height }) as VaultView;
    const task = {
      view,
      questions: all,
      answer: (proof: Uint8Array): ClientResult => ({ kind: 'proof', anchor: view.anchor, proof }),
    };
    expect(new ProofWork(task, { ...DEFAULT_PROOF_LIMITS, rebuiltLeavesMax: 12 }).finish()).toMatchObject({ kind: 'proof' });
    expect(new ProofWork(task, { ...DEFAULT_PROOF_LIMITS, rebuiltLeavesMax: 11 }).finish()).toMatchObject({
      code: 'proof_too_large',
      message: expect.stringMatching(/the buckets of an older block hold more than 11 leaves/),
    });
  });

  test('costs reads nothing: no tree of the past is kept', () => {
    const bench = loaded();
    const { tree } = (bench.state.vault(VAULT) as Vault).leaves;
    const before = tree.arena.nodes;
    bench.query({ kind: 'proof', questions: all }, true, { kind: 'height', height: 2 as Height });
    expect(tree.arena.nodes).toBe(before);
  });
});
