/** Whether two states of group 0 are the same, in everything that a client or a replica could tell them apart by. */
import { expect } from 'vitest';
import { toHex } from '../../core/bytes/text.ts';
import type { ChainQuery } from '../../core/client/chain-protocol.ts';
import { NEWEST } from '../../core/client/protocol.ts';
import { GLOBAL_GROUP, type GroupId, HEIGHT_ZERO, type Height } from '../../core/ids.ts';
import { auditVault } from '../../core/state/audit.ts';
import type { GroupState, GroupStateOptions } from '../../core/state/group-state.ts';
import type { Founder } from '../../core/state/member-table.ts';
import type { Vault } from '../../core/state/vault.ts';
import { digestOf, KEYS, LIMITS, NODES, TUPLES } from '../state/arbitraries.ts';
import { Bench, ORGANIZATION, tupleOf, VAULT, GROUP as VAULTS_GROUP } from '../state/support.ts';

/** GLOBAL: vaults and sessions as in any group, a directory and its nodes besides. */
export const GROUP: GroupId = GLOBAL_GROUP;
const FOUNDERS: readonly Founder[] = NODES.slice(0, 2).map((id) => ({ id, address: `${id[0]}:1` }));
export const OPTIONS: Pick<GroupStateOptions, 'sessionLimits' | 'founders'> = { sessionLimits: LIMITS, founders: FOUNDERS };

/** A group with a session and an empty vault. */
export function begun(options: Partial<GroupStateOptions> = {}): Bench {
  const bench = new Bench({ group: GROUP, dataGroups: [VAULTS_GROUP], ...OPTIONS, ...options });
  bench.apply([{ kind: 'openSession' }], 1);
  const ref = { session: { group: GROUP, index: bench.state.lastApplied }, sequence: 12, lowestUnanswered: 1 };
  bench.apply([{ kind: 'createVault', ref, organization: ORGANIZATION, vault: VAULT }], 2);
  return bench;
}

/** Everything of a vault's rows, in key order. */
function rowsOf(vault: Vault): readonly string[] {
  return Array.from(vault.leaves.rows.scan({ from: new Uint8Array(0) }), ({ key, value }) => `${toHex(key)}=${toHex(value)}`);
}

function answersOf(state: GroupState): readonly unknown[] {
  const queries = [
    ...TUPLES.map((text) => ({ kind: 'tuple', tuple: tupleOf(text) }) as const),
    ...KEYS.map((key) => ({ kind: 'entity', key }) as const),
  ];
  return queries.map((query) => {
    const request = { kind: 'query', group: GROUP, organization: ORGANIZATION, vault: VAULT, query } as const;
    return state.query({ ...request, consistency: 'linearizable', at: NEWEST, proof: true });
  });
}

/** Every proof that the chain of the vault has to give, of headers and of transactions. */
function chainAnswersOf(state: GroupState): readonly unknown[] {
  const newest = state.vault(VAULT)?.height ?? 0;
  const queries = Array.from({ length: newest }, (_, at): readonly ChainQuery[] => {
    const height = (at + 1) as Height;
    const size = Math.min(newest, height + 3) as Height;
    return [
      { kind: 'logInclusion', height, size },
      { kind: 'logConsistency', from: height, to: HEIGHT_ZERO },
      { kind: 'transactionProof', height, index: 0, size: HEIGHT_ZERO },
      ...(at === 0 ? [{ kind: 'blocks', from: height } as const] : []),
    ];
  });
  return queries.flat().map((query) => {
    const request = { kind: 'query', group: GROUP, organization: ORGANIZATION, vault: VAULT, query } as const;
    return state.query({ ...request, consistency: 'linearizable', at: NEWEST, proof: false });
  });
}

export function expectEqual(actual: GroupState, expected: GroupState): void {
  expect(digestOf(actual)).toBe(digestOf(expected));
  expect(actual.lastTime).toBe(expected.lastTime);
  expect(actual.nextExpiry()).toEqual(expected.nextExpiry());
  expect(answersOf(actual)).toEqual(answersOf(expected));
  expect(chainAnswersOf(actual)).toEqual(chainAnswersOf(expected));
  expect(actual.topology?.members.entries).toEqual(expected.topology?.members.entries);
  expect(actual.topology?.groups.entries).toEqual(expected.topology?.groups.entries);
  expect(actual.topology?.revision).toBe(expected.topology?.revision);
  for (const id of expected.vaultIds()) {
    const [own, other] = [actual.vault(id) as Vault, expected.vault(id) as Vault];
    expect(own.anchor).toEqual(other.anchor);
    expect(rowsOf(own)).toEqual(rowsOf(other));
    expect(own.log.root()).toEqual(other.log.root());
    expect(auditVault(own)).toBeUndefined();
  }
}
