/** Writes whose tuples must fit an authorization model: what is refused, and that a refusal is always true. */
import { describe, expect, test } from 'vitest';
import type { ClientRequest, SessionRef, VaultEntry } from '../../core/client/protocol.ts';
import type { RequestId } from '../../core/ids.ts';
import type { Operation, TupleKey } from '../../core/state/transaction.ts';
import { TestCluster, type TestNode } from './harness.ts';
import { ANNE, createVault, expectKind } from './vaults.ts';

/** A doc has these relations, each with users of type user. */
function modelOf(...relations: readonly string[]): string {
  const named = (value: string): string => `{${relations.map((relation) => `"${relation}":${value}`).join(',')}}`;
  const metadata = `{"relations":${named('{"directly_related_user_types":[{"type":"user"}]}')}}`;
  const doc = `{"metadata":${metadata},"relations":${named('{"this":{}}')},"type":"doc"}`;
  return `{"schema_version":"1.1","type_definitions":[{"type":"user"},${doc}]}`;
}

const EDITOR: TupleKey = { ...ANNE, relation: 'editor' };

function written(tuple: TupleKey): Operation {
  return { op: 'writeTuple', tuple, condition: undefined, expiresAt: 0, onDuplicate: 'error' };
}

class Stage {
  readonly cluster: TestCluster;
  readonly vault: VaultEntry;
  readonly session: SessionRef;
  private sequence: number = 1;

  constructor(leases: 'leases' | 'rounds' = 'leases') {
    this.cluster = new TestCluster(3, 1, leases);
    this.cluster.boot();
    const { vault, session } = createVault(this.cluster);
    this.vault = vault;
    this.session = session;
    this.cluster.pass(60_000);
  }

  get leader(): TestNode {
    return this.cluster.leader(this.vault.group);
  }

  request(operations: readonly Operation[], model?: string): Extract<ClientRequest, { kind: 'transact' }> {
    this.sequence += 1;
    const { group, organization, id } = this.vault;
    return {
      kind: 'transact',
      group,
      command: { session: this.session, sequence: this.sequence, lowestUnanswered: this.sequence },
      organization,
      vault: id,
      transaction: { actor: '', reason: '', operations },
      model,
      proof: false,
    };
  }

  write(operations: readonly Operation[], model?: string) {
    return this.cluster.ask(this.leader, this.request(operations, model));
  }

  /** @returns the id of the model. */
  writeModel(model: string): string {
    const { outcome } = expectKind(this.write([{ op: 'writeModel', model }]), 'transacted');
    return outcome.ok ? outcome.model : '';
  }

  /** Whether a request was answered in that very step. */
  answersAtOnce(node: TestNode, body: ClientRequest): boolean {
    const id: RequestId = this.cluster.send(node, body);
    return node.replies.has(id) || node.gated.some((reply) => reply.id === id);
  }
}

describe('what is refused', () => {
  test('where there is no model, the newest one lets everything in, and a named one is missing', () => {
    const it = new Stage();
    expect(it.write([written(EDITOR)], '')).toMatchObject({ kind: 'transacted', outcome: { ok: true } });
    expect(it.write([written(ANNE)], it.vault.id)).toMatchObject({ kind: 'error', code: 'model_missing' });
    expect(it.write([written(ANNE)])).toMatchObject({ kind: 'transacted', outcome: { ok: true } });
  });

  test('a tuple that does not fit is refused before anything is appended; one that nobody checks, or deletes, is not', () => {
    const it = new Stage();
    const viewers = it.writeModel(modelOf('viewer'));
    const group = it.leader.replica.group(it.vault.group);
    const before = group?.raft.lastIndex;
    expect(it.write([written(ANNE), written(EDITOR)], '')).toMatchObject({ kind: 'error', code: 'invalid_tuple' });
    expect(group?.raft.lastIndex).toBe(before);
    expect(it.write([written(ANNE)], '')).toMatchObject({ outcome: { ok: true, changed: true } });
    expect(it.write([written(EDITOR)])).toMatchObject({ outcome: { ok: true, changed: true } });
    expect(it.write([{ op: 'deleteTuple', tuple: EDITOR, onMissing: 'error' }], '')).toMatchObject({ outcome: { ok: true } });
    it.writeModel(modelOf('editor'));
    expect(it.write([written({ ...ANNE, subject: 'user:bob' })], '')).toMatchObject({ code: 'invalid_tuple' });
    expect(it.write([written({ ...ANNE, subject: 'user:bob' })], viewers)).toMatchObject({ outcome: { ok: true } });
  });

  test('a model that makes no sense is refused', () => {
    const it = new Stage();
    for (const model of ['{}', modelOf('viewer').replace('{"type":"user"},', ''), modelOf('viewer').replace('1.1', '0.9')]) {
      expect(it.write([{ op: 'writeModel', model }])).toMatchObject({ kind: 'error', code: 'invalid_model' });
    }
    for (const model of ['[]', '{"schema_version": "1.1"}', '{"b":1,"a":1}']) {
      expect(it.write([{ op: 'writeModel', model }])).toMatchObject({ kind: 'error', code: 'invalid_argument' });
    }
    const model = modelOf('viewer');
    const twice: readonly Operation[] = [
      { op: 'writeModel', model },
      { op: 'writeModel', model },
    ];
    expect(it.write(twice)).toMatchObject({ kind: 'error', code: 'invalid_argument' });
  });
});

describe('a refusal is true', () => {
  test('a command that was applied is answered as the first time, though it would not fit by now', () => {
    const it = new Stage();
    it.writeModel(modelOf('viewer'));
    const request = it.request([written(ANNE)], '');
    const first = it.cluster.ask(it.leader, request);
    expect(first).toMatchObject({ kind: 'transacted', outcome: { ok: true } });
    // Under another session, so that the result of the first is kept.
    const other = expectKind(it.cluster.ask(it.leader, { kind: 'openSession', group: it.vault.group }), 'session').session;
    const model: Operation = { op: 'writeModel', model: modelOf('editor') };
    const change = { ...it.request([model]), command: { session: other, sequence: 1, lowestUnanswered: 1 } };
    expect(it.cluster.ask(it.leader, change)).toMatchObject({ outcome: { ok: true } });
    expect(it.cluster.ask(it.leader, request)).toEqual(first);
    expect(it.write([written({ ...ANNE, subject: 'user:bob' })], '')).toMatchObject({ code: 'invalid_tuple' });
  });

  test('a leader refuses at once under its lease, and behind a round without one', () => {
    const leased = new Stage('leases');
    leased.writeModel(modelOf('viewer'));
    leased.cluster.pass(60_000);
    expect(leased.answersAtOnce(leased.leader, leased.request([written(EDITOR)], ''))).toBe(true);
    const unleased = new Stage('rounds');
    unleased.writeModel(modelOf('viewer'));
    unleased.cluster.pass(60_000);
    const request = unleased.request([written(EDITOR)], '');
    expect(unleased.answersAtOnce(unleased.leader, request)).toBe(false);
    expect(unleased.write([written(EDITOR)], '')).toMatchObject({ code: 'invalid_tuple' });
    expect(unleased.write([written(ANNE)], '')).toMatchObject({ outcome: { ok: true } });
  });

  test('a leader of old refuses nothing: another one may have applied it under a newer model', () => {
    for (const leases of ['leases', 'rounds'] as const) {
      const it = new Stage(leases);
      const { cluster, vault } = it;
      it.writeModel(modelOf('viewer'));
      const old = it.leader;
      cluster.isolate(old);
      const others = cluster.nodes.filter((node) => node !== old);
      const next = (): TestNode | undefined =>
        others.find((node) => node.replica.group(vault.group)?.raft.status().ownTermCommitted === true);
      cluster.runUntil(() => next() !== undefined);
      const leader = next() as TestNode;
      const change = it.request([{ op: 'writeModel', model: modelOf('editor') }]);
      expect(cluster.ask(leader, change)).toMatchObject({ outcome: { ok: true } });
      const request = it.request([written(EDITOR)], '');
      const [early] = [cluster.send(old, request)];
      expect(cluster.ask(leader, request)).toMatchObject({ outcome: { ok: true } });
      cluster.cut.clear();
      cluster.runUntil(() => old.replies.has(early));
      expect(old.replies.get(early)).toMatchObject({ kind: 'error' });
      expect(old.replies.get(early)).not.toMatchObject({ code: 'invalid_tuple' });
      expect(cluster.ask(it.leader, request)).toMatchObject({ outcome: { ok: true } });
    }
  });

  test('a new leader judges by what was acknowledged before it led', () => {
    const it = new Stage('rounds');
    it.writeModel(modelOf('viewer'));
    it.writeModel(modelOf('editor'));
    it.cluster.kill(it.leader, true);
    const leader = it.leader;
    expect(it.cluster.ask(leader, it.request([written(ANNE)], ''))).toMatchObject({ code: 'invalid_tuple' });
    expect(it.cluster.ask(leader, it.request([written(EDITOR)], ''))).toMatchObject({ outcome: { ok: true } });
  });
});
