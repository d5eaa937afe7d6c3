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

export const softText = (state: { readonly role: string; readonly leader: number }): string =>
  `${state.role} leader ${state.leader}`;
export const hardText = (state: { readonly term: number; readonly vote: number; readonly commit: number }): string =>
  `term ${state.term} vote ${state.vote} commit ${state.commit}`;

export class Trail {
  /** When the directive began. */
  readonly start: Moment;
  /** After each thing that happened to the node. */
  readonly steps: Moment[] = [];
  /** When a Ready was handled: role and leader where they had changed, term, vote and commit where those had. */
  readonly softs: Moment[] = [];
  readonly hards: Moment[] = [];
  readonly stored: string[] = [];
  readonly applied: string[] = [];
  /** "index term ConfState" of each snapshot that was installed. */
  readonly snapshots: string[] = [];

  /** What the last Ready before it showed. */
  readonly shown: Moment;

  constructor(start: Moment, shown: Moment) {
    this.start = start;
    this.shown = shown;
  }
}
