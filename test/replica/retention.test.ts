/** What a vault keeps, on nodes that checkpoint, restart and fetch snapshots: all of them say the same, before and after. */
import { expect, test } from 'vitest';
import type { ClientRequest, ClientResult, SessionRef, VaultEntry } from '../../core/client/protocol.ts';
import type { Height } from '../../core/ids.ts';
import { auditVault } from '../../core/state/audit.ts';
import type { Operation } from '../../core/state/transaction.ts';
import type { Vault } from '../../core/state/vault.ts';
import { TestCluster, type TestNode } from './harness.ts';
import { ANNE, checkRequest, createVault, expectKind } from './vaults.ts';

const SNAPSHOTS = { checkpointLogBytes: 4096, chunkBytes: 256, trailEntries: 0, pullMicros: 50_000, servedMicros: 0 };

class Book {
  readonly cluster: TestCluster;
  readonly vault: VaultEntry;
  readonly marks: Set<string> = new Set();
  private readonly session: SessionRef;
  private sequence: number = 1;

  constructor() {
    const probe = { mark: (name: string) => void this.marks.add(name), stepped: () => undefined };
    this.cluster = new TestCluster(3, 1, 'rounds', { snapshots: SNAPSHOTS, segmentBytes: 8192, pageBytes: 512, probe });
    this.cluster.boot();
    const { vault, session } = createVault(this.cluster);
    this.vault = vault;
    this.session = session;
  }

  transact(operations: readonly Operation[]): void {
    const { group, organization, id } = this.vault;
    this.sequence += 1;
    const request: ClientRequest = {
      kind: 'transact',
      group,
      command: { session: this.session, sequence: this.sequence, lowestUnanswered: this.sequence },
      organization,
      vault: id,
      transaction: { actor: 'test', reason: '', operations },
      model: undefined,
      proof: false,
    };
    expectKind(this.cluster.ask(this.cluster.leader(group), request), 'transacted');
    this.cluster.pass(100);
  }

  /** Grants and revokes one tuple, again and again: all of it is history. */
  churn(count: number): void {
    for (let i = 0; i < count; i += 1) {
      this.transact([{ op: 'writeTuple', tuple: ANNE, condition: undefined, expiresAt: 0, onDuplicate: 'error' }]);
      this.transact([{ op: 'deleteTuple', tuple: ANNE, onMissing: 'error' }]);
    }
  }

  stateOf(node: TestNode): Vault | undefined {
    return node.replica.group(this.vault.group)?.state.vault(this.vault.id);
  }

  /** Until every node has applied everything. */
  settle(): void {
    const { cluster, vault } = this;
    cluster.runUntil(() => {
      const last = cluster.leader(vault.group).replica.group(vault.group)?.raft.lastIndex;
      return cluster.nodes.every((node) => node.replica.group(vault.group)?.state.lastApplied === last);
    });
  }

  /** What each height says, on one node. */
  answersOf(node: TestNode): readonly string[] {
    const { height } = this.stateOf(node) as Vault;
    return Array.from({ length: height }, (_, at) => {
      const point = { kind: 'height', height: (at + 1) as Height } as const;
      return told(this.cluster.ask(node, checkRequest(this.vault, 'eventual', { at: point })));
    });
  }

  expectAlike(): readonly string[] {
    const [first = [], ...others] = this.cluster.nodes.map((node) => this.answersOf(node));
    for (const other of others) expect(other).toEqual(first);
    for (const node of this.cluster.nodes) expect(auditVault(this.stateOf(node) as Vault)).toBeUndefined();
    return first;
  }
}

function told(result: ClientResult): string {
  if (result.kind === 'tuple') return result.present ? 'present' : 'absent';
  return result.kind === 'error' ? `${result.code} ${result.oldest}` : result.kind;
}

test('a laggard that fetches a snapshot, and everybody after a restart, refuse what the others refuse', () => {
  const book = new Book();
  const { cluster, vault } = book;
  book.churn(10);
  const leader = cluster.leader(vault.group);
  const away = cluster.nodes.find((node) => node !== leader && node !== cluster.leader(0)) as TestNode;
  const last = away.replica.group(vault.group)?.raft.lastIndex as number;
  cluster.kill(away, false);
  book.transact([{ op: 'setRetention', retention: { kind: 'heights', heights: 6 } }]);
  while ((leader.replica.group(vault.group)?.raft.baseIndex as number) <= last) book.churn(3);
  cluster.open(away);
  book.settle();
  expect(book.marks.has('snapshot.installed')).toBe(true);
  const { height } = book.stateOf(leader) as Vault;
  const oldest = height - 5;
  const before = book.expectAlike();
  expect(before.slice(0, oldest - 1)).toEqual(Array(oldest - 1).fill(`pruned_height ${oldest}`));
  expect(before.slice(oldest - 1)).toHaveLength(6);
  expect(before.slice(oldest - 1)).toContain('present');
  expect(book.marks.has('replica.read-pruned')).toBe(true);

  // From a checkpoint and the log behind it, on all at once.
  for (const node of cluster.nodes) cluster.kill(node, false);
  for (const node of cluster.nodes) cluster.open(node);
  book.settle();
  expect(book.expectAlike()).toEqual(before);

  // And it goes on: more is kept from now on, and nothing comes back.
  book.transact([{ op: 'setRetention', retention: { kind: 'all' } }]);
  book.churn(5);
  book.settle();
  const after = book.expectAlike();
  const refused = `pruned_height ${oldest}`;
  expect(after.filter((answer) => answer === refused)).toHaveLength(oldest - 1);
  expect(after.slice(oldest - 1, height)).toEqual(before.slice(oldest - 1));
});

test('what is on disk does not grow with what is forgotten', () => {
  const book = new Book();
  book.transact([{ op: 'setRetention', retention: { kind: 'heights', heights: 4 } }]);
  const rows = (): number => {
    const { leaves } = book.stateOf(book.cluster.leader(book.vault.group)) as Vault;
    return leaves.rows.count;
  };
  book.churn(10);
  const before = rows();
  book.churn(60);
  expect(rows() - before).toBe(120); // headers
});
