/** One Raft group without a network: boots it from a log, persists at once, and collects what it wants to send. */
import type { LogIndex, Micros, NodeId, Term } from '../../core/ids.ts';
import {
  type Configuration,
  configurationOf,
  type Entry,
  EntryKind,
  type Message,
  type SnapshotMeta,
} from '../../core/raft/message.ts';
import type { RaftOptions, RaftTiming } from '../../core/raft/options.ts';
import { Raft } from '../../core/raft/raft.ts';
import type { OutgoingMessage, Proposal, Ready } from '../../core/raft/ready.ts';
import { Random } from '../../core/random.ts';

export const A: NodeId = 'a'.repeat(32) as NodeId;
export const B: NodeId = 'b'.repeat(32) as NodeId;
export const C: NodeId = 'c'.repeat(32) as NodeId;
export const D: NodeId = 'd'.repeat(32) as NodeId;
export const E: NodeId = 'e'.repeat(32) as NodeId;
export const NODES: readonly NodeId[] = [A, B, C, D, E];

export const TIMING: RaftTiming = { electionTimeoutMinMicros: 1000, electionTimeoutMaxMicros: 2000, heartbeatMicros: 100 };

export function at(micros: number): Micros {
  return micros as Micros;
}
export function index(value: number): LogIndex {
  return value as LogIndex;
}
export function term(value: number): Term {
  return value as Term;
}

/** A log written as its terms: [1, 1, 2] is three entries. Each entry's data tells term and index. */
export function logOf(terms: readonly number[]): readonly Entry[] {
  return terms.map((value, i) => entryOf(value, i + 1));
}
export function entryOf(entryTerm: number, entryIndex: number): Entry {
  return { term: term(entryTerm), index: index(entryIndex), kind: EntryKind.normal, data: Uint8Array.of(entryTerm, entryIndex) };
}
export function termsOf(raft: Raft): readonly number[] {
  return raft.entries(index(1), raft.lastIndex).map((entry) => entry.term);
}
export function proposal(...data: readonly number[]): Proposal {
  return { kind: EntryKind.normal, data: Uint8Array.from(data) };
}

export interface BootOptions extends Partial<RaftOptions> {
  readonly voters?: readonly NodeId[];
  readonly configuration?: Configuration;
  /** Terms of the log's entries. */
  readonly log?: readonly number[];
  /** The log begins behind it, with these entries. */
  readonly snapshot?: SnapshotMeta;
  readonly entries?: readonly Entry[];
  readonly term?: number;
  readonly votedFor?: NodeId;
  readonly commit?: number;
}

export function boot(options: BootOptions = {}): Raft {
  const {
    voters = [A, B, C],
    configuration = configurationOf(voters),
    log = [],
    snapshot,
    entries = logOf(log),
    term: hardTerm,
    votedFor,
    commit,
    ...rest
  } = options;
  const id = rest.id ?? A;
  return new Raft(
    {
      id,
      timing: TIMING,
      preVote: false,
      checkQuorum: true,
      random: Random.stream([1, 2, 3, id.charCodeAt(0)], 'raft'),
      buggify: () => false,
      noopData: () => new Uint8Array(0),
      ...rest,
    },
    {
      hardState: { term: term(hardTerm ?? log.at(-1) ?? 0), votedFor, commitIndex: index(commit ?? 0) },
      entries,
      configuration,
      snapshot,
    },
    at(0),
  );
}

/** Persists everything at once, again and again, and returns all the Readys of it. */
export function drain(raft: Raft): readonly Ready[] {
  const readys: Ready[] = [];
  for (let ready = raft.ready(); ready !== undefined; ready = raft.ready()) {
    readys.push(ready);
    raft.persisted(ready.mark);
  }
  return readys;
}

/** drain, and only what is to be sent. */
export function sent(raft: Raft): readonly OutgoingMessage[] {
  return drain(raft).flatMap((ready) => ready.messages);
}
export function messages(raft: Raft): readonly Message[] {
  return sent(raft).map((outgoing) => outgoing.message);
}

/** A leader of a term, elected by granting its requests; its no-op is durable here and nothing of it is acknowledged. */
export function bootLeader(options: BootOptions = {}): Raft {
  const raft = boot(options);
  raft.campaign(at(0));
  drain(raft);
  const { voters, votersOutgoing } = raft.status().configuration;
  for (const voter of [...voters, ...votersOutgoing]) {
    if (voter !== raft.status().id) grant(raft, voter);
  }
  if (raft.role !== 'leader') throw new Error('the boot did not make a leader');
  drain(raft);
  return raft;
}
export function grant(raft: Raft, from: NodeId): void {
  raft.step(at(0), from, { kind: 'requestVoteResponse', term: raft.term, granted: true });
}
export function ack(raft: Raft, from: NodeId, ackIndex: number, now: number = 0): void {
  const response: Message = {
    kind: 'appendResponse',
    term: raft.term,
    ok: true,
    index: index(ackIndex),
    hintIndex: index(0),
    hintTerm: term(0),
  };
  raft.step(at(now), from, response);
}
/** An append as a leader of that term would send it. terms: of its entries. */
export function append(
  leaderTerm: number,
  prev: readonly [term: number, index: number],
  terms: readonly number[],
  commit: number = 0,
): Message {
  return {
    kind: 'appendEntries',
    term: term(leaderTerm),
    prevTerm: term(prev[0]),
    prevIndex: index(prev[1]),
    commit: index(commit),
    entries: terms.map((value, i) => entryOf(value, prev[1] + 1 + i)),
  };
}
