/** Who changes the members of a test cluster, and what becomes of that. */
import { expect } from 'vitest';
import type { ClientResult, MemberCommand, SessionRef } from '../../core/client/protocol.ts';
import type { GroupId, NodeId } from '../../core/ids.ts';
import type { TestCluster, TestNode } from './harness.ts';

export const GROUPS: readonly number[] = [0, 1];

export function voters(node: TestNode, group: number): readonly NodeId[] {
  return node.replica.status().groups.find((status) => status.group === group)?.voters ?? [];
}

/** A client of the directory: one session, commands in sequence, at whoever leads. */
export class Operator {
  private readonly cluster: TestCluster;
  private session: SessionRef | undefined = undefined;
  private sequence: number = 0;

  constructor(cluster: TestCluster) {
    this.cluster = cluster;
  }

  change(body: MemberCommand): ClientResult {
    const session = this.open();
    this.sequence += 1;
    const { sequence } = this;
    const command = { session, sequence, lowestUnanswered: sequence };
    return this.insist(() => this.cluster.ask(this.cluster.leader(0), { kind: 'directory', command, body }));
  }

  private open(): SessionRef {
    if (this.session !== undefined) return this.session;
    const opened = this.insist(() => this.cluster.ask(this.cluster.leader(0), { kind: 'openSession', group: 0 as GroupId }));
    if (opened.kind !== 'session') throw new Error(JSON.stringify(opened));
    this.session = opened.session;
    return opened.session;
  }

  /** The same question until there is an answer, as the client engine does. */
  private insist(ask: () => ClientResult): ClientResult {
    for (let tries = 0; tries < 50; tries += 1) {
      const answer = ask();
      if (answer.kind !== 'error' || answer.retryAfterMs === 0) {
        if (answer.kind !== 'error' || !['not_leader', 'unknown_outcome'].includes(answer.code)) return answer;
      }
      this.cluster.pass(20_000);
    }
    throw new Error('no answer');
  }
}

/** Runs until these nodes, and no others, vote in every group, as each of them sees it. */
export function untilVoters(cluster: TestCluster, wanted: readonly TestNode[]): void {
  const ids = wanted.map((node) => node.id).sort();
  cluster.runUntil(() =>
    wanted.every((node) => GROUPS.every((group) => JSON.stringify(voters(node, group)) === JSON.stringify(ids))),
  );
}

export function add(cluster: TestCluster, operator: Operator): TestNode {
  const node = cluster.join();
  const address = cluster.address(node);
  expect(operator.change({ kind: 'addMember', node: node.id, address, role: 'voter' })).toMatchObject({ changed: true });
  return node;
}
