/**
 * Proofs of several questions, at any height that is kept: the bytes that were given when that height was the newest, wherever the
 * state came from since and however slowly the proof is made; and what they show is what a list showed then.
 */
import * as fc from 'fast-check';
import { expect } from 'vitest';
import { toHex } from '../../core/bytes/text.ts';
import { decodeHeader } from '../../core/chain/header.ts';
import { type Anchor, type ClientResult, NEWEST, type ReadPoint } from '../../core/client/protocol.ts';
import type { Height, Micros } from '../../core/ids.ts';
import { type Finding, type FoundTuple, findingsOf } from '../../core/proof/findings.ts';
import type { Question } from '../../core/proof/statement.ts';
import { GroupState, type GroupStateOptions } from '../../core/state/group-state.ts';
import { ProofWork } from '../../core/state/proof-work.ts';
import type { Operation, TupleKey } from '../../core/state/transaction.ts';
import type { Vault } from '../../core/state/vault.ts';
import { nativeHasher } from '../../node/hasher.ts';
import { CheckpointHost } from '../checkpoint/host.ts';
import { restore, snapshotOf } from '../snapshot/support.ts';
import { propertyRuns } from '../support/property.ts';
import { Bench, GROUP, keep, ORGANIZATION, oneModel, remove, set, tupleOf, VAULT, write, writeModel } from './support.ts';

const STATE: GroupStateOptions = { group: GROUP, hasher: nativeHasher, dataGroups: [GROUP] };
/** Among the times of the blocks: entries are 1000 microseconds apart. */
const EXPIRES_AT = 6000;
const TUPLES = ['doc:1', 'doc:2'].flatMap((resource) =>
  ['viewer', 'owner'].flatMap((relation) =>
    ['user:a', 'user:*', 'team:x#member'].map((subject) => `${resource}#${relation}@${subject}`),
  ),
);
const ENTITIES = ['k', 'l'];

const QUESTIONS: readonly Question[] = [
  ...TUPLES.map((text): Question => ({ kind: 'tuple', tuple: tupleOf(text) })),
  { kind: 'tuple', tuple: tupleOf('doc:9#viewer@user:nobody') },
  ...(['all', 'wildcard', 'userset', 'plain'] as const).map(
    (range): Question => ({ kind: 'subjects', resource: 'doc:1', relation: 'viewer', range }),
  ),
  { kind: 'subjects', resource: 'doc:2', relation: 'viewer', range: 'all' },
  { kind: 'subjects', resource: 'doc:1', relation: 'editor', range: 'all' },
  { kind: 'resource', resource: 'doc:1' },
  { kind: 'resource', resource: 'doc:9' },
  { kind: 'grants', subject: 'user:a', relation: '' },
  { kind: 'grants', subject: 'user:a', relation: 'owner' },
  { kind: 'grants', subject: 'user:nobody', relation: '' },
  ...ENTITIES.map((key): Question => ({ kind: 'entity', key })),
  { kind: 'model', id: VAULT },
];
const lists: fc.Arbitrary<readonly Question[]> = fc.array(fc.constantFrom(...QUESTIONS), { minLength: 1, maxLength: 8 });

const text = fc.constantFrom(...TUPLES);
const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 4, arbitrary: text.map((tuple) => write(tuple, { ignore: true })) },
  { weight: 3, arbitrary: text.map((tuple) => remove(tuple, { ignore: true })) },
  { weight: 1, arbitrary: text.map((tuple) => write(tuple, { ignore: true, condition: 'office' })) },
  { weight: 2, arbitrary: text.map((tuple) => write(tuple, { ignore: true, expiresAt: EXPIRES_AT })) },
  { weight: 2, arbitrary: fc.constantFrom(...ENTITIES).map((key) => set(key, key)) },
  { weight: 1, arbitrary: fc.constantFrom('user', 'doc').map(writeModel) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(...ENTITIES).map((key): Operation => ({ op: 'deleteEntity', key, condition: undefined })),
  },
);
const retained: fc.Arbitrary<Operation> = fc.integer({ min: 1, max: 9 }).map((heights) => keep({ kind: 'heights', heights }));
const block = fc.array(
  fc
    .array(fc.oneof({ weight: 30, arbitrary: operation }, { weight: 1, arbitrary: retained }), { minLength: 1, maxLength: 3 })
    .map(oneModel),
  {
    minLength: 1,
    maxLength: 3,
  },
);
const blocks = fc.array(block, { maxLength: 10 });
type History = readonly (readonly (readonly Operation[])[])[];

function request(questions: readonly Question[], at: ReadPoint): Parameters<GroupState['query']>[0] {
  const where = { group: GROUP, organization: ORGANIZATION, vault: VAULT } as const;
  return { kind: 'query', ...where, query: { kind: 'proof', questions }, consistency: 'linearizable', at, proof: true };
}

function ask(state: GroupState, questions: readonly Question[], at: ReadPoint): ClientResult {
  return state.query(request(questions, at));
}

function vaultOf(state: GroupState): Vault {
  return state.vault(VAULT) as Vault;
}

/** What a proof was when its block was the newest. */
interface Given {
  readonly height: Height;
  readonly time: Micros;
  readonly proofs: readonly string[];
}

function textOf(result: ClientResult): string {
  return result.kind === 'proof' ? `${result.anchor.height} ${toHex(result.proof)}` : JSON.stringify(result);
}

/** Plays a history and notes the proof of every list of questions at every height. */
function play(
  bench: Bench,
  history: History,
  asked: readonly (readonly Question[])[],
  after: (at: number) => void = () => undefined,
): Given[] {
  const given: Given[] = [];
  const note = (): void => {
    const { height, time } = vaultOf(bench.state);
    given.push({ height, time, proofs: asked.map((questions) => textOf(ask(bench.state, questions, NEWEST))) });
  };
  bench.createVault();
  note();
  history.forEach((transactions, at) => {
    bench.apply(transactions.map((operations) => bench.transact(operations)));
    if (vaultOf(bench.state).height > (given.at(-1) as Given).height) note();
    after(at);
  });
  return given;
}

/** The proofs at every height are those of old, or, below the floor, refused. */
function expectGiven(state: GroupState, given: readonly Given[], asked: readonly (readonly Question[])[]): void {
  const retention = state.query({ ...request([], NEWEST), query: { kind: 'retention' } } as Parameters<GroupState['query']>[0]);
  const floor = retention.kind === 'retention' ? retention.oldest : 0;
  for (const { height, time, proofs } of given) {
    for (const at of [{ kind: 'height', height } as const, { kind: 'time', time } as const]) {
      const found = asked.map((questions) => ask(state, questions, at));
      if (height >= floor) expect(found.map(textOf)).toEqual(proofs);
      else for (const result of found) expect(result).toMatchObject({ code: 'pruned_height', oldest: floor });
    }
  }
}

/** Live tuples and entities as lists and lookups have them, which know nothing of trees. */
function expected(bench: Bench, question: Question, at: ReadPoint): unknown {
  if (question.kind === 'model') {
    const result = bench.query({ kind: 'model', id: question.id }, false, at);
    return result.kind === 'model' ? result.model : undefined;
  }
  if (question.kind === 'entity') {
    const result = bench.query({ kind: 'entity', key: question.key }, false, at);
    return result.kind === 'entity' && result.value !== undefined ? toHex(result.value) : undefined;
  }
  const filter = filterOf(question);
  const result = bench.query({ kind: 'list', ...filter, limit: 100, after: new Uint8Array(0) }, false, at);
  if (result.kind !== 'list') throw new Error(JSON.stringify(result));
  return result.rows
    .map(({ tuple }) => nameOf(tuple))
    .filter((name) => isInRange(question, name))
    .sort();
}

function filterOf(question: Exclude<Question, { kind: 'entity' | 'model' }>): TupleKey {
  switch (question.kind) {
    case 'tuple':
      return question.tuple;
    case 'subjects':
      return { resource: question.resource, relation: question.relation, subject: '' };
    case 'resource':
      return { resource: question.resource, relation: '', subject: '' };
    case 'grants':
      return { resource: '', relation: question.relation, subject: question.subject };
  }
}

function isInRange(question: Question, name: string): boolean {
  if (question.kind !== 'subjects' || question.range === 'all') return true;
  const subject = name.slice(name.indexOf('@') + 1);
  const range = subject.includes('#') ? 'userset' : subject.endsWith(':*') ? 'wildcard' : 'plain';
  return range === question.range;
}

function nameOf({ resource, relation, subject }: TupleKey): string {
  return `${resource}#${relation}@${subject}`;
}

function shown(finding: Finding): unknown {
  if (finding.kind === 'model') return finding.found?.model;
  if (finding.kind === 'entity') return finding.found === undefined ? undefined : toHex(finding.found.value);
  const found: readonly FoundTuple[] =
    finding.kind === 'set' ? finding.found : finding.found === undefined ? [] : [finding.found];
  return found.map(({ tuple }) => nameOf(tuple)).sort();
}

function readFindings(anchor: Anchor, questions: readonly Question[], proof: Uint8Array): readonly Finding[] {
  const header = decodeHeader(anchor.header);
  if (!header.ok) throw new Error(header.reason);
  const found = findingsOf(nativeHasher, header.value, questions, proof);
  if (!found.ok) throw new Error(`${found.stage}: ${found.reason}`);
  return found.findings;
}

propertyRuns(
  60,
  'a proof of any questions at any height verifies, and shows what lists and lookups show',
  blocks,
  lists,
  (history, questions) => {
    const bench = new Bench({ hasher: nativeHasher });
    const given = play(bench, history, []);
    for (const { height } of given) {
      const at: ReadPoint = { kind: 'height', height };
      const result = ask(bench.state, questions, at);
      if (result.kind !== 'proof') {
        expect(result).toMatchObject({ code: 'pruned_height' });
        continue;
      }
      const findings = readFindings(result.anchor, questions, result.proof);
      expect(findings.map(shown)).toEqual(questions.map((question) => expected(bench, question, at)));
    }
  },
);

propertyRuns(
  20,
  'the proof at a height is the one that was given when that height was the newest: here, replayed, restored from a snapshot, reopened',
  blocks,
  fc.array(lists, { minLength: 1, maxLength: 3 }),
  fc.nat(),
  (history, asked, at) => {
    const host = new CheckpointHost({ pageBytes: 512, cacheBytes: 4096 });
    const bench = new Bench({ hasher: nativeHasher, pages: host.begin() });
    const installed: GroupState[] = [];
    const given = play(bench, history, asked, (now) => {
      if (now !== at % Math.max(1, history.length)) return;
      const outcome = restore(snapshotOf(bench.state), { hasher: nativeHasher });
      if (typeof outcome === 'string') throw new Error(outcome);
      installed.push(outcome);
    });
    const replayed = new GroupState({ ...STATE, pruningPace: { rowsMin: 0, rowsPerWrite: 0 } });
    for (const state of [replayed, ...installed]) {
      for (const entry of bench.entries.slice(state.lastApplied)) state.apply(entry);
    }
    expect(host.finish(host.checkpoint(bench.state))).toBe(true);
    const reopened = host.open({ ...STATE })?.state as GroupState;
    for (const state of [bench.state, replayed, ...installed, reopened]) expectGiven(state, given, asked);
  },
);

propertyRuns(
  40,
  'a proof that is made leaf by leaf while blocks are sealed is the same one, and leaves nothing behind',
  blocks,
  blocks,
  lists,
  fc.boolean(),
  (history, meanwhile, questions, isPast) => {
    const bench = new Bench({ hasher: nativeHasher });
    const given = play(bench, history, [questions]);
    const { height, proofs } = (isPast ? given[given.length >> 1] : given.at(-1)) as Given;
    const begun = bench.state.begin(request(questions, isPast ? { kind: 'height', height } : NEWEST));
    if (!(begun instanceof ProofWork)) return begun.kind === 'error' && begun.code === 'pruned_height';
    bench.state.keep(begun);
    let result = begun.work(1);
    for (const transactions of meanwhile) {
      bench.apply(transactions.map((operations) => bench.transact(operations)));
      result ??= begun.work(1);
    }
    result ??= begun.finish();
    expect(textOf(result)).toBe(proofs[0]);
    bench.state.proven(begun);
    return bench.state.pages.space.pinnedPages === 0;
  },
);

propertyRuns(
  20,
  'a proof ends with its vault, and with its state',
  fc.constantFrom('vault', 'state'),
  fc.nat(20),
  (what, slices) => {
    const bench = new Bench({ hasher: nativeHasher });
    play(bench, [[TUPLES.map((tuple) => write(tuple))], [[remove('doc:1#viewer@user:a')]]], []);
    const begun = bench.state.begin(request(QUESTIONS, { kind: 'height', height: 2 as Height })) as ProofWork;
    bench.state.keep(begun);
    expect(begun.work(slices)).toBeUndefined();
    if (what === 'state') bench.state.close();
    else bench.one({ kind: 'deleteVault', ref: bench.ref(), organization: ORGANIZATION, vault: VAULT });
    expect(begun.isEnded).toBe(true);
    expect(bench.state.pages.space.pinnedPages).toBe(0);
  },
);

propertyRuns(
  60,
  'states with the same rows have the same roots and proofs, in whatever order their rows came: here, replayed, restored from a snapshot',
  fc.uniqueArray(text, { minLength: 1 }),
  fc.array(text, { maxLength: 12 }),
  fc.infiniteStream(fc.nat()),
  (kept, passing, numbers) => {
    const roots = [0, 1].map(() => {
      const bench = new Bench({ hasher: nativeHasher });
      bench.createVault();
      const rest = [...kept.map((tuple) => write(tuple, { ignore: true }))];
      // Within one block, since a leaf says at which height it was written; what passes comes and goes within it.
      for (const tuple of passing) rest.splice(pick(numbers, rest.length + 1), 0, write(tuple, { ignore: true }));
      const gone = passing.filter((tuple) => !kept.includes(tuple)).map((tuple) => remove(tuple, { ignore: true }));
      const shuffled = rest.map((item) => [pick(numbers, 1 << 20), item] as const).sort(([a], [b]) => a - b);
      bench.apply([...shuffled.map(([, item]) => item), ...gone].map((item) => bench.transact([item])));
      const restored = restore(snapshotOf(bench.state), { hasher: nativeHasher });
      if (typeof restored === 'string') throw new Error(restored);
      const replayed = new GroupState(STATE);
      for (const entry of bench.entries) replayed.apply(entry);
      return [bench.state, restored, replayed].map((state) => {
        const { tree } = vaultOf(state).leaves;
        const buckets = Array.from({ length: 256 }, (_, bucket) => toHex(tree.bucketHash(bucket)));
        const { treeRoot, stateRoot } = vaultOf(state).anchor;
        return [toHex(treeRoot), toHex(stateRoot), ...buckets, textOf(ask(state, QUESTIONS, NEWEST))].join();
      });
    });
    expect(new Set(roots.flat()).size).toBe(1);
  },
);

function pick(numbers: fc.Stream<number>, below: number): number {
  return (numbers.next().value ?? 0) % below;
}
