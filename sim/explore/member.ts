/**
 * One member of the explored group as a host sees it: the production Raft, its disk, what is on the way there, and the messages
 * that wait for it. Carries out every Ready by the contract in core/raft/ready.ts.
 * Its clock stands still but for time-outs: then it shows the deadline that has passed. Why that is enough: abstraction.ts.
 */
import { neverBuggify } from '../../core/capability.ts';
import { INDEX_ZERO, type Micros, type NodeId, TERM_ZERO } from '../../core/ids.ts';
import {
  type Configuration,
  configurationOf,
  type Entry,
  EntryKind,
  type HardState,
  type Message,
} from '../../core/raft/message.ts';
import type { RaftOptions } from '../../core/raft/options.ts';
import { Raft } from '../../core/raft/raft.ts';
import type { Ready } from '../../core/raft/ready.ts';
import { Random } from '../../core/random.ts';
import { deepCopy } from './copy.ts';
import { plainText } from './plain-text.ts';
import type { Scope } from './scope.ts';

/** What a crash leaves. */
export interface Disk {
  readonly hardState: HardState;
  /** The log, from index 1 on. */
  readonly entries: readonly Entry[];
}

/** A batch handed out to the disk. */
export type Batch = Pick<Ready, 'mark' | 'hardState' | 'truncateFrom' | 'entries'>;

export interface Outgoing {
  readonly to: NodeId;
  readonly message: Message;
}

interface Held extends Outgoing {
  readonly mark: number;
}

const EMPTY_DISK: Disk = { hardState: { term: TERM_ZERO, votedFor: undefined, commitIndex: INDEX_ZERO }, entries: [] };
const NO_DATA: Uint8Array = new Uint8Array(0);
/** Any instant: only its order to later ones counts. */
const START = 1_000_000 as Micros;
const SECOND = 1_000_000;

/** Ids of the nodes 0 to count - 1, in this order also when sorted. */
export function nodeIds(count: number): readonly NodeId[] {
  return Array.from({ length: count }, (_, node) => String(node).padStart(32, '0') as NodeId);
}

export class Member {
  readonly id: NodeId;
  private readonly scope: Scope;
  raft: Raft;
  disk: Disk = EMPTY_DISK;
  /** On the way to the disk, oldest first. */
  pending: Batch[] = [];
  /** Waiting for their mark. */
  held: Held[] = [];
  private now: Micros = START;
  /** What left in the present input. */
  private left: Outgoing[] = [];

  constructor(id: NodeId, scope: Scope) {
    this.id = id;
    this.scope = scope;
    this.raft = this.open();
    this.carryOut();
  }

  copy(): Member {
    return deepCopy(this);
  }

  /** A message arrives. Like all inputs: @returns what leaves the node because of it. */
  deliver(from: NodeId, message: Message): readonly Outgoing[] {
    this.raft.step(this.now, from, message);
    return this.carryOut();
  }

  /** The time-out that is next has passed: of elections where the node does not lead, else of heartbeats. */
  timeOut(): readonly Outgoing[] {
    this.now = this.raft.nextDeadline();
    this.raft.deadline(this.now);
    return this.carryOut();
  }

  propose(): readonly Outgoing[] {
    this.raft.propose(this.now, [{ kind: EntryKind.normal, data: NO_DATA }]);
    return this.carryOut();
  }

  /** The disk has finished the oldest `batches`, and raft hears of the last of them. */
  persisted(batches: number): readonly Outgoing[] {
    const { mark } = this.pending[batches - 1] as Batch;
    this.write(batches);
    this.raft.persisted(mark);
    this.release(mark);
    return this.carryOut();
  }

  /** The process dies after the disk has finished the oldest `batches`, and is started again. */
  restart(batches: number): readonly Outgoing[] {
    this.write(batches);
    this.pending = [];
    this.held = [];
    this.raft = this.open();
    return this.carryOut();
  }

  private open(): Raft {
    const { hardState, entries } = this.disk;
    const configuration = frozen(configurationOf(nodeIds(this.scope.nodes)));
    return new Raft(this.options(), { hardState, entries, configuration }, this.now);
  }

  private options(): RaftOptions {
    return {
      id: this.id,
      timing: { electionTimeoutMinMicros: SECOND, electionTimeoutMaxMicros: 2 * SECOND, heartbeatMicros: SECOND / 10 },
      preVote: this.scope.prevote === 1,
      checkQuorum: false,
      random: Random.stream([1, 2, 3, 4], 'explore'),
      buggify: neverBuggify,
      noopData: () => NO_DATA,
    };
  }

  private carryOut(): readonly Outgoing[] {
    for (let ready = this.raft.ready(); ready !== undefined; ready = this.raft.ready()) {
      const { mark, hardState, truncateFrom, entries, messages } = ready;
      for (const entry of entries) Object.freeze(entry);
      const newest = this.pending[this.pending.length - 1]?.mark ?? 0;
      const persists = hardState !== undefined || truncateFrom !== undefined || entries.length > 0;
      if (persists) this.pending.push({ mark, hardState, truncateFrom, entries });
      const awaited = persists ? mark : newest;
      for (const { to, message, durable } of messages) {
        if (durable && awaited !== 0) this.hold({ mark: awaited, to, message });
        else this.left.push({ to, message });
      }
    }
    const { left } = this;
    this.left = [];
    return left;
  }

  /**
   * What waits already need not wait twice. Where everything that is sent may arrive, the earlier one stays: it will have been sent by
   * then. Where links forget, the later one does, behind everything that it replaces there.
   */
  private hold(one: Held): void {
    const isSame = (other: Held): boolean => other.to === one.to && plainText(other.message) === plainText(one.message);
    if (this.scope.links > 0) this.held = this.held.filter((other) => other.mark !== one.mark || !isSame(other));
    else if (this.held.some(isSame)) return;
    this.held.push(one);
  }

  /** The oldest batches reach the disk, each after those before it. */
  private write(batches: number): void {
    for (const { hardState, truncateFrom, entries } of this.pending.splice(0, batches)) {
      const kept = truncateFrom === undefined ? this.disk.entries : this.disk.entries.slice(0, truncateFrom - 1);
      this.disk = { hardState: hardState ?? this.disk.hardState, entries: [...kept, ...entries] };
    }
  }

  private release(mark: number): void {
    for (const { to, message, mark: awaited } of this.held) if (awaited <= mark) this.left.push({ to, message });
    this.held = this.held.filter((held) => held.mark > mark);
  }
}

/** Nobody changes a configuration: copies of a member share it. */
function frozen(configuration: Configuration): Configuration {
  return Object.freeze({ ...configuration, voters: Object.freeze([...configuration.voters]) });
}
