/** Arbitrary protocol values: everything the codecs may be given, at the edges of their ranges too. */
import * as fc from 'fast-check';
import {
  type ClientRequest,
  type ClientResult,
  type CommandRef,
  type MemberEntry,
  NEWEST,
  type NodeKeyEntry,
  type TupleRow,
  type VaultEntry,
} from '../../core/client/protocol.ts';
import type { Envelope } from '../../core/codec/envelope.ts';
import type { GroupId, Height, LogIndex, NodeId, VaultId } from '../../core/ids.ts';
import { CLAIMS_MAX } from '../../core/limits.ts';
import { isPointQuestion, type Question } from '../../core/proof/statement.ts';
import { enterJoint, leaveJoint, type MemberChange } from '../../core/raft/configuration.ts';
import { type Configuration, configurationOf, type Entry, type Message } from '../../core/raft/message.ts';
import type { DivergenceMessage } from '../../core/replica/divergence-message.ts';
import type { LivenessMessage } from '../../core/replica/hibernation.ts';
import type { RecoveryMessage } from '../../core/replica/recovering.ts';
import type { SigningMessage } from '../../core/signing/message.ts';
import { authzQuery, authzResult } from './authz-arbitraries.ts';
import {
  branded,
  bytes,
  group,
  hash,
  height,
  index,
  micros,
  nodeId,
  organization,
  term,
  text,
  u32,
  u64,
  ulid,
  vault,
} from './field-arbitraries.ts';
import { ics23Proof } from './ics23-arbitraries.ts';
import { anchor, modelQuery, modelResult, retention, transaction, tuple } from './ledger-arbitraries.ts';

function entriesAfter(prevIndex: number): fc.Arbitrary<readonly Entry[]> {
  const body = fc.record({ term, kind: fc.constantFrom(1, 2, 3), data: bytes });
  return branded(
    fc.array(body, { maxLength: 4 }).map((list) => list.map((entry, i) => ({ ...entry, index: prevIndex + 1 + i }))),
  );
}

const append = branded<Message>(
  fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER - 10 }).chain((prevIndex) =>
    fc.record({
      kind: fc.constant('appendEntries'),
      term,
      prevIndex: fc.constant(prevIndex),
      prevTerm: term,
      commit: index,
      entries: entriesAfter(prevIndex),
    }),
  ),
);

/** One that changes may lead to: a joint one in half of the cases. */
export const configuration: fc.Arbitrary<Configuration> = fc
  .record({
    ids: fc.uniqueArray(nodeId, { minLength: 1, maxLength: 8 }),
    changes: fc.array(fc.tuple(fc.constantFrom('voter', 'learner', 'remove'), fc.nat(7), fc.boolean()), { maxLength: 8 }),
    joint: fc.boolean(),
    autoLeave: fc.boolean(),
  })
  .map(({ ids, changes, joint, autoLeave }) => {
    const base = configurationOf([...ids].sort().slice(0, Math.ceil(ids.length / 2)));
    const list = changes.map(([kind, at, promote]): MemberChange => {
      const id = ids[at % ids.length] as NodeId;
      return kind === 'learner' ? { kind, id, promote } : { kind: kind as 'voter' | 'remove', id };
    });
    const changed = enterJoint(base, { changes: list, autoLeave });
    if (!changed.ok) return base;
    const left = leaveJoint(changed.configuration);
    return joint || !left.ok ? changed.configuration : left.configuration;
  });

export const message: fc.Arbitrary<Message> = fc.oneof(
  append,
  fc.record({ kind: fc.constant('preVote' as const), term, lastIndex: index, lastTerm: term }),
  fc.record({ kind: fc.constant('preVoteResponse' as const), term, granted: fc.boolean() }),
  fc.record({ kind: fc.constant('requestVote' as const), term, lastIndex: index, lastTerm: term, transfer: fc.boolean() }),
  fc.record({ kind: fc.constant('requestVoteResponse' as const), term, granted: fc.boolean() }),
  fc.record({
    kind: fc.constant('appendResponse' as const),
    term,
    ok: fc.boolean(),
    index,
    hintIndex: index,
    hintTerm: term,
  }),
  fc.record({ kind: fc.constant('heartbeat' as const), term, commit: index, context: u64 }),
  fc.record({ kind: fc.constant('heartbeatResponse' as const), term, context: u64 }),
  fc.record({ kind: fc.constant('readIndex' as const), term, context: u64 }),
  fc.record({ kind: fc.constant('readIndexResponse' as const), term, context: u64, ok: fc.boolean(), index }),
  fc.record({ kind: fc.constant('timeoutNow' as const), term }),
  fc.record({ kind: fc.constant('hibernate' as const), term, commit: index }),
  fc.record({ kind: fc.constant('wake' as const), term }),
  fc.record({
    kind: fc.constant('installSnapshot' as const),
    term,
    index,
    indexTerm: term,
    configuration,
    manifest: bytes,
  }),
);

const sleepers = fc
  .uniqueArray(fc.record({ group, term }), { selector: (each) => each.group, maxLength: 20 })
  .map((groups) => [...groups].sort((a, b) => a.group - b.group));

export const livenessMessage: fc.Arbitrary<LivenessMessage> = fc.oneof(
  fc.record({ kind: fc.constant('alive' as const), count: u32, low: u32, high: u32 }),
  fc.constant({ kind: 'sleepersAsked' as const }),
  fc.record({ kind: fc.constant('sleepers' as const), groups: sleepers }),
);

const nonce = fc.nat(2 ** 48);

const signature = fc.uint8Array({ minLength: 64, maxLength: 64 });
const signingMessage: fc.Arbitrary<SigningMessage> = fc.oneof(
  fc.record({ kind: fc.constant('checkpointAsked' as const), vault, size: u64, root: hash }),
  fc.record({
    kind: fc.constant('checkpointSigned' as const),
    vault,
    size: u64,
    plain: signature,
    timeS: u64,
    cosignature: signature,
  }),
  fc.record({ kind: fc.constant('checkpointPassed' as const), vault, size: u64 }),
  fc.record({ kind: fc.constant('keyOffered' as const), publicKey: hash }),
);

export const recoveryMessage: fc.Arbitrary<RecoveryMessage> = fc.oneof(
  fc.record({ kind: fc.constant('termAsked' as const), nonce }),
  fc.record({ kind: fc.constant('termTold' as const), nonce, term }),
  fc.record({ kind: fc.constant('stateAsked' as const), above: term }),
);

const counted = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const claims = fc.array(
  fc.record({
    vault: branded<VaultId>(ulid),
    height: branded<Height>(counted),
    index: branded<LogIndex>(counted),
    blockHash: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  }),
  { maxLength: CLAIMS_MAX },
);

export const divergenceMessage: fc.Arbitrary<DivergenceMessage> = fc.oneof(
  fc.record({ kind: fc.constant('blocksTold' as const), claims }),
  fc.record({ kind: fc.constant('blocksAsked' as const), round: u32, claims }),
  fc.record({ kind: fc.constant('blocksAnswered' as const), round: u32, claims }),
  fc.record({ kind: fc.constant('copyAsked' as const), above: index }),
  fc.record({ kind: fc.constant('copyOffered' as const), manifest: bytes }),
);

export const envelope: fc.Arbitrary<Envelope> = fc.record({
  group,
  message: fc.oneof({ weight: 5, arbitrary: message }, livenessMessage, recoveryMessage, divergenceMessage, signingMessage),
});

const command: fc.Arbitrary<CommandRef> = fc
  .tuple(group, index, fc.integer({ min: 1, max: 1000 }), fc.nat(255))
  .map(([g, i, lowestUnanswered, ahead]) => ({
    session: { group: g, index: i },
    sequence: lowestUnanswered + ahead,
    lowestUnanswered,
  }));

const consistency = fc.oneof(fc.constantFrom('linearizable' as const, 'eventual' as const), fc.record({ boundedMs: u32 }));
const point = fc.oneof(
  fc.constant(NEWEST),
  fc.record({ kind: fc.constant('height' as const), height }),
  fc.record({ kind: fc.constant('time' as const), time: micros }),
);
const question: fc.Arbitrary<Question> = fc.oneof(
  fc.record({ kind: fc.constant('tuple' as const), tuple }),
  fc.record({
    kind: fc.constant('subjects' as const),
    resource: text,
    relation: text,
    range: fc.constantFrom('all' as const, 'wildcard' as const, 'userset' as const, 'plain' as const),
  }),
  fc.record({ kind: fc.constant('resource' as const), resource: text }),
  fc.record({ kind: fc.constant('grants' as const), subject: text, relation: text }),
  fc.record({ kind: fc.constant('entity' as const), key: text }),
  fc.record({ kind: fc.constant('model' as const), id: text }),
);
const query = fc.oneof(
  fc.record({ kind: fc.constant('tuple' as const), tuple }),
  fc.record({ kind: fc.constant('entity' as const), key: text }),
  modelQuery,
  authzQuery,
  fc.record({ kind: fc.constant('list' as const), resource: text, relation: text, subject: text, limit: u32, after: bytes }),
  fc.record({ kind: fc.constant('block' as const), height }),
  fc.record({ kind: fc.constant('retention' as const) }),
  fc.record({ kind: fc.constant('logInclusion' as const), height, size: height }),
  fc.record({ kind: fc.constant('logConsistency' as const), from: height, to: height }),
  fc.record({ kind: fc.constant('transactionProof' as const), height, index: u32, size: height }),
  fc.record({ kind: fc.constant('blocks' as const), from: height }),
  fc.record({ kind: fc.constant('proof' as const), questions: fc.array(question, { maxLength: 5 }) }),
  fc.record({ kind: fc.constant('checkpoint' as const), signatures: fc.integer({ min: 0, max: 255 }) }),
  fc.record({ kind: fc.constant('ics23' as const), question: question.filter(isPointQuestion) }),
);
const directoryCommand = fc.oneof(
  fc.record({
    kind: fc.constant('createOrganization' as const),
    name: text,
    placement: fc.constantFrom(undefined, { kind: 'new' as const, replicas: 3 }, { kind: 'group' as const, group: 7 as GroupId }),
  }),
  fc.record({ kind: fc.constant('reserveVault' as const), organization: text, name: text, allowExisting: fc.boolean() }),
  fc.record({ kind: fc.constant('releaseVault' as const), organization: text, vault }),
);

const directoryMemberCommand = fc.oneof(
  fc.record({
    kind: fc.constant('addMember' as const),
    node: nodeId,
    address: text,
    role: fc.constantFrom('voter' as const, 'learner' as const),
  }),
  fc.record({ kind: fc.constantFrom('removeMember' as const, 'promoteMember' as const), node: nodeId }),
  fc.record({ kind: fc.constant('replaceMember' as const), node: nodeId, by: nodeId, address: text }),
  fc.record({ kind: fc.constant('moveMember' as const), node: nodeId, address: text }),
  fc.record({ kind: fc.constant('preferMember' as const), node: nodeId, priority: fc.nat(255) }),
);

export const request: fc.Arbitrary<ClientRequest> = fc.oneof(
  fc.record({ kind: fc.constant('openSession' as const), group }),
  fc.record({ kind: fc.constant('directory' as const), command, body: directoryCommand }),
  fc.record({ kind: fc.constant('directory' as const), command, body: directoryMemberCommand }),
  fc.record({
    kind: fc.constant('transfer' as const),
    group,
    from: fc.option(nodeId, { nil: undefined }),
    to: fc.option(nodeId, { nil: undefined }),
  }),
  fc.record({ kind: fc.constant('createVault' as const), group, command, organization, vault }),
  fc.record({ kind: fc.constant('deleteVault' as const), group, command, organization, vault }),
  fc.record({
    kind: fc.constant('transact' as const),
    group,
    command,
    organization,
    vault,
    transaction,
    model: fc.oneof(fc.constantFrom(undefined, ''), ulid),
    proof: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('query' as const),
    group,
    organization,
    vault,
    query,
    consistency,
    at: point,
    proof: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('lookupVault' as const), organization: text, name: text, id: text, consistency }),
  fc.record({ kind: fc.constant('listVaults' as const), organization: text, after: text, limit: u32, consistency }),
  fc.record({ kind: fc.constant('listOrganizations' as const), consistency }),
  fc.record({ kind: fc.constant('status' as const) }),
);

const row: fc.Arbitrary<TupleRow> = fc.record({
  tuple,
  conditionName: text,
  conditionContext: text,
  expiresAt: u64,
  version: height,
  writtenAt: micros,
});
const vaultEntry: fc.Arbitrary<VaultEntry> = fc.record({
  id: vault,
  organization,
  organizationName: text,
  name: text,
  group,
  createdAt: micros,
});
const outcome = fc.oneof(
  fc.record({ ok: fc.constant(true as const), changed: fc.boolean(), height, model: fc.constant('') }),
  fc.record({ ok: fc.constant(true as const), changed: fc.constant(true), height, model: ulid }),
  fc.record({
    ok: fc.constant(false as const),
    code: fc.constantFrom('tuple_exists' as const, 'version_differs' as const, 'value_differs' as const),
    operation: u32,
  }),
);
const groupStatus = fc.record({
  group,
  role: fc.constantFrom('follower' as const, 'preCandidate' as const, 'candidate' as const, 'leader' as const),
  term,
  leader: fc.option(nodeId, { nil: undefined }),
  commitIndex: index,
  lastApplied: index,
  lastIndex: index,
  quarantined: fc.boolean(),
  asleep: fc.boolean(),
  voters: fc.array(nodeId, { maxLength: 3 }),
  learners: fc.array(nodeId, { maxLength: 2 }),
});

/** Addresses are a few characters: what may stand in them is not the codec's business. */
export const memberEntry: fc.Arbitrary<MemberEntry> = fc
  .record({
    id: nodeId.filter((id) => !/^0+$/.test(id)),
    address: fc.constantFrom('h:1', '[::1]:7400', 'node-1.example:7400'),
    role: fc.constantFrom('voter' as const, 'learner' as const),
    removed: fc.boolean(),
    priority: fc.constantFrom(0, 100, 255),
    replacedBy: fc.option(
      nodeId.filter((id) => !/^0+$/.test(id)),
      { nil: undefined },
    ),
  })
  .map((entry) => ({ ...entry, replacedBy: entry.removed && entry.replacedBy !== entry.id ? entry.replacedBy : undefined }));

const nodeKey: fc.Arbitrary<NodeKeyEntry> = fc.record({
  node: nodeId,
  publicKey: hash,
  from: index,
  retired: fc.option(
    index.filter((at) => at > 0),
    { nil: undefined },
  ),
});

const status = fc.record({
  node: nodeId,
  cluster: fc.option(branded<never>(nodeId), { nil: undefined }),
  members: fc.array(fc.record({ id: nodeId, address: text }), { maxLength: 3 }),
  removed: fc.boolean(),
  groups: fc.array(groupStatus, { maxLength: 3 }),
  droppedFrames: u64,
  signing: fc.option(
    fc.record({
      publicKey: hash,
      registered: fc.boolean(),
      replaced: fc.boolean(),
      loss: fc.option(fc.constantFrom('missing', 'unreadable', 'damaged', 'foreign', 'contradicted'), { nil: undefined }),
    }),
    { nil: undefined },
  ),
});

const path = fc.array(hash, { maxLength: 4 });
const logInclusion = fc.record({ header: fc.uint8Array({ minLength: 196, maxLength: 196 }), size: u64, root: hash, path });
const transactionInclusion = fc.record({ transaction: bytes, index: u32, count: u32, path, block: logInclusion });
const logConsistency = fc.record({ from: u64, to: u64, fromRoot: hash, toRoot: hash, path });
const keptBlock = fc.record({
  header: fc.uint8Array({ minLength: 196, maxLength: 196 }),
  transactions: fc.option(fc.array(fc.uint8Array({ minLength: 2, maxLength: 9 }), { minLength: 1, maxLength: 3 }), {
    nil: undefined,
  }),
});

export const result: fc.Arbitrary<ClientResult> = fc.oneof(
  authzResult,
  fc.record({ kind: fc.constant('session' as const), session: fc.record({ group, index }) }),
  fc.record({
    kind: fc.constant('organization' as const),
    id: organization,
    name: text,
    group: fc.option(group, { nil: undefined }),
    created: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('vault' as const), vault: vaultEntry, created: fc.boolean() }),
  fc.record({ kind: fc.constant('vaults' as const), vaults: fc.array(vaultEntry, { maxLength: 3 }), more: fc.boolean() }),
  fc.record({
    kind: fc.constant('organizations' as const),
    organizations: fc.array(fc.record({ id: organization, name: text, group: fc.option(group, { nil: undefined }) }), {
      maxLength: 3,
    }),
  }),
  fc.record({ kind: fc.constant('member' as const), member: memberEntry, changed: fc.boolean() }),
  fc.record({
    kind: fc.constant('members' as const),
    members: fc.array(memberEntry, { maxLength: 3 }),
    keys: fc.array(nodeKey, { maxLength: 3 }),
  }),
  fc.record({ kind: fc.constant('transferred' as const), group, leader: nodeId }),
  fc.record({ kind: fc.constant('vaultCreated' as const), anchor }),
  fc.record({ kind: fc.constant('vaultDeleted' as const), vault }),
  fc.record({ kind: fc.constant('transacted' as const), outcome, anchor }),
  fc.record({ kind: fc.constant('transacted' as const), outcome, anchor, inclusion: transactionInclusion }),
  fc.record({ kind: fc.constant('logInclusion' as const), inclusion: logInclusion, anchor }),
  fc.record({ kind: fc.constant('logConsistency' as const), consistency: logConsistency, anchor }),
  fc.record({ kind: fc.constant('transactionProof' as const), inclusion: transactionInclusion, anchor }),
  fc.record({ kind: fc.constant('blocks' as const), blocks: fc.array(keptBlock, { maxLength: 3 }), anchor }),
  fc.record({
    kind: fc.constant('tuple' as const),
    present: fc.boolean(),
    row: fc.option(row, { nil: undefined }),
    anchor,
    proof: bytes,
  }),
  fc.record({
    kind: fc.constant('entity' as const),
    value: fc.option(bytes, { nil: undefined }),
    version: height,
    expiresAt: u64,
    anchor,
    proof: bytes,
  }),
  modelResult,
  fc.record({ kind: fc.constant('proof' as const), anchor, proof: bytes }),
  fc.record({ kind: fc.constant('ics23' as const), anchor, proof: ics23Proof }),
  fc.record({ kind: fc.constant('list' as const), rows: fc.array(row, { maxLength: 3 }), next: bytes, anchor }),
  fc.record({
    kind: fc.constant('block' as const),
    anchor,
    transactions: fc.array(bytes, { maxLength: 3 }),
    newest: height,
    pruned: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('retention' as const), retention, oldest: height, oldestTime: micros, anchor }),
  fc.record({ kind: fc.constant('checkpoint' as const), note: text, size: height, signatures: fc.integer({ min: 0, max: 255 }) }),
  fc.record({
    kind: fc.constant('error' as const),
    code: fc.constant('pruned_height' as const),
    message: text,
    leader: fc.constant(undefined),
    retryAfterMs: u32,
    oldest: height,
  }),
  fc.record({ kind: fc.constant('status' as const), status }),
  fc.record({
    kind: fc.constant('error' as const),
    code: fc.constantFrom('not_leader' as const, 'unknown_outcome' as const, 'quarantined' as const, 'transfer_failed' as const),
    message: text,
    leader: fc.option(nodeId, { nil: undefined }),
    retryAfterMs: u32,
  }),
);
