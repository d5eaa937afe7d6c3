/**
 * One node of a scenario: a Raft group, what of it is stored, applied and waiting, and a clock of its own that only ticks
 * move. Asynchronous storage keeps what is to be written and applied as work items; else each Ready is durable at once.
 */
import { INDEX_ZERO, type LogIndex, type Micros, type NodeId, plus, TERM_ZERO } from '../../../core/ids.ts';
import type { ConfigurationChange } from '../../../core/raft/membership.ts';
import { type Configuration, type Entry, EntryKind, type Message, type SnapshotMeta } from '../../../core/raft/message.ts';
import { Raft } from '../../../core/raft/raft.ts';
import type { Ready } from '../../../core/raft/ready.ts';
import { Random } from '../../../core/random.ts';
import { confStateText, idOf } from './names.ts';
import { hardText, type Moment, momentOf, softText, Trail } from './trail.ts';

/** One tick of a scenario; the smallest odd bit makes the range of election timeouts no longer than it must be. */
export const TICK_MICROS = 1000;

export interface NodeOptions {
  readonly number: number;
  readonly base: SnapshotMeta;
  readonly preVote: boolean;
  readonly checkQuorum: boolean;
  readonly inflight: number | undefined;
  readonly isAsync: boolean;
  /** Asynchronous storage: apply also what is committed but not durable here. */
  readonly appliesUnstable: boolean;
  /** Apply one entry a Ready. */
  readonly appliesOne: boolean;
  readonly electionTicks: number;
  readonly heartbeatTicks: number;
  /** A lease stands: the leader must not be forgotten. */
  readonly hasLease: boolean;
}

/** What travels: a message, a proposal for the leader, or the news that work is done, which cannot be lost. */
export type Load =
  | { readonly kind: 'message'; readonly message: Message }
  | { readonly kind: 'proposal'; readonly data: Uint8Array }
  | { readonly kind: 'change'; readonly change: ConfigurationChange; readonly text: string }
  | { readonly kind: 'persisted'; readonly mark: number }
  | { readonly kind: 'applied' };
export interface Flight {
  readonly from: number;
  readonly to: number;
  readonly load: Load;
}

interface AppendWork {
  readonly ready: Ready;
  readonly responses: readonly Flight[];
}

const NOTHING = new Uint8Array(0);

export class ScenarioNode {
  readonly number: number;
  readonly id: NodeId;
  readonly raft: Raft;
  readonly options: NodeOptions;
  now: Micros = 0 as Micros;
  trail: Trail;
  /** The log as it is on disk, behind storedBase. */
  stored: Entry[] = [];
  storedBase: LogIndex;
  readonly appendWork: AppendWork[] = [];
  readonly applyWork: (readonly Entry[])[] = [];
  /** A state machine's snapshots: one after each applied entry. */
  readonly snapshots: SnapshotMeta[];
  /** Changes that wait until the leader may propose them. */
  readonly waiting: { readonly change: ConfigurationChange; readonly text: string }[] = [];
  private readonly send: (flight: Flight) => void;
  private readonly texts: WeakMap<Uint8Array, string>;
  /** As of the last Ready. */
  private shown: Moment;
  private appliedHandedOut: LogIndex;
  private commitHandedOut: LogIndex;

  constructor(options: NodeOptions, send: (flight: Flight) => void, texts: WeakMap<Uint8Array, string>) {
    const { base, number, electionTicks, heartbeatTicks } = options;
    this.options = options;
    this.number = number;
    this.id = idOf(number);
    this.send = send;
    this.texts = texts;
    this.storedBase = base.index;
    this.snapshots = [base];
    this.appliedHandedOut = base.index;
    this.commitHandedOut = base.index;
    this.raft = new Raft(
      {
        id: this.id,
        timing: {
          electionTimeoutMinMicros: electionTicks * TICK_MICROS,
          electionTimeoutMaxMicros: electionTicks * TICK_MICROS + 1,
          heartbeatMicros: heartbeatTicks * TICK_MICROS,
        },
        preVote: options.preVote,
        checkQuorum: options.checkQuorum,
        random: Random.stream([number, 0, 0, 1], 'raft'),
        buggify: () => false,
        noopData: () => NOTHING,
        snapshotToOffer: () => ({ meta: this.snapshots.at(-1) as SnapshotMeta, manifest: NOTHING }),
        ...(options.inflight === undefined ? {} : { limits: { inflightAppendsMax: options.inflight } }),
      },
      {
        hardState: { term: TERM_ZERO, votedFor: undefined, commitIndex: base.index },
        entries: [],
        configuration: base.configuration,
        ...(base.index === INDEX_ZERO ? {} : { snapshot: base }),
      },
      this.now,
    );
    this.shown = momentOf(this.raft.status());
    this.trail = new Trail(this.shown, this.shown);
  }

  /** A new directive begins. */
  beginTrail(): void {
    this.trail = new Trail(momentOf(this.raft.status()), this.shown);
  }
  /** Something happened to the group. */
  note(): void {
    this.trail.steps.push(momentOf(this.raft.status()));
  }

  /** Term, index, kind and data of an entry in the corpus's words. */
  entryText(entry: Entry): string {
    const what = this.texts.get(entry.data);
    if (entry.kind === EntryKind.configuration) return `${entry.term}/${entry.index} ${what ?? 'EntryConfChangeV2'}`;
    return `${entry.term}/${entry.index} EntryNormal ${JSON.stringify(new TextDecoder().decode(entry.data))}`;
  }
  entryTexts(entries: readonly Entry[]): readonly string[] {
    return entries.map((entry) => this.entryText(entry));
  }

  /** A Ready is handled: whoever looks at it sees what has changed since the last one. */
  private noteReady(): void {
    const moment = momentOf(this.raft.status());
    if (softText(moment) !== softText(this.shown)) this.trail.softs.push(moment);
    if (hardText(moment) !== hardText(this.shown)) this.trail.hards.push(moment);
    this.shown = moment;
    this.trail.steps.push(moment);
  }

  /** Role or leader have changed since the last Ready: etcd/raft makes a Ready of that alone. */
  private get hasNews(): boolean {
    return softText(momentOf(this.raft.status())) !== softText(this.shown);
  }

  /** Handles one Ready. @returns whether there was one. */
  processReady(): boolean {
    const ready = this.raft.ready();
    const commit = ready?.commitIndex ?? this.raft.commitIndex;
    const committed = this.takeCommitted(commit);
    if (ready === undefined && committed.length === 0 && !this.hasNews) return false;
    this.noteReady();
    this.trail.applied.push(...this.entryTexts(committed));
    if (!this.options.isAsync && ready !== undefined) this.store(ready);
    if (this.options.isAsync) {
      if (committed.length > 0) this.applyWork.push(committed);
    } else this.apply(committed);
    if (ready !== undefined) this.dispatch(ready);
    this.note();
    return true;
  }

  /** The oldest write of an asynchronous storage. @returns whether there was one. */
  processAppend(): boolean {
    const work = this.appendWork.shift();
    if (work === undefined) return false;
    this.store(work.ready);
    for (const flight of work.responses) this.send(flight);
    this.send({ from: this.number, to: this.number, load: { kind: 'persisted', mark: work.ready.mark } });
    return true;
  }

  processApply(): boolean {
    const entries = this.applyWork.shift();
    if (entries === undefined) return false;
    this.apply(entries);
    this.send({ from: this.number, to: this.number, load: { kind: 'applied' } });
    return true;
  }

  private takeCommitted(commit: LogIndex): readonly Entry[] {
    const from = plus(this.appliedHandedOut, 1);
    const applicable = this.options.isAsync && !this.options.appliesUnstable ? Math.min(commit, this.raft.stableIndex) : commit;
    const to = this.options.appliesOne ? Math.min(applicable, from) : applicable;
    const entries = this.raft.entries(from, to as LogIndex);
    this.appliedHandedOut = plus(this.appliedHandedOut, entries.length);
    return entries;
  }

  private store(ready: Ready): void {
    if (ready.truncateFrom !== undefined) this.stored.length = ready.truncateFrom - this.storedBase - 1;
    this.stored.push(...ready.entries);
    if (!this.options.isAsync) this.trail.stored.push(...this.entryTexts(ready.entries));
  }

  private apply(entries: readonly Entry[]): void {
    for (const { index } of entries) this.snapshots.push(this.raft.snapshotMeta(index));
  }

  /**
   * A request for votes of ours waits until the candidate's own vote is durable; etcd/raft's leaves at once. It does here
   * too: only a crash could tell them apart, and no scenario has one.
   */
  private dispatch(ready: Ready): void {
    const flights = ready.messages.map(({ to, message, durable }): Flight & { readonly durable: boolean } => ({
      from: this.number,
      to: Number(to),
      load: { kind: 'message', message },
      durable: durable && message.kind !== 'requestVote',
    }));
    const { isAsync } = this.options;
    for (const flight of flights) if (!isAsync || !flight.durable) this.send(flight);
    if (isAsync)
      this.queueAppend(
        ready,
        flights.filter((flight) => flight.durable),
      );
    else this.raft.persisted(ready.mark);
    if (ready.snapshot !== undefined) this.install(ready.snapshot.meta);
  }

  /** A commit index alone is written too, by the storage that the corpus knows. */
  private queueAppend(ready: Ready, responses: readonly Flight[]): void {
    if (isAsyncWrite(ready, responses) || ready.commitIndex !== this.commitHandedOut) {
      this.trail.stored.push(...this.entryTexts(ready.entries));
      this.appendWork.push({ ready, responses });
    }
    this.commitHandedOut = ready.commitIndex;
  }

  private install(meta: SnapshotMeta): void {
    this.trail.snapshots.push(`${meta.index} ${meta.term} ${confStateText(meta.configuration)}`);
    this.snapshots.push(meta);
    this.stored = [];
    this.storedBase = meta.index;
    this.appliedHandedOut = meta.index;
    this.raft.snapshotInstalled(this.now, meta);
    this.noteReady();
    this.processReady();
  }

  /** Who are members where this node stands, by its own log. */
  get configuration(): Configuration {
    return this.raft.status().configuration;
  }
}

function isAsyncWrite(ready: Ready, responses: readonly Flight[]): boolean {
  return ready.hardState !== undefined || ready.truncateFrom !== undefined || ready.entries.length > 0 || responses.length > 0;
}
