/** A state that no log leads to: what a wrong apply, a bit that flips in memory or a hostile hand leaves on one node. */
import type { GroupId } from '../core/ids.ts';
import type { Replica } from '../core/replica/replica.ts';
import type { Draws } from './tape.ts';

const FIRST_DATA_GROUP = 1 as GroupId;
const TUPLE = { resource: 'document:forged', relation: 'viewer', subject: 'user:mallory' };

/**
 * Puts a tuple into a vault, in rows and commitment alike, so that the node agrees with itself: only others can tell. Clients never
 * ask for it, so that what they are told stays right, whoever answers. @returns whether there was a vault
 */
export function tamper(core: Replica, draws: Draws): boolean {
  const group = core.group(FIRST_DATA_GROUP);
  if (group === undefined || group.quarantined || group.state.isCold) return false;
  const ids = group.state.vaultIds();
  if (ids.length === 0) return false;
  const vault = group.state.vault(draws.pick(ids));
  if (vault === undefined || vault.height === 0) return false;
  vault.leaves.putTuple(TUPLE, { conditionName: '', conditionContext: '', expiresAt: 0, version: vault.height });
  return true;
}
