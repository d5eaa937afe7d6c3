/** What clients of the authorization workload write and ask: on few objects, so that ways cross, cycles come about and answers change. */

import type { ReadTuple } from '../../core/authz/reading.ts';
import type { AuthzQuery, CheckQuestion } from '../../core/client/authz-protocol.ts';
import type { Operation, TupleCondition, TupleKey } from '../../core/state/transaction.ts';
import type { Draws } from '../tape.ts';
import { CONDITION } from './models.ts';

/** What is asked and judged: expansions are a picture of the model, and nobody asks for them here. */
export type JudgedQuery = Exclude<AuthzQuery, { readonly kind: 'expand' }>;

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

/** One to three grants and revocations. @param expiry when a tuple that is written ends; 0 = never */
export function drawOperations(draws: Draws, expiry: () => number): readonly Operation[] {
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

/** A check or several, or a list. @param model its id; empty: the newest */
export function drawQuery(draws: Draws, model: string): JudgedQuery {
  const kind = draws.below(6);
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
