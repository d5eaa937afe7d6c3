/** A damage that a copy gets, and what must become of the copy. */
import type { Hasher } from '../../core/capability.ts';
import type { Clocks, DirectoryReader } from '../../core/effect.ts';
import type { GroupId } from '../../core/ids.ts';
import type { RaftProbe } from '../../core/raft/outcome.ts';
import type { Manifest } from '../../core/replica/manifest.ts';
import type { Draws } from '../tape.ts';
import type { ChangedFiles } from './copy.ts';
import type { LivingCopy, Opening } from './opening.ts';

export interface Damage {
  readonly what: string;
  readonly files: ChangedFiles;
  /** Files that cannot be read any more, after that many reads. */
  readonly readable?: ReadonlyMap<string, number>;
  /** Bytes are given to the node at odd addresses. */
  readonly isUnaligned?: boolean;
  readonly judge: Judge;
}

/** @returns what was wrong about how the copy was met. */
export type Judge = (opening: Opening) => string | undefined;

/** What the families choose from. */
export interface Scene {
  readonly reader: DirectoryReader;
  readonly manifest: Manifest;
  readonly clocks: Clocks;
  readonly draws: Draws;
  /** The nodes'. */
  readonly hasher: Hasher;
  /** Watches the opening. */
  readonly probe: RaftProbe | undefined;
}

/** The refusal has one of these codes. */
export function refusedAs(...codes: readonly string[]): Judge {
  return (opening) => (opening.kind === 'refused' && codes.includes(opening.code) ? undefined : `not with ${codes.join(' or ')}`);
}

/** It opens, and reports damage of the log. */
export const reportsDamage: Judge = (opening) => {
  if (opening.kind === 'refused') return 'not with a report';
  return opening.node.replica.recovered.damage.length > 0 ? undefined : 'not with damage';
};

/** It opens, but these groups take no part, and it says why. */
export function quarantines(groups: readonly GroupId[], code: string): Judge {
  return (opening) => {
    if (opening.kind === 'refused') return `not with ${code}`;
    const { fatals, quarantined } = opening.node;
    const missing = groups.find(
      (id) => !quarantined.includes(id) || !fatals.some((fatal) => fatal.scope === id && fatal.code === code),
    );
    return missing === undefined ? undefined : `not with ${code} of group ${missing}`;
  };
}

/** It opens as if nothing had happened, because nothing that counts has. */
export function opensAs(clean: LivingCopy): Judge {
  return (opening) => {
    if (opening.kind === 'refused') return 'not with its groups';
    const { node } = opening;
    if (node.replica.recovered.damage.length > 0 || node.fatals.length > 0) return 'not without complaint';
    const other = clean.groups.find((id) => node.digestOf(id) !== clean.digestOf(id));
    return other === undefined ? undefined : `not with group ${other} as it was`;
  };
}

export function both(first: Judge, second: Judge): Judge {
  return (opening) => first(opening) ?? second(opening);
}

/** How an opening reads in a complaint. */
export function outcomeOf(opening: Opening): string {
  if (opening.kind === 'refused') return opening.code;
  const { replica, fatals } = opening.node;
  if (replica.recovered.damage.length > 0) return 'damage';
  return fatals[0]?.code ?? 'whole';
}
