/**
 * What a node went through during one directive, so that expected outputs can be compared with it: states when its Readys
 * were handled, changes of role, entries that became durable and entries that were applied.
 */
import type { RaftStatus } from '../../../core/raft/ready.ts';
import { configurationText, numberOf, roleName } from './names.ts';

/** Facts are kept as text in one form for both sides; equality is all that is asked of them. */
export interface Moment {
  readonly role: string;
  readonly term: number;
  readonly vote: number;
  readonly leader: number;
  readonly commit: number;
  readonly configuration: string;
}

export function momentOf(status: RaftStatus): Moment {
  return {
    role: roleName(status.role),
    term: status.term,
    vote: numberOf(status.votedFor),
    leader: numberOf(status.leader),
    commit: status.commitIndex,
    configuration: configurationText(status.configuration),
  };
}

export class Trail {
  /** When the directive began. */
  readonly start: Moment;
  /** After each thing that happened to the node. */
  readonly steps: Moment[] = [];
  /** When each Ready was handled. */
  readonly readys: Moment[] = [];
  readonly stored: string[] = [];
  readonly applied: string[] = [];
  /** "index term ConfState" of each snapshot that was installed. */
  readonly snapshots: string[] = [];

  constructor(start: Moment) {
    this.start = start;
  }
}
