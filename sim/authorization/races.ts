/**
 * Permissions that are granted once, revoked once and never granted again, each on a file of its own, while others check them. Whoever asks
 * after the revocation was acknowledged must be denied, whatever node answers and whatever it has in memory: nothing of models or blocks is needed to say so.
 */
import type { Operation, TupleKey } from '../../core/state/transaction.ts';
import type { Draws } from '../tape.ts';

/** One permission. Times are true ones. */
export interface Race {
  readonly vault: number;
  readonly question: TupleKey;
  readonly grant: readonly Operation[];
  readonly revoke: readonly Operation[];
  /** Acknowledged; Infinity: not known to have been. */
  grantedAt: number;
  /** Asked for; Infinity: not yet. */
  revokeAskedAt: number;
  revokedAt: number;
  /** Somebody is asking for it now. */
  isRevoking: boolean;
}

const NEVER = Number.POSITIVE_INFINITY;
/** Permissions of a vault that are watched at the same time. */
const OPEN_MAX = 4;
/** Checks begin for so long after a revocation, by number of later races. */
const KEPT_MAX = 12;

function tuple(resource: string, relation: string, subject: string): TupleKey {
  return { resource, relation, subject };
}

function write(key: TupleKey): Operation {
  return { op: 'writeTuple', tuple: key, condition: undefined, expiresAt: 0, onDuplicate: 'ignore' };
}

function remove(key: TupleKey): Operation {
  return { op: 'deleteTuple', tuple: key, onMissing: 'ignore' };
}

/** What is granted and how it is taken back: the tuple itself, a team's membership, the way through a folder, a block-list. */
function plan(way: number, name: string): Pick<Race, 'question' | 'grant' | 'revoke'> {
  const user = `person:${name}`;
  const file = `file:${name}`;
  const question = tuple(file, 'can_read', user);
  switch (way) {
    case 0: {
      const direct = tuple(file, 'reader', user);
      return { question, grant: [write(direct)], revoke: [remove(direct)] };
    }
    case 1: {
      const member = tuple(`team:${name}`, 'member', user);
      return {
        question,
        grant: [write(member), write(tuple(file, 'reader', `team:${name}#member`))],
        revoke: [remove(member)],
      };
    }
    case 2: {
      const parent = tuple(file, 'parent', `folder:${name}`);
      return { question, grant: [write(tuple(`folder:${name}`, 'owner', user)), write(parent)], revoke: [remove(parent)] };
    }
    default: {
      const blocked = tuple(file, 'blocked', user);
      return { question, grant: [write(tuple(file, 'owner', user))], revoke: [write(blocked)] };
    }
  }
}

export class Races {
  private readonly all: Race[] = [];
  private made: number = 0;

  /** A new one, where there is room. */
  begin(vault: number, draws: Draws): Race | undefined {
    if (this.all.filter((race) => race.vault === vault && race.revokedAt === NEVER).length >= OPEN_MAX) return undefined;
    this.made += 1;
    const times = { grantedAt: NEVER, revokeAskedAt: NEVER, revokedAt: NEVER, isRevoking: false };
    const race: Race = { vault, ...plan(draws.below(4), `r${this.made}`), ...times };
    this.all.push(race);
    if (this.all.length > KEPT_MAX) this.all.shift();
    return race;
  }

  /** Whether it was granted nobody knows, so nothing can be said of it. */
  drop(race: Race): void {
    const at = this.all.indexOf(race);
    if (at >= 0) this.all.splice(at, 1);
  }

  /** One that is granted, and not known to be revoked. */
  revocable(draws: Draws): Race | undefined {
    const granted = this.all.filter(
      ({ grantedAt, revokedAt, isRevoking }) => grantedAt !== NEVER && revokedAt === NEVER && !isRevoking,
    );
    return pickOf(draws, granted);
  }

  /** One to be checked; those that are being revoked most often. */
  watched(draws: Draws): Race | undefined {
    const moving = this.all.filter(({ revokeAskedAt }) => revokeAskedAt !== NEVER);
    return pickOf(draws, moving.length > 0 && draws.below(4) > 0 ? moving : this.all);
  }
}

function pickOf<T>(draws: Draws, items: readonly T[]): T | undefined {
  return items.length === 0 ? undefined : draws.pick(items);
}

/** What is wrong with an answer to a linearizable check of it; undefined: nothing, as far as the times say. */
export function raceProblem(
  race: Race,
  allowed: boolean,
  { invokedAt, time }: { readonly invokedAt: number; readonly time: number },
): string | undefined {
  if (allowed && invokedAt > race.revokedAt) return `allowed though its revocation was acknowledged before`;
  if (!allowed && invokedAt > race.grantedAt && time < race.revokeAskedAt)
    return `denied though it was granted and nobody had revoked it`;
  return undefined;
}
