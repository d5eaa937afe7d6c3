/** Random entries of one group: retries, duplicates, stale and reused sequences, expiry at its boundary. */
import * as fc from 'fast-check';
import { toHex } from '../../core/bytes/text.ts';
import { Writer } from '../../core/bytes/writer.ts';
import type { DirectoryCommand, MemberCommand, Placement } from '../../core/client/protocol.ts';
import type { GroupId, Height, LogIndex, NodeId, OrganizationId, VaultId } from '../../core/ids.ts';
import type { Command } from '../../core/state/command.ts';
import type { GroupState } from '../../core/state/group-state.ts';
import type { SessionLimits } from '../../core/state/sessions.ts';
import type { EntityCondition, Operation, Retention } from '../../core/state/transaction.ts';
import { ORGANIZATION, OTHER_ORGANIZATION, OTHER_VAULT, oneModel, tupleOf, VAULT, writeModel } from './support.ts';

export const LIMITS: SessionLimits = { sessionsMax: 3, resultsMax: 256, idleMicros: 400 };
export const TUPLES: readonly string[] = [
  'doc:1#viewer@user:a',
  'doc:1#viewer@user:*',
  'doc:1#viewer@team:x#member',
  'doc:2#owner@user:a',
];
/** Few, so that they are added, removed and replaced again and again. */
export const NODES: readonly NodeId[] = ['a', 'b', 'c', 'd', 'e'].map((digit) => digit.repeat(32) as NodeId);
export const KEYS: readonly string[] = ['k', 'Schlüssel 1'];

const expiresAt = fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: fc.integer({ min: 1, max: 600 }) });
const value = fc.constantFrom('', 'v', 'w').map((text) => new Uint8Array(Buffer.from(text)));
const condition: fc.Arbitrary<EntityCondition | undefined> = fc.oneof(
  fc.constant(undefined),
  fc.constant({ kind: 'mustExist' } as const),
  fc.constant({ kind: 'mustNotExist' } as const),
  fc.nat({ max: 8 }).map((version) => ({ kind: 'versionEquals', version: version as Height }) as const),
  value.map((wanted) => ({ kind: 'valueEquals', value: wanted }) as const),
);
const RETENTIONS: readonly Retention[] = [
  { kind: 'all' },
  { kind: 'heights', heights: 2 },
  { kind: 'heights', heights: 9 },
  { kind: 'duration', micros: 50 },
];
const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({
    op: fc.constant('writeTuple' as const),
    tuple: fc.constantFrom(...TUPLES).map(tupleOf),
    condition: fc.constantFrom(undefined, undefined, { name: 'office', context: '{}' }),
    expiresAt,
    onDuplicate: fc.constantFrom('error' as const, 'ignore' as const),
  }),
  fc.record({
    op: fc.constant('deleteTuple' as const),
    tuple: fc.constantFrom(...TUPLES).map(tupleOf),
    onMissing: fc.constantFrom('error' as const, 'ignore' as const),
  }),
  fc.record({ op: fc.constant('setEntity' as const), key: fc.constantFrom(...KEYS), value, expiresAt, condition }),
  fc.record({ op: fc.constant('deleteEntity' as const), key: fc.constantFrom(...KEYS), condition }),
  fc.record({ op: fc.constant('setRetention' as const), retention: fc.constantFrom(...RETENTIONS) }),
  fc.constantFrom('user', 'doc').map(writeModel),
);
/** Of one transaction. */
export const operations: fc.Arbitrary<readonly Operation[]> = fc.array(operation, { minLength: 1, maxLength: 4 }).map(oneModel);

/** Sequences and sessions from small ranges, so that retries, duplicates, stale and reused ones are common. */
const ref = fc.record({
  session: fc.integer({ min: 1, max: 6 }),
  sequence: fc.integer({ min: 1, max: 12 }),
  lag: fc.nat({ max: 3 }),
});
const vault = fc.constantFrom(VAULT, VAULT, VAULT, OTHER_VAULT);
const organization = fc.constantFrom(ORGANIZATION, ORGANIZATION, ORGANIZATION, ORGANIZATION, OTHER_ORGANIZATION);
const drawn: fc.Arbitrary<Drawn> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('openSession' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('expire' as const), vault }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('createVault' as const), ref, organization, vault }) },
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant('transact' as const),
      ref,
      organization,
      vault,
      operations,
    }),
  },
);
const node = fc.constantFrom(...NODES);
const address = fc.constantFrom('a:1', 'b:1', 'c:1');
const role = fc.constantFrom('voter' as const, 'learner' as const);
const memberCommand: fc.Arbitrary<MemberCommand> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('addMember' as const), node, address, role }) },
  fc.record({ kind: fc.constant('removeMember' as const), node }),
  fc
    .record({ kind: fc.constant('replaceMember' as const), node, by: node, address })
    .filter((command) => command.by !== command.node),
  fc.record({ kind: fc.constant('promoteMember' as const), node }),
  fc.record({ kind: fc.constant('moveMember' as const), node, address }),
  fc.record({ kind: fc.constant('preferMember' as const), node, priority: fc.constantFrom(0, 100, 255) }),
);
const PLACEMENTS: readonly Placement[] = [
  { kind: 'new', replicas: 1 },
  { kind: 'new', replicas: 3 },
  { kind: 'group', group: 1 as GroupId },
  { kind: 'group', group: 3 as GroupId },
];
const slug = fc.constantFrom('one', 'two');
const directoryCommand: fc.Arbitrary<DirectoryCommand> = fc.oneof(
  { weight: 6, arbitrary: memberCommand },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('createOrganization' as const),
      name: slug,
      placement: fc.constantFrom(undefined, ...PLACEMENTS),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('reserveVault' as const),
      organization: slug,
      name: slug,
      allowExisting: fc.boolean(),
    }),
  },
);
/** What only GLOBAL is asked, too. */
const drawnGlobal: fc.Arbitrary<Drawn> = fc.oneof(
  { weight: 1, arbitrary: drawn },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('directory' as const), ref, body: directoryCommand }) },
);
interface DrawnRef {
  readonly session: number;
  readonly sequence: number;
  readonly lag: number;
}

/** A command before its session is named. */
export type Drawn =
  | { readonly kind: 'openSession' }
  | { readonly kind: 'expire'; readonly vault: VaultId }
  | { readonly kind: 'directory'; readonly ref: DrawnRef; readonly body: DirectoryCommand }
  | { readonly kind: 'createVault'; readonly ref: DrawnRef; readonly organization: OrganizationId; readonly vault: VaultId }
  | {
      readonly kind: 'transact';
      readonly ref: DrawnRef;
      readonly organization: OrganizationId;
      readonly vault: VaultId;
      readonly operations: readonly Operation[];
    };

export interface Step {
  /** Added to a base; negative = the new leader's clock is behind. */
  readonly wallStep: number;
  readonly term: number;
  readonly commands: readonly Drawn[];
}

function stepOf(commands: fc.Arbitrary<Drawn>): fc.Arbitrary<Step> {
  return fc.record({
    wallStep: fc.integer({ min: -30, max: 60 }),
    term: fc.integer({ min: 1, max: 3 }),
    commands: fc.array(commands, { maxLength: 4 }),
  });
}

/** One entry. */
export const step: fc.Arbitrary<Step> = stepOf(drawn);
/** One entry of a group that has a directory and its members besides vaults. */
export const globalStep: fc.Arbitrary<Step> = stepOf(drawnGlobal);

/** The command of a draw. @param group whose sessions it names */
export function commandOf(item: Drawn, group: GroupId): Command {
  if (item.kind === 'openSession' || item.kind === 'expire') return item;
  const { session, sequence, lag } = item.ref;
  const reference = {
    session: { group, index: session as LogIndex },
    sequence,
    lowestUnanswered: Math.max(1, sequence - lag),
  };
  if (item.kind === 'createVault' || item.kind === 'directory') return { ...item, ref: reference };
  const transaction = { actor: 'user:anne', reason: '', operations: item.operations };
  return { kind: 'transact', ref: reference, organization: item.organization, vault: item.vault, transaction };
}

/** As entry-data orders them: by vault, in order of first use. */
export function ordered(commands: readonly Command[]): readonly Command[] {
  const section = (command: Command): string => ('vault' in command ? command.vault : '');
  const sections = [...new Set(commands.map(section))];
  return sections.flatMap((id) => commands.filter((command) => section(command) === id));
}

/** Hex of everything that decides. */
export function digestOf(state: GroupState): string {
  const out = new Writer();
  state.digest(out);
  return toHex(out.finish());
}
