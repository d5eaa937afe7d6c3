/** Entries, commands and a little cluster of one group for the tests of core/state. */

import type { Entropy, Hasher } from '../../core/capability.ts';
import { ulidFrom } from '../../core/chain/ulid.ts';
import type { Anchor, ClientResult, CommandRef, ReadPoint, VaultQuery } from '../../core/client/protocol.ts';
import { NEWEST } from '../../core/client/protocol.ts';
import { portableHasher } from '../../core/hasher.ts';
import type { GroupId, LogIndex, Micros, OrganizationId, Term, VaultId } from '../../core/ids.ts';
import { type Entry, EntryKind } from '../../core/raft/message.ts';
import type { Command } from '../../core/state/command.ts';
import { encodeEntryData } from '../../core/state/entry-data.ts';
import { GroupState, type GroupStateOptions } from '../../core/state/group-state.ts';
import type { Operation, Retention, Transaction, TupleKey } from '../../core/state/transaction.ts';

export const GROUP: GroupId = 1 as GroupId;
/** Not secret and not random: salts decide nothing. */
export const fixedEntropy: Entropy = { fill: (out, offset, length) => void out.fill(0xa5, offset, offset + length) };

function idOf(number: number): string {
  return ulidFrom(1_700_000_000_000, new Uint8Array(10).fill(number));
}
export const ORGANIZATION: OrganizationId = idOf(1) as OrganizationId;
export const OTHER_ORGANIZATION: OrganizationId = idOf(2) as OrganizationId;
export const VAULT: VaultId = idOf(3) as VaultId;
export const OTHER_VAULT: VaultId = idOf(4) as VaultId;

export function tupleOf(text: string): TupleKey {
  const [left, subject] = text.split('@');
  const [resource, relation] = (left ?? '').split('#');
  return { resource: resource ?? '', relation: relation ?? '', subject: subject ?? '' };
}

export function write(text: string, options: { expiresAt?: number; ignore?: boolean; condition?: string } = {}): Operation {
  return {
    op: 'writeTuple',
    tuple: tupleOf(text),
    condition: options.condition === undefined ? undefined : { name: options.condition, context: '{}' },
    expiresAt: options.expiresAt ?? 0,
    onDuplicate: options.ignore === true ? 'ignore' : 'error',
  };
}

export function remove(text: string, options: { ignore?: boolean } = {}): Operation {
  return { op: 'deleteTuple', tuple: tupleOf(text), onMissing: options.ignore === true ? 'ignore' : 'error' };
}

export function set(key: string, value: string, options: { expiresAt?: number } = {}): Operation {
  return { op: 'setEntity', key, value: bytesOf(value), expiresAt: options.expiresAt ?? 0, condition: undefined };
}

export function keep(retention: Retention): Operation {
  return { op: 'setRetention', retention };
}

/** A model with one type, in canonical form. */
export function modelText(type: string): string {
  return `{"schema_version":"1.1","type_definitions":[{"type":"${type}"}]}`;
}

export function writeModel(type: string): Operation {
  return { op: 'writeModel', model: modelText(type) };
}

/** A transaction writes one model at most: the first stays. */
export function oneModel(operations: readonly Operation[]): readonly Operation[] {
  const first = operations.findIndex(({ op }) => op === 'writeModel');
  return operations.filter(({ op }, index) => op !== 'writeModel' || index === first);
}

export function bytesOf(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text));
}

export function transactionOf(...operations: readonly Operation[]): Transaction {
  return { actor: 'user:anne', reason: 'because', operations };
}

/** One replica of one group, fed with entries one behind the other; keeps them, so that they can be replayed. */
export class Bench {
  readonly state: GroupState;
  readonly entries: Entry[] = [];
  private sequence: number = 0;
  private session: LogIndex = 0 as LogIndex;

  constructor(options: Partial<GroupStateOptions> & { readonly hasher?: Hasher } = {}) {
    this.state = new GroupState({ group: GROUP, hasher: portableHasher, dataGroups: [GROUP], ...options });
  }

  /** Applies one entry of these commands, proposed at wall. @returns results in the order of the commands given. */
  apply(commands: readonly Command[], wall: number = this.state.lastTime + 1000, term: number = 1): readonly ClientResult[] {
    const { data, order } = encodeEntryData({ wall: wall as Micros, commands, entropy: fixedEntropy });
    const index = (this.state.lastApplied + 1) as LogIndex;
    const entry: Entry = { term: term as Term, index, kind: EntryKind.normal, data };
    this.entries.push(entry);
    const results = this.state.apply(entry);
    const out: ClientResult[] = [];
    order.forEach((commandIndex, k) => {
      out[commandIndex] = results[k] as ClientResult;
    });
    return out;
  }

  one(command: Command, wall?: number): ClientResult {
    return this.apply([command], wall)[0] as ClientResult;
  }

  /** The next reference of the bench's own session, opened at first use. */
  ref(options: { sequence?: number; lowestUnanswered?: number } = {}): CommandRef {
    if (this.session === 0) {
      const opened = this.one({ kind: 'openSession' }, 1);
      if (opened.kind === 'session') this.session = opened.session.index;
    }
    this.sequence = options.sequence ?? this.sequence + 1;
    const lowestUnanswered = options.lowestUnanswered ?? this.sequence;
    return { session: { group: this.state.group, index: this.session }, sequence: this.sequence, lowestUnanswered };
  }

  /** Creates VAULT in ORGANIZATION. */
  createVault(wall?: number): ClientResult {
    return this.one({ kind: 'createVault', ref: this.ref(), organization: ORGANIZATION, vault: VAULT }, wall);
  }

  transact(operations: readonly Operation[]): Command {
    const transaction = transactionOf(...operations);
    return { kind: 'transact', ref: this.ref(), organization: ORGANIZATION, vault: VAULT, transaction };
  }

  /** Applies one transaction in an entry of its own. */
  run(operations: readonly Operation[], wall?: number): ClientResult {
    return this.one(this.transact(operations), wall);
  }

  query(query: VaultQuery, proof: boolean = false, at: ReadPoint = NEWEST): ClientResult {
    return this.state.query({
      kind: 'query',
      group: this.state.group,
      organization: ORGANIZATION,
      vault: VAULT,
      query,
      consistency: 'linearizable',
      at,
      proof,
    });
  }

  has(text: string): boolean {
    const result = this.query({ kind: 'tuple', tuple: tupleOf(text) });
    return result.kind === 'tuple' && result.present;
  }
}

/** The anchor of a result that has one. */
export function anchorOf(result: ClientResult): Anchor {
  if (!('anchor' in result)) throw new Error(`no anchor in ${JSON.stringify(result)}`);
  return result.anchor;
}
