/**
 * What a node refuses before anything is appended, with a sentence for the person who asked. What passes here encodes,
 * and decodes on every replica (names.ts and the codecs hold the same rules).
 * Every helper returns a sentence, or undefined where there is nothing to object to.
 */
import { unreachable } from '../assert.ts';
import { isCanonicalObject } from '../bytes/canonical-json.ts';
import { utf8Length } from '../bytes/text.ts';
import { decodeUlid } from '../chain/ulid.ts';
import type {
  ClientRequest,
  CommandRef,
  Consistency,
  DirectoryCommand,
  MemberCommand,
  ReadPoint,
  VaultQuery,
} from '../client/protocol.ts';
import {
  ACTOR_BYTES_MAX,
  BOUNDED_MS_MAX,
  CONTEXT_BYTES_MAX,
  ENTITY_KEY_BYTES_MAX,
  ENTITY_VALUE_BYTES_MAX,
  LIST_ROWS_MAX,
  MEMBERS_MAX,
  MODEL_BYTES_MAX,
  NAME_BYTES_MAX,
  OBJECT_BYTES_MAX,
  RETENTION_HEIGHTS_MAX,
  RETENTION_MICROS_MAX,
  SESSION_RESULTS_MAX,
  SLUG_BYTES_MAX,
  TRANSACTION_BYTES_MAX,
  TRANSACTION_OPERATIONS_MAX,
  WALL_MICROS_MAX,
} from '../limits.ts';
import { authzQueryProblem } from './authz-admission.ts';
import { chainQueryProblem, isChainQuery } from './chain-query.ts';
import { STATE_KEY_BYTES_MAX } from './keys.ts';
import { PRIORITY_MAX } from './member-entry.ts';
import {
  isAddress,
  isEntityKey,
  isNodeId,
  isOrganizationName,
  isPlainText,
  isRelation,
  isResource,
  isResourceType,
  isSubject,
  isVaultName,
} from './names.ts';
import { isPlacement } from './placed-group.ts';
import { questionProblem, questionsProblem } from './question-admission.ts';
import { isRetention } from './retention-code.ts';
import type { EntityCondition, Operation, Transaction, TupleCondition, TupleKey } from './transaction.ts';
import { transactBytes } from './transaction-codec.ts';

type Problem = string | undefined;

export interface Refusal {
  readonly code: 'invalid_argument';
  readonly message: string;
}

const RESOURCE = `the resource must be type:id of at most ${OBJECT_BYTES_MAX} bytes, without blanks, control characters, # or a wildcard`;
const RELATION = `the relation must be a name of at most ${NAME_BYTES_MAX} bytes, without blanks, control characters, :, # or @`;
const SUBJECT = `the subject must be type:id, type:* or type:id#relation of at most ${OBJECT_BYTES_MAX} bytes, without blanks or control characters`;
const ENTITY_KEY = `the entity key must have 1 to ${ENTITY_KEY_BYTES_MAX} bytes and no control characters`;
const CONDITION = `the condition must be a name of at most ${NAME_BYTES_MAX} bytes, without blanks, control characters, :, # or @`;
const CONTEXT = `the condition context must be a JSON object in canonical form (RFC 8785) of at most ${CONTEXT_BYTES_MAX} bytes`;
const MODEL = `an authorization model is a JSON object in canonical form (RFC 8785) of at most ${MODEL_BYTES_MAX} bytes`;
const MODEL_ID = 'an authorization model is named by its id, a ULID of 26 characters';
const ORGANIZATION_NAME = `an organization name has 1 to ${SLUG_BYTES_MAX} lower-case letters, digits and inner dashes`;
const PLACEMENT = 'an organization lies in a group from 1 on, or in a new one of 1, 3, 5 or 7 replicas';
const PRIORITY = `a priority is a whole number from 0 to ${PRIORITY_MAX}`;
const NODE_ID = 'a node is named by its id of 32 lower-case hex digits';
const ADDRESS = 'an address is HOST:PORT with a port from 1 to 65535';
const VAULT_NAME = `a vault name has 1 to ${SLUG_BYTES_MAX} letters, digits, inner blanks and the characters . - / ^ _ & @`;

const RETENTION = `a vault keeps all of its past, its newest 1 to ${RETENTION_HEIGHTS_MAX} heights, or 1 to ${RETENTION_MICROS_MAX} microseconds of it`;

function isCount(value: number, max: number = Number.MAX_SAFE_INTEGER): boolean {
  return Number.isSafeInteger(value) && value >= 0 && value <= max;
}

function group(value: number): Problem {
  return isCount(value, 0xffff_ffff) ? undefined : 'a group is a number from 0 to 4294967295';
}

function ids(organization: string, vault: string): Problem {
  if (decodeUlid(organization) === undefined) return 'the organization must be given by its id, a ULID of 26 characters';
  const bytes = decodeUlid(vault);
  if (bytes === undefined) return 'the vault must be given by its id, a ULID of 26 characters';
  return bytes.every((byte) => byte === 0) ? 'the zero ULID names no vault' : undefined;
}

function reference(ref: CommandRef): Problem {
  const { sequence, lowestUnanswered } = ref;
  if (!isCount(ref.session.index) || group(ref.session.group) !== undefined) return 'the session reference is malformed';
  if (!isCount(sequence) || !isCount(lowestUnanswered) || lowestUnanswered < 1) return 'sequences are whole numbers from 1 on';
  if (sequence < lowestUnanswered) return 'the sequence lies below the lowest unanswered one';
  if (sequence - lowestUnanswered >= SESSION_RESULTS_MAX) {
    return `at most ${SESSION_RESULTS_MAX} commands of one session may be without an answer`;
  }
  return undefined;
}

function tupleKey(tuple: TupleKey): Problem {
  if (!isResource(tuple.resource)) return RESOURCE;
  if (!isRelation(tuple.relation)) return RELATION;
  return isSubject(tuple.subject) ? undefined : SUBJECT;
}

function tupleCondition(condition: TupleCondition | undefined): Problem {
  if (condition === undefined) return undefined;
  if (!isRelation(condition.name)) return CONDITION;
  const length = utf8Length(condition.context);
  return length >= 0 && length <= CONTEXT_BYTES_MAX && isCanonicalObject(condition.context) ? undefined : CONTEXT;
}

function entityCondition(condition: EntityCondition | undefined): Problem {
  if (condition?.kind === 'versionEquals' && !isCount(condition.version)) return 'a version is a whole number from 0 on';
  if (condition?.kind === 'valueEquals') return entityValue(condition.value);
  return undefined;
}

function entityValue(value: Uint8Array): Problem {
  return value.length <= ENTITY_VALUE_BYTES_MAX ? undefined : `an entity value has at most ${ENTITY_VALUE_BYTES_MAX} bytes`;
}

function expiry(expiresAt: number): Problem {
  return isCount(expiresAt) ? undefined : 'an expiry is in whole microseconds since 1970, 0 for never';
}

function operation(value: Operation): Problem {
  switch (value.op) {
    case 'writeTuple':
      return tupleKey(value.tuple) ?? tupleCondition(value.condition) ?? expiry(value.expiresAt);
    case 'deleteTuple':
      return tupleKey(value.tuple);
    case 'setEntity':
      if (!isEntityKey(value.key)) return ENTITY_KEY;
      return entityValue(value.value) ?? expiry(value.expiresAt) ?? entityCondition(value.condition);
    case 'setRetention':
      return isRetention(value.retention) ? undefined : RETENTION;
    case 'writeModel': {
      const length = utf8Length(value.model);
      return length >= 0 && length <= MODEL_BYTES_MAX && isCanonicalObject(value.model) ? undefined : MODEL;
    }
    case 'deleteEntity':
      return isEntityKey(value.key) ? entityCondition(value.condition) : ENTITY_KEY;
    default:
      return unreachable(value);
  }
}

function checkTransaction(value: Transaction): Problem {
  if (!isPlainText(value.actor, ACTOR_BYTES_MAX))
    return `the actor has at most ${ACTOR_BYTES_MAX} bytes and no control characters`;
  if (!isPlainText(value.reason, ACTOR_BYTES_MAX))
    return `the reason has at most ${ACTOR_BYTES_MAX} bytes and no control characters`;
  const { length } = value.operations;
  if (length < 1 || length > TRANSACTION_OPERATIONS_MAX) return `a transaction has 1 to ${TRANSACTION_OPERATIONS_MAX} operations`;
  for (let index = 0; index < length; index += 1) {
    const problem = operation(value.operations[index] as Operation);
    if (problem !== undefined) return `operation ${index}: ${problem}`;
  }
  if (value.operations.filter(({ op }) => op === 'writeModel').length > 1) return 'a transaction writes one model at most';
  const bytes = transactBytes(value);
  return bytes <= TRANSACTION_BYTES_MAX
    ? undefined
    : `a transaction has at most ${TRANSACTION_BYTES_MAX} bytes; this one has ${bytes}`;
}

function directoryCommand(body: DirectoryCommand): Problem {
  switch (body.kind) {
    case 'createOrganization':
      if (!isOrganizationName(body.name)) return ORGANIZATION_NAME;
      return isPlacement(body.placement) ? undefined : PLACEMENT;
    case 'reserveVault':
      if (!isOrganizationName(body.organization)) return ORGANIZATION_NAME;
      return isVaultName(body.name) ? undefined : VAULT_NAME;
    case 'releaseVault':
      if (!isOrganizationName(body.organization)) return ORGANIZATION_NAME;
      return decodeUlid(body.vault) === undefined ? 'a vault id is a ULID of 26 characters' : undefined;
    default:
      return memberCommand(body);
  }
}

function memberCommand(body: MemberCommand): Problem {
  if (!isNodeId(body.node)) return NODE_ID;
  switch (body.kind) {
    case 'removeMember':
    case 'promoteMember':
      return undefined;
    case 'preferMember':
      return isCount(body.priority, PRIORITY_MAX) ? undefined : PRIORITY;
    case 'addMember':
    case 'moveMember':
      return isAddress(body.address) ? undefined : ADDRESS;
    case 'replaceMember':
      if (!isNodeId(body.by)) return NODE_ID;
      if (body.by === body.node) return 'a node cannot replace itself';
      return isAddress(body.address) ? undefined : ADDRESS;
    default:
      return unreachable(body);
  }
}

function optionalNode(id: string | undefined): Problem {
  return id === undefined || isNodeId(id) ? undefined : NODE_ID;
}

function limit(value: number): Problem {
  return isCount(value, LIST_ROWS_MAX) && value >= 1 ? undefined : `a page has 1 to ${LIST_ROWS_MAX} rows`;
}

function vaultQuery(query: VaultQuery): Problem {
  switch (query.kind) {
    case 'tuple':
      return tupleKey(query.tuple);
    case 'entity':
      return isEntityKey(query.key) ? undefined : ENTITY_KEY;
    case 'list':
      if (query.resource !== '' && !isResource(query.resource) && !isResourceType(query.resource)) {
        return `${RESOURCE}; or type: for every resource of a type, or empty for all`;
      }
      if (query.relation !== '' && !isRelation(query.relation)) return RELATION;
      if (query.subject !== '' && !isSubject(query.subject)) return SUBJECT;
      return query.after.length <= STATE_KEY_BYTES_MAX ? limit(query.limit) : 'the cursor is not one of ours';
    case 'proof':
      return questionsProblem(query.questions);
    case 'ics23':
      return questionProblem(query.question);
    case 'check':
    case 'listObjects':
    case 'listUsers':
    case 'expand':
      return authzQueryProblem(query);
    case 'block':
      return isCount(query.height) ? undefined : 'a height is a whole number, 0 for the newest block';
    case 'retention':
      return undefined;
    case 'model':
      return optionalModel(query.id);
    case 'models':
      return optionalModel(query.after) ?? limit(query.limit);
    case 'changes':
      if (query.type !== '' && !isResourceType(`${query.type}:`)) return 'a type is a name, or empty for all of them';
      if (!isCount(query.after.height) || !isCount(query.after.position, 0xffff_ffff)) return 'the cursor is not one of ours';
      return limit(query.limit);
    case 'logInclusion':
    case 'logConsistency':
    case 'transactionProof':
    case 'blocks':
      return chainQueryProblem(query);
    case 'checkpoint':
      return isCount(query.signatures, MEMBERS_MAX)
        ? undefined
        : `a number of signatures is from 1 to ${MEMBERS_MAX}, or 0 for a majority`;
    default:
      return unreachable(query);
  }
}

/** @param id empty: none is named */
function optionalModel(id: string | undefined): Problem {
  return id === undefined || id === '' || decodeUlid(id) !== undefined ? undefined : MODEL_ID;
}

function freshness(value: Consistency): Problem {
  if (typeof value === 'string' || isCount(value.boundedMs, BOUNDED_MS_MAX)) return undefined;
  return `a bounded read names whole milliseconds from 0 to ${BOUNDED_MS_MAX}`;
}

function readPoint(point: ReadPoint, query: VaultQuery): Problem {
  if (point.kind === 'height' && !(isCount(point.height) && point.height >= 1)) return 'a height is a whole number from 1';
  if (point.kind === 'time' && !isCount(point.time, WALL_MICROS_MAX - 1)) return 'a time is in whole microseconds since 1970';
  if (query.kind === 'checkpoint' && point.kind !== 'newest') return 'only the newest block is signed, without a height or time';
  if (query.kind === 'retention' && point.kind !== 'newest')
    return 'what a vault keeps is asked of now, without a height or time';
  if (isChainQuery(query) && point.kind !== 'newest')
    return 'what is asked of the chain names its own heights, without another height or time';
  const isTwice = query.kind === 'block' && query.height !== 0 && point.kind !== 'newest';
  return isTwice ? 'a block is named by its own height or is the newest one as of a point, not both' : undefined;
}

function problemOf(body: ClientRequest): Problem {
  switch (body.kind) {
    case 'openSession':
      return group(body.group);
    case 'directory':
      return reference(body.command) ?? directoryCommand(body.body);
    case 'createVault':
    case 'deleteVault':
      return group(body.group) ?? reference(body.command) ?? ids(body.organization, body.vault);
    case 'transact':
      return (
        group(body.group) ??
        reference(body.command) ??
        ids(body.organization, body.vault) ??
        optionalModel(body.model) ??
        checkTransaction(body.transaction)
      );
    case 'query':
      return (
        group(body.group) ??
        ids(body.organization, body.vault) ??
        vaultQuery(body.query) ??
        freshness(body.consistency) ??
        readPoint(body.at, body.query)
      );
    case 'lookupVault':
      if (body.organization !== '' && !isOrganizationName(body.organization)) return ORGANIZATION_NAME;
      if (body.id !== '' && decodeUlid(body.id) === undefined) return 'a vault id is a ULID of 26 characters';
      if (body.id !== '') return freshness(body.consistency);
      if (body.organization === '') return 'a vault is looked up by its id, or by organization and name';
      return isVaultName(body.name) ? freshness(body.consistency) : VAULT_NAME;
    case 'listVaults':
      if (!isOrganizationName(body.organization)) return ORGANIZATION_NAME;
      return body.after === '' || isVaultName(body.after) ? (limit(body.limit) ?? freshness(body.consistency)) : VAULT_NAME;
    case 'transfer':
      return group(body.group) ?? optionalNode(body.from) ?? optionalNode(body.to);
    case 'listOrganizations':
    case 'listMembers':
      return freshness(body.consistency);
    case 'status':
      return undefined;
    default:
      return unreachable(body);
  }
}

/** Why a request cannot be taken, or undefined. Sizes, characters and shapes only: nothing is looked up. */
export function checkRequest(body: ClientRequest): Refusal | undefined {
  const message = problemOf(body);
  return message === undefined ? undefined : { code: 'invalid_argument', message };
}
