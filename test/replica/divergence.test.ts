/** Diverged vaults: who is believed, what is isolated, how it comes back, what survives a restart. */
import { describe, expect, test } from 'vitest';
import type { ClientRequest, SessionRef, VaultEntry } from '../../core/client/protocol.ts';
import { decodeFrame, encodeFrame } from '../../core/codec/frame.ts';
import type { GroupId, Height, LogIndex, Micros, Term, VaultId } from '../../core/ids.ts';
import type { Claim } from '../../core/replica/divergence-message.ts';
import { auditVault } from '../../core/state/audit.ts';
import { TestCluster, type TestNode } from './harness.ts';
import { ANNE, checkRequest, createVault, expectKind, writeRequest } from './vaults.ts';

const SNAPSHOTS = { chunkBytes: 512, trailEntries: 64, pullMicros: 50_000, servedMicros: 0 };
const SECOND = 1_000_000;

interface Book {
  readonly cluster: TestCluster;
  readonly vault: VaultEntry;
  readonly sibling: VaultEntry;
  readonly session: SessionRef;
  readonly marks: Set<string>;
  sequence: number;
}

function open(size: number, { checkpointLogBytes = 1 << 20 } = {}): Book {
  const marks = new Set<string>();
  const probe = { mark: (name: string) => void marks.add(name), stepped: () => undefined };
  const options = { snapshots: { ...SNAPSHOTS, checkpointLogBytes }, segmentBytes: 1 << 16, pageBytes: 512, probe };
  const cluster = new TestCluster(size, 1, 'rounds', options);
  cluster.boot();
  const { vault, session } = createVault(cluster);
  const sibling = { ...vault, id: '01HZZZZZZZZZZZZZZZZZZZZZZZ' as VaultId };
  const book: Book = { cluster, vault, sibling, session, marks, sequence: 2 };
  const command = { session, sequence: 2, lowestUnanswered: 2 };
  const { group, organization, id } = sibling;
  const create: ClientRequest = { kind: 'createVault', group, command, organization, vault: id };
  expectKind(cluster.ask(cluster.leader(group), create), 'vaultCreated');
  write(book, 10);
  return book;
}

const tupleOf = (number: number): typeof ANNE => ({ ...ANNE, subject: `user:${number}` });

/** Transactions, in turn in both vaults. */
function write(book: Book, count: number): void {
  const { cluster, session } = book;
  for (let i = 0; i < count; i += 1) {
    book.sequence += 1;
    const vault = book.sequence % 2 === 0 ? book.vault : book.sibling;
    const request = writeRequest(vault, session, book.sequence, tupleOf(book.sequence));
    // A leader that has just found out refuses; then another one leads.
    cluster.runUntil(() => cluster.ask(cluster.leader(vault.group), request).kind === 'transacted');
    cluster.pass(1000);
  }
}

function groupOn(node: TestNode, { vault }: Book) {
  const group = node.replica.group(vault.group);
  if (group === undefined) throw new Error('no such group');
  return group;
}

function follower(book: Book): TestNode {
  const leader = book.cluster.leader(book.vault.group);
  return book.cluster.nodes.find((node) => node !== leader) as TestNode;
}

/** What a wrong apply or a bit that flips in memory leaves behind: rows and commitment agree, the others have it not. */
function tamper(node: TestNode, book: Book, vault: VaultEntry = book.vault, subject: string = 'user:mallory'): void {
  const found = groupOn(node, book).state.vault(vault.id);
  if (found === undefined) throw new Error('no such vault');
  const version = found.height as Height;
  found.leaves.putTuple({ ...ANNE, subject }, { conditionName: '', conditionContext: '', expiresAt: 0, version });
}

const healthOn = (node: TestNode, book: Book) => groupOn(node, book).divergence.healthOf(book.vault.id);
const codesOf = (node: TestNode) => node.alarms.map(({ code }) => code);

function expectEqualEverywhere(book: Book): void {
  const { cluster, vault, sibling } = book;
  const leader = groupOn(cluster.leader(vault.group), book);
  cluster.runUntil(() => cluster.nodes.every((node) => groupOn(node, book).state.lastApplied === leader.raft.lastIndex));
  for (const node of cluster.nodes) {
    for (const { id } of [vault, sibling]) {
      const found = groupOn(node, book).state.vault(id);
      if (found === undefined) throw new Error('no such vault');
      expect(found.anchor).toEqual(leader.state.vault(id)?.anchor);
      expect(auditVault(found)).toBeUndefined();
    }
  }
}

describe('a follower with another block than a majority', () => {
  test('isolates the vault, serves its siblings, is rebuilt and comes back equal', () => {
    const book = open(3);
    const { cluster, vault, sibling } = book;
    const node = follower(book);
    tamper(node, book);
    write(book, 2);
    cluster.runUntil(() => healthOn(node, book).state !== 'healthy');
    expect(healthOn(node, book)).toMatchObject({ state: 'diverged' });
    for (const consistency of ['eventual', 'linearizable', { boundedMs: 10_000 }] as const) {
      const refused = cluster.ask(node, checkRequest(vault, consistency));
      expect(refused).toMatchObject({ kind: 'error', code: 'vault_diverged' });
      expectKind(cluster.ask(node, checkRequest(sibling, consistency)), 'tuple');
    }
    const past = checkRequest(vault, 'eventual', { at: { kind: 'height', height: 2 as Height } });
    expect(cluster.ask(node, past)).toMatchObject({ kind: 'error', code: 'vault_diverged' });
    expect(codesOf(node)).toEqual(['vault_diverged']);
    write(book, 4);
    cluster.runUntil(() => healthOn(node, book).state === 'healthy');
    expect(codesOf(node)).toEqual(['vault_diverged', 'vault_recovered']);
    expectKind(cluster.ask(node, checkRequest(vault, 'eventual')), 'tuple');
    expectEqualEverywhere(book);
    expect(cluster.nodes.flatMap((each) => each.fatals)).toEqual([]);
    expect(cluster.nodes.filter((each) => each !== node).flatMap(codesOf)).toEqual([]);
    // What was rebuilt is what a start begins with.
    cluster.kill(node, true);
    cluster.open(node);
    write(book, 2);
    cluster.pass(SECOND);
    expect(codesOf(node)).toEqual(['vault_diverged', 'vault_recovered']);
    expectEqualEverywhere(book);
  });

  test('is rebuilt while writes go on, from a log that checkpoints shorten, and after that from its own disk', () => {
    const book = open(3, { checkpointLogBytes: 4096 });
    const { cluster } = book;
    const node = follower(book);
    write(book, 60);
    tamper(node, book);
    write(book, 60);
    cluster.runUntil(() => healthOn(node, book).state === 'healthy' && codesOf(node).length === 2);
    write(book, 10);
    cluster.kill(node, true);
    cluster.open(node);
    write(book, 2);
    cluster.pass(SECOND);
    expect(codesOf(node)).toEqual(['vault_diverged', 'vault_recovered']);
    expectEqualEverywhere(book);
  });

  test('that stops while the vault is isolated does not serve it when it starts again', () => {
    const book = open(3, { checkpointLogBytes: 2048 });
    const { cluster, vault } = book;
    const node = follower(book);
    tamper(node, book);
    write(book, 40);
    cluster.runUntil(() => healthOn(node, book).state !== 'healthy');
    cluster.settle();
    cluster.kill(node, true);
    cluster.open(node);
    cluster.isolate(node); // nobody can tell it anything
    cluster.pass(1000);
    expect(cluster.ask(node, checkRequest(vault, 'eventual'))).toMatchObject({ code: 'vault_diverged' });
    cluster.cut.clear();
    cluster.runUntil(() => healthOn(node, book).state === 'healthy');
    expectEqualEverywhere(book);
  });
});

test('a node whose block the others do not have, or that lacks one of theirs, is found out at once', () => {
  const book = open(3);
  const { cluster, vault } = book;
  const node = follower(book);
  // The next transaction of the vault is refused there: it writes what is there already.
  const next = book.sequence + (book.sequence % 2 === 0 ? 2 : 1);
  tamper(node, book, vault, `user:${next}`);
  write(book, 2);
  const heights = (): number[] => cluster.nodes.map((each) => groupOn(each, book).state.vault(vault.id)?.height ?? 0);
  expect(new Set(heights()).size).toBe(2);
  cluster.runUntil(() => healthOn(node, book).state !== 'healthy');
  cluster.runUntil(() => healthOn(node, book).state === 'healthy');
  expectEqualEverywhere(book);
});

test('a diverged vault that is deleted is let go', () => {
  const book = open(3);
  const { cluster, vault, session } = book;
  const node = follower(book);
  tamper(node, book);
  write(book, 2);
  cluster.runUntil(() => healthOn(node, book).state !== 'healthy');
  book.sequence += 1;
  const command = { session, sequence: book.sequence, lowestUnanswered: book.sequence };
  const { group, organization, id } = vault;
  const deletion: ClientRequest = { kind: 'deleteVault', group, command, organization, vault: id };
  expectKind(cluster.ask(cluster.leader(group), deletion), 'vaultDeleted');
  cluster.runUntil(() => !groupOn(node, book).divergence.hasIsolated);
  expect(codesOf(node)).toEqual(['vault_diverged']);
  cluster.runUntil(() => groupOn(node, book).state.gone.isDeleted(id));
  expect(cluster.ask(node, checkRequest(vault, 'eventual'))).toMatchObject({ code: 'vault_deleted' });
});

test('a copy that brings another block for a sibling is refused', () => {
  const book = open(3);
  const { cluster, sibling } = book;
  const node = follower(book);
  const leader = cluster.leader(book.vault.group);
  tamper(node, book);
  write(book, 2);
  cluster.runUntil(() => healthOn(node, book).state !== 'healthy');
  // The leader says of the sibling what it never told anybody: the vote is over, and no block of it is made any more.
  const other = groupOn(leader, book).state.vault(sibling.id);
  const real = groupOn(node, book).state.vault(sibling.id)?.anchor;
  tamper(leader, book, sibling);
  other?.seal({ term: 1 as Term, index: 1 as LogIndex }, (other.time + 1) as Micros, [new Uint8Array(1)]);
  cluster.runUntil(() => book.marks.has('divergence.attempt-failed') || healthOn(node, book).state === 'healthy');
  expect(book.marks.has('divergence.copy-refused')).toBe(true);
  expect(groupOn(node, book).state.vault(sibling.id)?.anchor).toEqual(real);
});

test('a leader with another block hands leadership over, and no client hears its answers', () => {
  const book = open(3);
  const { cluster, vault, session } = book;
  const node = cluster.leader(vault.group);
  tamper(node, book);
  write(book, 2);
  cluster.runUntil(() => healthOn(node, book).state !== 'healthy');
  if (groupOn(node, book).raft.role === 'leader') {
    book.sequence += 1;
    const refused = cluster.ask(node, writeRequest(vault, session, book.sequence, tupleOf(book.sequence)));
    expect(refused).toMatchObject({ kind: 'error' });
  }
  cluster.runUntil(() => groupOn(node, book).raft.role !== 'leader');
  cluster.runUntil(() => healthOn(node, book).state === 'healthy');
  write(book, 2);
  expectEqualEverywhere(book);
});

describe('nobody gives up a vault', () => {
  test('where two replicas differ and there is no third: both operators are told', () => {
    const book = open(2);
    const { cluster } = book;
    tamper(follower(book), book);
    write(book, 2);
    cluster.runUntil(() => cluster.nodes.every((node) => codesOf(node).length > 0));
    for (const node of cluster.nodes) {
      expect(codesOf(node)).toEqual(['vault_disputed']);
      expect(healthOn(node, book).state).toBe('disputed');
      expectKind(cluster.ask(node, checkRequest(book.vault, 'eventual')), 'tuple');
    }
  });

  test.each([3, 5])('because one of %i lies about its blocks', (size) => {
    const book = open(size);
    const { cluster } = book;
    const liar = follower(book);
    const lie = (claim: Claim): Claim => ({ ...claim, blockHash: claim.blockHash.map((byte) => byte ^ 0xff) });
    cluster.wire = (bytes, from) => {
      const decoded = decodeFrame(bytes);
      if (from !== liar || !decoded.ok) return bytes;
      const { cluster: id, sender, envelopes } = decoded.value;
      const told = envelopes.map(({ group, message }) =>
        'claims' in message ? { group, message: { ...message, claims: message.claims.map(lie) } } : { group, message },
      );
      return encodeFrame({ cluster: id, sender, envelopes: told });
    };
    write(book, 10);
    cluster.pass(5 * SECOND);
    for (const node of cluster.nodes) if (node !== liar) expect(codesOf(node)).toEqual([]);
    expect(book.marks.has('divergence.doubted')).toBe(true);
    expect(book.marks.has('divergence.majority-agrees')).toBe(true);
  });
});

describe('a vault that cannot be rebuilt', () => {
  test('is tried three times, after 1, 2 and 4 seconds; then the operator decides when again', () => {
    const book = open(3);
    const { cluster, vault } = book;
    const node = follower(book);
    let isSpoilt = true;
    cluster.wire = (bytes, _from, to) => {
      const decoded = decodeFrame(bytes);
      if (!isSpoilt || to !== node || !decoded.ok) return bytes;
      const isCopy = decoded.value.envelopes.some(({ message }) => message.kind === 'copyOffered');
      return isCopy ? undefined : bytes;
    };
    tamper(node, book);
    write(book, 2);
    cluster.runUntil(() => codesOf(node).includes('vault_escalated'));
    expect(healthOn(node, book)).toMatchObject({ state: 'escalated', attempt: 3 });
    cluster.pass(60 * SECOND);
    expect(cluster.ask(node, checkRequest(vault, 'eventual'))).toMatchObject({ code: 'vault_diverged' });
    isSpoilt = false;
    cluster.input(node, { kind: 'recoverVault', group: vault.group as GroupId, vault: vault.id });
    cluster.runUntil(() => healthOn(node, book).state === 'healthy');
    expectEqualEverywhere(book);
  });
});
