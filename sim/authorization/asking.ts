/** What clients of the authorization workload write and ask: on few objects, so that ways cross, cycles come about and answers change. */

import type { ReadTuple } from '../../core/authz/reading.ts';
import type { AuthzQuery, CheckQuestion } from '../../core/client/authz-protocol.ts';
import { CHECK_DEPTH_MAX } from '../../core/limits.ts';
import type { Operation, TupleCondition, TupleKey } from '../../core/state/transaction.ts';
import type { Draws } from '../tape.ts';
import { CONDITION } from './models.ts';

const USERS: readonly string[] = ['person:ann', 'person:ben', 'person:cleo'];
const TEAMS: readonly string[] = ['team:red', 'team:green', 'team:blue'];
const FOLDERS: readonly string[] = ['folder:home', 'folder:work', 'folder:archive'];
const FILES: readonly string[] = ['file:plan', 'file:notes', 'file:budget'];
const RELATIONS: readonly string[] = ['can_read', 'can_read', 'can_read', 'can_publish', 'reader', 'blocked'];
const CONTEXTS: readonly string[] = ['{"current":3}', '{"current":7}', '{}'];
const CHECKS_MAX = 6;

const plain = (draws: Draws): string => draws.pick(USERS);
const members = (draws: Draws): string => `${draws.pick(TEAMS)}#member`;
const anyone = (draws: Draws): string => (draws.below(2) === 0 ? plain(draws) : members(draws));

/** A tuple that the wide model allows. */
function drawTuple(draws: Draws): { readonly tuple: TupleKey; readonly condition: TupleCondition | undefined } {
  const [file, folder] = [draws.pick(FILES), draws.pick(FOLDERS)];
  const held = (resource: string, relation: string, subject: string, condition?: TupleCondition) => ({
    tuple: { resource, relation, subject },
    condition,
  });
  switch (draws.below(12)) {
    case 0:
    case 1:
      return held(draws.pick(TEAMS), 'member', anyone(draws));
    case 2:
      return held(folder, 'parent', draws.pick(FOLDERS));
    case 3:
      return held(folder, 'viewer', draws.below(3) === 0 ? 'person:*' : anyone(draws));
    case 4:
      return held(folder, 'owner', plain(draws));
    case 5:
      return held(file, 'parent', folder);
    case 6:
      return held(file, 'reader', draws.below(3) === 0 ? 'person:*' : anyone(draws));
    case 7:
    case 8:
      return held(file, 'reader', plain(draws), { name: CONDITION, context: `{"limit":${draws.pick([2, 5])}}` });
    case 9:
      return held(file, 'approved', anyone(draws));
    case 10:
      return held(file, 'owner', plain(draws));
    default:
      return held(file, 'blocked', anyone(draws));
  }
}

/** Teams in teams, one more than an evaluation follows: from the first ones the way to the person at the end is too long. */
const CHAIN = CHECK_DEPTH_MAX + 2;
const CHAINED = 'person:deep';

function link(at: number): TupleKey {
  const subject = at < CHAIN - 1 ? `team:chain${at + 1}#member` : CHAINED;
  return { resource: `team:chain${at}`, relation: 'member', subject };
}

/** The whole chain is there, or one of its links is not. */
function drawChain(draws: Draws): readonly Operation[] {
  if (draws.below(3) === 0) return [{ op: 'deleteTuple', tuple: link(draws.below(CHAIN)), onMissing: 'ignore' }];
  return Array.from({ length: CHAIN }, (_, at): Operation => {
    return { op: 'writeTuple', tuple: link(at), condition: undefined, expiresAt: 0, onDuplicate: 'ignore' };
  });
}

/** Asked alone: what a request has found out already is not followed again, however far it is. */
function chainQuestion(draws: Draws): CheckQuestion {
  return { tuple: { ...link(draws.below(4)), subject: CHAINED }, contextual: [], context: '{}' };
}

/** One to three grants and revocations, or the long chain. @param expiry when a tuple that is written ends; 0 = never */
export function drawOperations(draws: Draws, expiry: () => number): readonly Operation[] {
  if (draws.below(10) === 1) return drawChain(draws);
  return Array.from({ length: 1 + draws.below(3) }, (): Operation => {
    const { tuple, condition } = drawTuple(draws);
    if (draws.below(5) < 2) return { op: 'deleteTuple', tuple, onMissing: 'ignore' };
    return { op: 'writeTuple', tuple, condition, expiresAt: expiry(), onDuplicate: 'error' };
  });
}

/** A tuple of a question's own, such as both models allow. */
function drawContextual(draws: Draws): readonly ReadTuple[] {
  if (draws.below(4) > 0) return [];
  const tuple =
    draws.below(2) === 0
      ? { resource: draws.pick(TEAMS), relation: 'member', subject: plain(draws) }
      : { resource: draws.pick(FILES), relation: draws.pick(['blocked', 'approved']), subject: anyone(draws) };
  return [{ tuple, condition: undefined }];
}

function drawQuestion(draws: Draws, subject: string): TupleKey {
  switch (draws.below(6)) {
    case 0:
      return { resource: draws.pick(FOLDERS), relation: 'viewer', subject };
    case 1:
      return { resource: draws.pick(TEAMS), relation: 'member', subject };
    default:
      return { resource: draws.pick(FILES), relation: draws.pick(RELATIONS), subject };
  }
}

const drawSubject = (draws: Draws): string => (draws.below(6) === 0 ? members(draws) : plain(draws));

/** Of several about one subject in one context a node may keep, for the request, what it found out. */
function drawChecks(draws: Draws): readonly CheckQuestion[] {
  if (draws.below(8) === 1) return [chainQuestion(draws)];
  const count = draws.below(2) === 0 ? 1 : 2 + draws.below(CHECKS_MAX - 1);
  const [subject, context] = [drawSubject(draws), draws.pick(CONTEXTS)];
  const isOfOne = draws.below(2) === 0;
  return Array.from({ length: count }, (): CheckQuestion => {
    if (isOfOne) return { tuple: drawQuestion(draws, subject), contextual: [], context };
    return {
      tuple: drawQuestion(draws, drawSubject(draws)),
      contextual: drawContextual(draws),
      context: draws.pick(CONTEXTS),
    };
  });
}

function drawExpansion(draws: Draws, model: string): AuthzQuery {
  const contextual = drawContextual(draws);
  if (draws.below(3) === 0) return { kind: 'expand', model, resource: draws.pick(FOLDERS), relation: 'viewer', contextual };
  return { kind: 'expand', model, resource: draws.pick(FILES), relation: draws.pick(RELATIONS), contextual };
}

/** A check or several, a list, or what a relation consists of. @param model its id; empty: the newest */
export function drawQuery(draws: Draws, model: string): AuthzQuery {
  const kind = draws.below(7);
  if (kind === 6) return drawExpansion(draws, model);
  const contextual = kind < 2 ? drawContextual(draws) : [];
  const context = draws.pick(CONTEXTS.slice(0, 2)); // a list in which a condition has no verdict is an error
  if (kind === 0) {
    const relation = draws.pick(RELATIONS);
    return { kind: 'listObjects', model, type: 'file', relation, subject: plain(draws), contextual, context };
  }
  if (kind === 1) {
    const filters = [{ type: 'person', relation: '' }];
    return {
      kind: 'listUsers',
      model,
      resource: draws.pick(FILES),
      relation: draws.pick(RELATIONS),
      filters,
      contextual,
      context,
    };
  }
  return { kind: 'check', model, checks: drawChecks(draws) };
}
