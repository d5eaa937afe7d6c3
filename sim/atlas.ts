/**
 * The fault atlas: which places of which disks may be destroyed without taking anything that was promised, and what was.
 * A loss within the atlas is therefore always a bug. What destroys more (beyond the atlas) must end in refusal, never in lies.
 */
import type { Draws } from './tape.ts';

/** A record on a disk. */
export interface Place {
  readonly file: string;
  readonly offset: number;
  readonly lengthBytes: number;
  /** Of the record, in its log. */
  readonly number: number;
  /** Whose record it is. */
  readonly group: number;
}

/** A page in a page file. */
export interface PagePlace {
  readonly file: string;
  readonly offset: number;
  readonly lengthBytes: number;
  readonly group: number;
}

export interface Atlas {
  /** A record of a node that does not run; undefined where none may be destroyed. Its loss must be noticed at every opening. */
  choose(node: number, draws: Draws): Place | undefined;
  /** A page of a checkpoint of a node that does not run; undefined where none may be destroyed. Only who reads it notices its loss. */
  choosePage(node: number, draws: Draws): PagePlace | undefined;
  /** Notes that a page is not what it was. */
  pageDestroyed(node: number, place: PagePlace): void;
  /** Notes what became of it. unreadable: reading it is an error, so that the node must refuse to start. */
  destroyed(node: number, place: Place, how: 'changed' | 'unreadable'): void;
  /** Whether the disk holds a page of the group that is not what it was. */
  hasPageDamage(node: number, group: number): boolean;
  /** Whether nothing was destroyed on the node's disk that was not fetched again since. */
  isWhole(node: number): boolean;
  /** A node with a damaged disk takes a group out of service that it cannot show to be whole. */
  quarantined(node: number, group: number): void;
  /** Whether what was destroyed leaves a node no way to show that a group lost nothing. */
  mayDoubt(node: number, group: number): boolean;
}

/** For protocols whose disks nobody knows how to read: nothing may be destroyed. */
export const NO_ATLAS: Atlas = {
  choose: () => undefined,
  choosePage: () => undefined,
  pageDestroyed: () => undefined,
  hasPageDamage: () => false,
  destroyed: () => undefined,
  isWhole: () => true,
  quarantined: () => undefined,
  mayDoubt: () => false,
};
