/** The client engine against a hostile cluster: exactly one true outcome each, at most one execution, progress once it is calm. */

import * as fc from 'fast-check';
import { expect } from 'vitest';
import { ClientCore } from '../../core/client/client-core.ts';
import type { LogicalRequest, OperationId } from '../../core/client/operation.ts';
import { NEWEST } from '../../core/client/protocol.ts';
import type { GroupId, Micros, NodeId, OrganizationId, VaultId } from '../../core/ids.ts';
import { Random } from '../../core/random.ts';
import { propertyRuns } from '../support/property.ts';
import { HostileCluster } from './hostile-cluster.ts';

const GROUP = 1 as GroupId;
const ID = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
const ENDPOINTS = ['a', 'b', 'c'].map((letter) => ({ address: `${letter}:1`, node: letter.repeat(32) as NodeId }));

function transact(actor: string): LogicalRequest {
  const transaction = { actor, reason: '', operations: [] };
  return {
    kind: 'transact',
    group: GROUP,
    organization: ID as OrganizationId,
    vault: ID as VaultId,
    transaction,
    model: undefined,
    proof: false,
  };
}

const READ: LogicalRequest = {
  kind: 'query',
  group: GROUP,
  organization: ID as OrganizationId,
  vault: ID as VaultId,
  query: { kind: 'entity', key: 'k' },
  consistency: 'linearizable',
  at: NEWEST,
  proof: false,
};

interface Run {
  readonly cluster: HostileCluster;
  readonly submitted: readonly { readonly id: OperationId; readonly actor: string | undefined; readonly deadline: number }[];
  /** Every outcome in order, for comparing two runs. */
  readonly log: readonly string[];
  /** Operations from here on were submitted when all mischief was over. */
  readonly healedFrom: number;
}

/** @param burst how many operations are submitted at one moment. */
function play(seed: number, link: 'stream' | 'datagram', burst: number): Run {
  const words = [seed, 1, 2, 3] as const;
  const known = seed % 2 === 0 ? ENDPOINTS : ENDPOINTS.slice(0, 1).map(({ address }) => ({ address }));
  const client = new ClientCore({ endpoints: known, random: Random.stream(words, 'client'), link });
  const world = Random.stream(words, 'world');
  const cluster = new HostileCluster(client, { random: world, link, endpoints: ENDPOINTS });
  const submitted: { id: OperationId; actor: string | undefined; deadline: number }[] = [];
  const submit = (patience: number = world.below(20_000_000)): void => {
    const id = (submitted.length + 1) as OperationId;
    const actor = world.chance(0.8) ? `op-${id}${world.chance(0.1) ? '-reject' : ''}` : undefined;
    const deadline = cluster.now + patience;
    submitted.push({ id, actor, deadline });
    const request = actor === undefined ? READ : transact(actor);
    const route = { kind: world.chance(0.5) ? 'leader' : 'any' } as const;
    cluster.give({ kind: 'submit', now: cluster.now as Micros, operation: id, request, deadline: deadline as Micros, route });
  };
  for (let turn = 0; turn < 12; turn += 1) {
    for (let i = world.below(burst + 1); i > 0; i -= 1) submit();
    cluster.run(cluster.now + world.below(turn % 4 === 0 ? 3_000_000 : 30_000));
    cluster.disturb();
  }
  cluster.heal();
  cluster.run(cluster.now + 60_000_000);
  const healedFrom = submitted.length;
  for (let i = 0; i < 10; i += 1) submit(30_000_000);
  cluster.run(cluster.now + 60_000_000);
  const log = submitted.map(({ id }) => JSON.stringify(cluster.done.get(id)));
  return { cluster, submitted, log, healedFrom };
}

const seed = fc.integer({ min: 0, max: 0xffff_ffff });
const link = fc.constantFrom('stream' as const, 'datagram' as const);

propertyRuns(200, 'every operation ends exactly once, by its deadline', seed, link, (at, kind) => {
  const { cluster, submitted } = play(at, kind, 8);
  for (const { id, deadline } of submitted) {
    const done = cluster.done.get(id);
    expect(done?.times).toBe(1);
    expect(done?.at).toBeLessThanOrEqual(deadline);
  }
});

propertyRuns(200, 'a command is executed at most once, and its reported outcome is true for ever', seed, link, (at, kind) => {
  const { cluster, submitted } = play(at, kind, 8);
  expect(cluster.violations).toEqual([]);
  for (const { id, actor } of submitted) {
    if (actor === undefined) continue;
    const times = cluster.executed.get(actor) ?? 0;
    expect(times).toBeLessThanOrEqual(1);
    const outcome = cluster.done.get(id)?.outcome;
    if (outcome?.ok === true) expect(times).toBe(1);
    else if (outcome?.code !== 'unknown_outcome') expect(times).toBe(0);
  }
});

propertyRuns(100, 'once the mischief is over, every operation gets its answer', seed, link, (at, kind) => {
  const { cluster, submitted, healedFrom } = play(at, kind, 8);
  for (const { id } of submitted.slice(healedFrom)) expect(cluster.done.get(id)?.outcome.ok).toBe(true);
});

propertyRuns(10, 'hundreds of operations at once stay within the window of a session', seed, link, (at, kind) => {
  const { cluster, submitted } = play(at, kind, 400);
  expect(cluster.violations).toEqual([]);
  for (const { actor } of submitted) expect(cluster.executed.get(actor ?? '') ?? 0).toBeLessThanOrEqual(1);
  expect(cluster.done.size).toBe(submitted.length);
});

propertyRuns(30, 'the same seed gives the same outcomes at the same times', seed, link, (at, kind) => {
  expect(play(at, kind, 8).log).toEqual(play(at, kind, 8).log);
});

propertyRuns(100, 'a read never ends in an unknown outcome', seed, link, (at, kind) => {
  const { cluster, submitted } = play(at, kind, 8);
  for (const { id, actor } of submitted) {
    const outcome = cluster.done.get(id)?.outcome;
    if (actor === undefined && outcome?.ok === false) expect(outcome.code).not.toBe('unknown_outcome');
  }
});
