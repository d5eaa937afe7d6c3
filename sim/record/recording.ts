/**
 * What a recorded run leaves behind: plain data that a page or a text is made of, with nothing in it that needs the
 * simulator any more. Times are true microseconds since the run began; nodes are positions; endpoints are nodes first, the
 * clients behind them.
 */
import type { Role } from '../../core/raft/ready.ts';
import type { Evidence } from '../observer.ts';
import type { RunVerdict } from '../result.ts';
import type { MessageWords } from './phrase.ts';

export interface Recording {
  readonly version: 1;
  readonly scenario: string;
  readonly seed: string;
  readonly profile: string;
  readonly verdict: RunVerdict;
  readonly violation: RecordedViolation | undefined;
  readonly nodes: number;
  /** Names of the clients; the endpoint of a client is `nodes` + its position. */
  readonly clients: readonly string[];
  readonly groups: readonly number[];
  readonly phases: readonly { readonly at: number; readonly name: string }[];
  /** The world in which it happened, as sentences. */
  readonly settings: readonly string[];
  readonly end: number;
  /** Where a reader should look first. */
  readonly focus: number;
  /** Messages and counters are kept between these times only; everything else for the whole run. */
  readonly detailFrom: number;
  readonly detailTo: number;
  readonly frames: readonly RecordedFrame[];
  readonly changes: readonly StateChange[];
  /** When a node did not run. Sorted by time. */
  readonly absences: readonly Absence[];
  readonly faults: readonly FaultSpan[];
  readonly operations: readonly RecordedOperation[];
  readonly blocks: readonly RecordedBlock[];
  readonly totals: {
    readonly events: number;
    readonly ok: number;
    readonly fail: number;
    readonly info: number;
    readonly elections: number;
    readonly frames: number;
    readonly faults: Readonly<Record<string, number>>;
  };
  /** What is not in here, as sentences. */
  readonly omitted: readonly string[];
}

export interface RecordedViolation {
  readonly oracle: string;
  /** The rule it broke, as one sentence. */
  readonly claim: string;
  readonly message: string;
  /** When it was noticed. */
  readonly at: number;
  readonly evidence: Evidence;
}

/** received; lost on the way; swallowed by a cut; dropped by a full link; arrived where nobody runs; still under way at the end. */
export type FrameFate = 'received' | 'lost' | 'blocked' | 'overflow' | 'down' | 'flying';

export interface RecordedFrame {
  readonly sentAt: number;
  readonly endedAt: number;
  readonly from: number;
  readonly to: number;
  readonly fate: FrameFate;
  readonly items: readonly MessageWords[];
}

/** One replica of one group, as its node believed it to be. */
export interface ReplicaState {
  readonly role: Role;
  readonly term: number;
  /** The node that has this node's vote in the term; -1 = nobody. */
  readonly vote: number;
  readonly last: number;
  /** Last entry that the node's disk is sure to hold. */
  readonly durable: number;
  readonly commit: number;
  readonly applied: number;
}

/** What became different at a replica. */
export type StateChange = { readonly at: number; readonly node: number; readonly group: number } & Partial<ReplicaState>;

export interface Absence {
  readonly node: number;
  /** paused: the process stands still. crash, powerLoss: it is gone. stopped: it gave up by itself. */
  readonly why: 'crash' | 'powerLoss' | 'stopped' | 'paused';
  readonly from: number;
  readonly to: number;
  /** Unsynced writes that the disk forgot or tore. */
  readonly writesLost: number;
}

export interface FaultSpan {
  readonly kind: string;
  /** What it does to whom: `{0 1} | {2 3 4}`. May be empty. */
  readonly text: string;
  readonly nodes: readonly number[];
  /** How often at that instant. */
  readonly times: number;
  readonly from: number;
  /** Equal to `from` where the fault is over at once. */
  readonly to: number;
}

export interface RecordedOperation {
  /** Position among the clients. */
  readonly client: number;
  readonly process: number;
  readonly vault: number;
  readonly invokedAt: number;
  /** Undefined where no answer came, or none that says what happened. */
  readonly returnedAt: number | undefined;
  readonly outcome: 'ok' | 'fail' | 'info';
  readonly isRead: boolean;
  /** Whether it is known to have changed something. */
  readonly isChange: boolean;
  readonly asked: string;
  readonly told: string;
  /** What it reads or writes: operations that share one touch each other. */
  readonly keys: readonly string[];
}

export interface RecordedBlock {
  readonly at: number;
  /** Where it was sealed first. */
  readonly node: number;
  readonly group: number;
  readonly vault: string;
  readonly height: number;
  readonly index: number;
  readonly transactions: number;
}
