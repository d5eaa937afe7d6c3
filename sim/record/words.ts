/** What frames say, in words: each message as its kind, its numbers, and a phrase that continues "node 2 …". */
import { fromUtf8, toHex } from '../../core/bytes/text.ts';
import type { ClientRequest, ClientResult } from '../../core/client/protocol.ts';
import { decodeClientRequest, decodeClientResult } from '../../core/codec/client-frame.ts';
import type { Envelope, PeerMessage } from '../../core/codec/envelope.ts';
import { decodeFrame } from '../../core/codec/frame.ts';
import type { Question } from '../../core/proof/statement.ts';
import type { Message } from '../../core/raft/message.ts';
import type { Operation, Retention, TransactionOutcome, TupleKey } from '../../core/state/transaction.ts';
import type { Asked, Told } from '../workload/history.ts';
import { type MessageWords, RECEIVER } from './phrase.ts';

/** What nodes say to each other where nothing happens. */
const IDLE_KINDS: readonly PeerMessage['kind'][] = ['heartbeat', 'heartbeatResponse', 'alive'];

const UNREADABLE: MessageWords = {
  kind: 'unreadable',
  group: -1,
  term: 0,
  phrase: 'sends bytes that do not decode',
  isIdle: false,
};

/** Messages in a frame between two nodes. */
export function peerWords(bytes: Uint8Array): readonly MessageWords[] {
  const decoded = decodeFrame(bytes);
  return decoded.ok ? envelopeWords(decoded.value.envelopes) : [UNREADABLE];
}

export function envelopeWords(envelopes: readonly Envelope[]): readonly MessageWords[] {
  return envelopes.map(({ group, message }) => ({
    kind: message.kind,
    group,
    term: 'term' in message ? message.term : 0,
    phrase: messagePhrase(message),
    isIdle: IDLE_KINDS.includes(message.kind),
  }));
}

/** A client's question. */
export function requestWords(bytes: Uint8Array): MessageWords {
  const decoded = decodeClientRequest(bytes);
  if (!decoded.ok) return UNREADABLE;
  const { request } = decoded.value;
  const group = 'group' in request ? request.group : -1;
  return { kind: 'request', group, term: 0, phrase: `asks ${RECEIVER}: ${requestPhrase(request)}`, isIdle: false };
}

/** A node's answer to a client. */
export function resultWords(bytes: Uint8Array): MessageWords {
  const decoded = decodeClientResult(bytes);
  if (!decoded.ok) return UNREADABLE;
  return {
    kind: 'result',
    group: -1,
    term: 0,
    phrase: `answers ${RECEIVER}: ${resultPhrase(decoded.value.result)}`,
    isIdle: false,
  };
}

function messagePhrase(message: PeerMessage): string {
  const term = 'term' in message ? message.term : 0;
  const to = RECEIVER;
  switch (message.kind) {
    case 'preVote':
      return `asks whether ${to} would vote for it in term ${term} (its log ends with entry ${message.lastIndex} of term ${message.lastTerm})`;
    case 'preVoteResponse':
      return message.granted ? `would vote for ${to} in term ${term}` : `would not vote for ${to} (it is in term ${term})`;
    case 'requestVote':
      return `asks ${to} for its vote in term ${term} (its log ends with entry ${message.lastIndex} of term ${message.lastTerm})`;
    case 'requestVoteResponse':
      return message.granted ? `gives ${to} its vote of term ${term}` : `refuses ${to} its vote in term ${term}`;
    case 'appendEntries':
      return `sends ${to} ${entriesPhrase(message)} (term ${term}, committed up to ${message.commit})`;
    case 'appendResponse':
      return message.ok
        ? `acknowledges to ${to} every entry up to ${message.index} (term ${term})`
        : `refuses the entries of ${to}: its log does not match at ${message.index}, try ${message.hintIndex} (term ${term})`;
    case 'heartbeat':
      return `sends ${to} a heartbeat of term ${term} (committed up to ${message.commit}${round(message.context)})`;
    case 'heartbeatResponse':
      return `answers the heartbeat of ${to} in term ${term}${round(message.context)}`;
    case 'readIndex':
      return `asks ${to} up to where it has to apply before it may answer a read`;
    case 'readIndexResponse':
      return message.ok
        ? `tells ${to} that reads may be answered from entry ${message.index} on`
        : `cannot vouch for reads of ${to}`;
    case 'hibernate':
      return `tells ${to} that nothing happens, up to entry ${message.commit}: no heartbeats follow (term ${term})`;
    case 'wake':
      return `tells ${to} that it does not sleep in term ${term}`;
    case 'alive':
      return `tells ${to} that it lives and leads ${message.count} groups that sleep`;
    case 'sleepersAsked':
      return `asks ${to} which groups it believes asleep`;
    case 'sleepers':
      return `tells ${to} that these groups sleep: ${message.groups.map((each) => each.group).join(', ')}`;
    case 'timeoutNow':
      return `tells ${to} to campaign at once (term ${term})`;
    case 'installSnapshot':
      return `offers ${to} a snapshot up to entry ${message.index} of term ${message.indexTerm} (term ${term})`;
    case 'snapshotPull':
      return `asks ${to} for chunk ${message.number} of section ${message.section} of its snapshot up to entry ${message.index}`;
    case 'snapshotChunk':
      return `sends ${to} chunk ${message.number} of section ${message.section} of the snapshot up to entry ${message.index}`;
    case 'snapshotGone':
      return `tells ${to} that it does not hold the snapshot up to entry ${message.index}`;
    case 'checkpointAsked':
      return `asks ${to} to sign the checkpoint of vault ${message.vault} at height ${message.size}`;
    case 'checkpointSigned':
      return `gives ${to} its signatures under vault ${message.vault} at height ${message.size}`;
    case 'checkpointPassed':
      return `tells ${to} that it has signed vault ${message.vault} up to height ${message.size}, and signs nothing smaller`;
    case 'keyOffered':
      return `offers ${to} the key that it signs with`;
    case 'termAsked':
      return `has lost part of its log and asks ${to} for its term`;
    case 'termTold':
      return `tells ${to} that it is in term ${term}`;
    case 'blocksTold':
      return `tells ${to} the newest blocks of ${message.claims.length} vaults`;
    case 'blocksAsked':
      return `doubts ${message.claims.length} vaults and asks ${to} for its blocks`;
    case 'blocksAnswered':
      return `tells ${to} its blocks of ${message.claims.length} doubted vaults`;
    case 'copyAsked':
      return `rebuilds a vault and asks ${to} for a snapshot up to entry ${message.above} or later`;
    case 'copyOffered':
      return `offers ${to} a snapshot to rebuild a vault from`;
    case 'stateAsked':
      return `has lost part of its log and asks ${to} for a snapshot that ends in a term above ${message.above}`;
  }
}

function round(context: number): string {
  return context === 0 ? '' : `, read round ${context}`;
}

function entriesPhrase({ prevIndex, prevTerm, entries }: Extract<Message, { kind: 'appendEntries' }>): string {
  const first = entries[0]?.index;
  const last = entries[entries.length - 1]?.index;
  const behind = `behind entry ${prevIndex} of term ${prevTerm}`;
  if (first === undefined) return `no entries, to find out whether the logs match ${behind}`;
  return first === last ? `entry ${first} ${behind}` : `entries ${first} to ${last} ${behind}`;
}

function requestPhrase(request: ClientRequest): string {
  switch (request.kind) {
    case 'openSession':
      return `open a session in group ${request.group}`;
    case 'transact':
      return askedPhrase({ kind: 'transact', operations: request.transaction.operations, mark: '' });
    case 'query':
      return queryPhrase(request.query);
    case 'directory':
      if (request.body.kind === 'createOrganization') return `create organization ${request.body.name}`;
      if (request.body.kind === 'releaseVault') return 'release the name of a vault';
      return request.body.kind === 'reserveVault' ? `reserve vault ${request.body.name}` : request.body.kind;
    case 'createVault':
      return 'create the vault';
    case 'deleteVault':
      return 'delete the vault';
    default:
      return request.kind;
  }
}

function queryPhrase(query: Extract<ClientRequest, { kind: 'query' }>['query']): string {
  switch (query.kind) {
    case 'tuple':
      return `is ${tupleText(query.tuple)} there?`;
    case 'entity':
      return `what is ${query.key}?`;
    case 'list':
      return `which tuples has ${query.resource}?`;
    case 'block':
      return query.height === 0 ? 'the newest block?' : `block ${query.height}?`;
    case 'retention':
      return 'what is kept of the past?';
    case 'model':
      return modelPhrase(query.id);
    case 'models':
      return 'which models are there?';
    case 'changes':
      return 'which tuples changed?';
    case 'proof':
      return `a proof of ${query.questions.length} answers?`;
    case 'ics23':
      return `an ICS-23 proof: ${questionPhrase(query.question)}`;
    case 'checkpoint':
      return 'the newest block, signed?';
    default:
      return `${query.kind} of the chain?`;
  }
}

function resultPhrase(result: ClientResult): string {
  switch (result.kind) {
    case 'transacted':
      return outcomePhrase(result.outcome);
    case 'tuple':
      return result.present ? 'present' : 'absent';
    case 'entity':
      return valueText(result.value);
    case 'model':
      return result.model === undefined ? 'none' : `model ${result.id}`;
    case 'list':
      return `${result.rows.length} tuples`;
    case 'error':
      return result.code;
    default:
      return result.kind;
  }
}

/** What a client wanted. */
export function askedPhrase(asked: Asked): string {
  switch (asked.kind) {
    case 'transact':
      return asked.operations.map(operationPhrase).join('; ');
    case 'tuple':
      return `is ${tupleText(asked.tuple)} there?`;
    case 'entity':
      return `what is ${asked.key}?`;
    case 'model':
      return modelPhrase(asked.id);
    case 'list':
      return `which tuples has ${asked.resource}?`;
    case 'proof':
      return `prove: ${asked.questions.map(questionPhrase).join(' ')}`;
  }
}

function modelPhrase(id: string): string {
  return id === '' ? 'what is the newest model?' : `what is model ${id}?`;
}

function questionPhrase(question: Question): string {
  switch (question.kind) {
    case 'tuple':
      return `is ${tupleText(question.tuple)} there?`;
    case 'subjects':
      return `who has ${question.resource}#${question.relation}${question.range === 'all' ? '' : ` (${question.range})`}?`;
    case 'resource':
      return `which tuples has ${question.resource}?`;
    case 'grants':
      return `what is granted to ${question.subject}${question.relation === '' ? '' : ` as ${question.relation}`}?`;
    case 'entity':
      return `what is ${question.key}?`;
    case 'model':
      return modelPhrase(question.id);
  }
}

/** What a client was told. */
export function toldPhrase(told: Told): string {
  switch (told.kind) {
    case 'transact':
      return outcomePhrase(told.outcome);
    case 'tuple':
      return told.present ? 'present' : 'absent';
    case 'entity':
      return valueText(told.value);
    case 'model':
      return told.model === undefined ? 'none' : modelText(told.model);
    case 'list':
      return told.tuples.length === 0 ? 'none' : told.tuples.map(tupleText).join(', ');
    case 'proof':
      return told.shown === undefined ? 'a proof that does not hold' : `proof: ${told.shown.map(shownText).join('; ')}`;
    case 'pruned':
      return `not kept, the oldest is block ${told.oldest}`;
  }
}

function shownText(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.join(', ');
}

/** Names of what an operation touches; a list touches the resource whose tuples are named. */
export function touchedKeys(asked: Asked): readonly string[] {
  switch (asked.kind) {
    case 'transact':
      return asked.operations.flatMap((operation) => operationKeys(operation));
    case 'tuple':
      return [tupleText(asked.tuple)];
    case 'entity':
      return [asked.key];
    case 'model':
      return ['model'];
    case 'list':
      return [asked.resource];
    case 'proof':
      return asked.questions.flatMap(questionKeys);
  }
}

function questionKeys(question: Question): readonly string[] {
  switch (question.kind) {
    case 'tuple':
      return [tupleText(question.tuple)];
    case 'subjects':
    case 'resource':
      return [question.resource];
    case 'grants':
      return [question.subject];
    case 'entity':
      return [question.key];
    case 'model':
      return ['model'];
  }
}

function operationKeys(operation: Operation): readonly string[] {
  if (operation.op === 'setRetention') return [];
  if (operation.op === 'writeModel') return ['model'];
  return 'tuple' in operation ? [tupleText(operation.tuple), operation.tuple.resource] : [operation.key];
}

function operationPhrase(operation: Operation): string {
  switch (operation.op) {
    case 'writeTuple':
      return `grant ${tupleText(operation.tuple)}`;
    case 'deleteTuple':
      return `revoke ${tupleText(operation.tuple)}`;
    case 'setEntity':
      return `set ${operation.key} to ${valueText(operation.value)}${conditionPhrase(operation.condition)}`;
    case 'deleteEntity':
      return `delete ${operation.key}${conditionPhrase(operation.condition)}`;
    case 'setRetention':
      return `keep ${retentionText(operation.retention)}`;
    case 'writeModel':
      return `write ${modelText(operation.model)}`;
  }
}

/** Models of the workload differ in the name of one type. */
function modelText(model: string): string {
  return `the model of ${/"type":"(m[0-9.]+)"/.exec(model)?.[1] ?? `${model.length} characters`}`;
}

function retentionText(retention: Retention): string {
  if (retention.kind === 'all') return 'all of the past';
  return retention.kind === 'heights' ? `${retention.heights} heights` : `${retention.micros} µs of the past`;
}

function conditionPhrase(condition: Extract<Operation, { op: 'setEntity' }>['condition']): string {
  switch (condition?.kind) {
    case undefined:
      return '';
    case 'mustNotExist':
      return ' if there is none';
    case 'mustExist':
      return ' if there is one';
    case 'versionEquals':
      return ` if its version is ${condition.version}`;
    case 'valueEquals':
      return ` if it is ${valueText(condition.value)}`;
  }
}

function outcomePhrase(outcome: TransactionOutcome): string {
  if (!outcome.ok) return `refused, ${outcome.code}`;
  return outcome.changed ? `done in block ${outcome.height}` : 'done, nothing changed';
}

function tupleText({ resource, relation, subject }: TupleKey): string {
  return `${resource}#${relation}@${subject}`;
}

function valueText(value: Uint8Array | undefined): string {
  if (value === undefined) return 'nothing';
  return fromUtf8(value) ?? `0x${toHex(value)}`;
}
