/** The state machine of one group with one vault, in memory, fed with entries: what a node evaluates on, without sockets and disks. */
import { celConditions } from '../../core/authz/cel.ts';
import type { ReadTuple } from '../../core/authz/reading.ts';
import type { Entropy } from '../../core/capability.ts';
import { ulidFrom } from '../../core/chain/ulid.ts';
import type { AuthzQuery, AuthzResult } from '../../core/client/authz-protocol.ts';
import { type ClientResult, type CommandRef, NEWEST } from '../../core/client/protocol.ts';
import type { GroupId, LogIndex, Micros, OrganizationId, Term, VaultId } from '../../core/ids.ts';
import { type Entry, EntryKind } from '../../core/raft/message.ts';
import type { Command } from '../../core/state/command.ts';
import { encodeEntryData } from '../../core/state/entry-data.ts';
import { GroupState } from '../../core/state/group-state.ts';
import type { Operation, TupleKey } from '../../core/state/transaction.ts';
import { nativeHasher } from '../../node/hasher.ts';

const GROUP = 1 as GroupId;
/** Salts decide nothing here. */
const entropy: Entropy = { fill: (out, offset, length) => void out.fill(0xa5, offset, offset + length) };
const idOf = (number: number): string => ulidFrom(1_700_000_000_000, new Uint8Array(10).fill(number));
export const ORGANIZATION: OrganizationId = idOf(1) as OrganizationId;
export const VAULT: VaultId = idOf(2) as VaultId;
/** Operations of one transaction. */
const BATCH = 1000;

/** Answers that may carry a proof. */
export type ProvenResult = Exclude<AuthzResult, { readonly kind: 'expand' }>;

export class BenchLedger {
  readonly state: GroupState = new GroupState({
    group: GROUP,
    hasher: nativeHasher,
    dataGroups: [GROUP],
    conditions: celConditions,
  });
  private session: LogIndex = 0 as LogIndex;
  private sequence: number = 0;

  constructor() {
    const opened = this.apply({ kind: 'openSession' });
    if (opened.kind !== 'session') throw new Error('a session opens');
    this.session = opened.session.index;
    this.apply({ kind: 'createVault', ref: this.ref(), organization: ORGANIZATION, vault: VAULT });
  }

  write(tuples: readonly ReadTuple[]): void {
    this.runAll(tuples.map((read) => ({ op: 'writeTuple', ...read, expiresAt: 0, onDuplicate: 'ignore' })));
  }

  delete(tuples: readonly TupleKey[]): void {
    this.runAll(tuples.map((tuple) => ({ op: 'deleteTuple', tuple, onMissing: 'ignore' })));
  }

  writeModel(model: string): void {
    this.run([{ op: 'writeModel', model }]);
  }

  query(query: AuthzQuery, proof: boolean = false): ProvenResult {
    const where = { group: GROUP, organization: ORGANIZATION, vault: VAULT, consistency: 'linearizable', at: NEWEST } as const;
    const result = this.state.query({ kind: 'query', ...where, query, proof });
    if (result.kind !== 'check' && result.kind !== 'listObjects' && result.kind !== 'listUsers') {
      throw new Error(`a question was not answered: ${JSON.stringify(result)}`);
    }
    return result;
  }

  private runAll(operations: readonly Operation[]): void {
    for (let from = 0; from < operations.length; from += BATCH) this.run(operations.slice(from, from + BATCH));
  }

  private run(operations: readonly Operation[]): void {
    const transaction = { actor: '', reason: '', operations };
    const result = this.apply({ kind: 'transact', ref: this.ref(), organization: ORGANIZATION, vault: VAULT, transaction });
    if (result.kind !== 'transacted' || !result.outcome.ok) throw new Error(`a write was refused: ${JSON.stringify(result)}`);
  }

  private ref(): CommandRef {
    this.sequence += 1;
    return { session: { group: GROUP, index: this.session }, sequence: this.sequence, lowestUnanswered: this.sequence };
  }

  private apply(command: Command): ClientResult {
    const { data } = encodeEntryData({ wall: (this.state.lastTime + 1000) as Micros, commands: [command], entropy });
    const index = (this.state.lastApplied + 1) as LogIndex;
    const entry: Entry = { term: 1 as Term, index, kind: EntryKind.normal, data };
    return this.state.apply(entry)[0] as ClientResult;
  }
}
