/**
 * Links between endpoints (nodes first, clients behind them): delay, loss, duplication, reorder, blocked directions and a
 * bounded number of frames in flight. A link is first-in-first-out unless a frame is drawn to overtake.
 * A blocked direction swallows frames when they are sent and when they would arrive.
 */
import type { FaultCounts } from './faults/counts.ts';
import type { Scheduler } from './scheduler.ts';
import type { Choices, Draws } from './tape.ts';

export interface LinkKnobs {
  /** Shortest delay, microseconds. */
  readonly delayMinMicros: number;
  /** Mean of the exponential part on top, microseconds. */
  readonly delayMeanMicros: number;
  /** Longest delay, microseconds, where a promise is measured that speaks of the slowest link. */
  readonly delayMaxMicros?: number;
  readonly loss: number;
  readonly duplicate: number;
  readonly reorder: number;
  /** Frames in flight on one direction of a link; more are dropped. */
  readonly queueMax: number;
}

/** Told what becomes of every frame: how a recorder sees the network. */
export interface FrameWatch {
  /** A frame is on its way and will arrive then, unless its receiver stands still or the direction is closed by that time. */
  launched(from: number, to: number, bytes: Uint8Array, arrival: number): void;
  /** A frame never left. */
  swallowed(from: number, to: number, bytes: Uint8Array, why: 'blocked' | 'loss' | 'overflow'): void;
  /** A frame's journey ended. */
  ended(from: number, to: number, bytes: Uint8Array, how: 'received' | 'blocked' | 'down'): void;
  /** A direction was closed (blocks = 1), closed once more, or opened (0). */
  direction(from: number, to: number, blocks: number): void;
}

/** A frame as it was sent. */
export interface Heard {
  readonly link: number;
  readonly bytes: Uint8Array;
}

/** Longest exponential part, microseconds, of links that are not bounded otherwise: a tail must not outlive a run. */
const DELAY_MAX_MICROS = 2_000_000;
/** How much later than it should a frame that others overtake arrives at most, in multiples of the mean delay. */
const OVERTAKEN_FACTOR = 20;

export class Network {
  private readonly endpoints: number;
  private readonly scheduler: Scheduler;
  private readonly eventKind: number;
  private readonly counts: FaultCounts;
  private readonly delays: Draws[] = [];
  private readonly losses: Draws[] = [];
  private readonly duplicates: Draws[] = [];
  private readonly reorders: Draws[] = [];
  /** How many faults block a direction now. */
  private readonly blocks: Uint16Array;
  private readonly inFlight: Uint16Array;
  private readonly lastArrival: Float64Array;
  knobs: LinkKnobs;
  /** Lists that take down what is sent, and how many frames each wants. */
  private readonly listeners: { readonly list: Heard[]; readonly max: number }[] = [];
  /** Undefined unless the run is recorded. */
  watch: FrameWatch | undefined = undefined;

  constructor(options: {
    readonly endpoints: number;
    readonly scheduler: Scheduler;
    readonly eventKind: number;
    readonly choices: Choices;
    readonly counts: FaultCounts;
    readonly knobs: LinkKnobs;
  }) {
    this.endpoints = options.endpoints;
    this.scheduler = options.scheduler;
    this.eventKind = options.eventKind;
    this.counts = options.counts;
    this.knobs = options.knobs;
    const links = options.endpoints * options.endpoints;
    this.blocks = new Uint16Array(links);
    this.inFlight = new Uint16Array(links);
    this.lastArrival = new Float64Array(links);
    for (let link = 0; link < links; link += 1) {
      const name = `${Math.floor(link / options.endpoints)}>${link % options.endpoints}`;
      this.delays.push(options.choices.under(`net/${name}/delay`));
      this.losses.push(options.choices.under(`net/${name}/loss`));
      this.duplicates.push(options.choices.under(`net/${name}/duplicate`));
      this.reorders.push(options.choices.under(`net/${name}/reorder`));
    }
  }

  /** Closes one direction; `unblock` as often to open it again. */
  block(from: number, to: number): void {
    this.setBlocks(from, to, this.isBlocked(from, to) + 1);
  }

  unblock(from: number, to: number): void {
    this.setBlocks(from, to, this.isBlocked(from, to) - 1);
  }

  /** How many blocks lie on the direction. */
  isBlocked(from: number, to: number): number {
    return this.blocks[from * this.endpoints + to] as number;
  }

  /** Puts a frame on the link. The bytes are kept until they arrive. */
  send(from: number, to: number, bytes: Uint8Array): void {
    const link = from * this.endpoints + to;
    const { knobs, counts } = this;
    if ((this.blocks[link] as number) > 0) {
      counts.blockedFrames += 1;
      this.watch?.swallowed(from, to, bytes, 'blocked');
      return;
    }
    if (knobs.loss > 0 && (this.losses[link] as Draws).chance(knobs.loss)) {
      counts.add('loss');
      this.watch?.swallowed(from, to, bytes, 'loss');
      return;
    }
    if (this.listeners.length > 0) this.takeDown(link, bytes);
    this.launch(link, bytes);
    if (knobs.duplicate > 0 && (this.duplicates[link] as Draws).chance(knobs.duplicate)) {
      counts.add('duplicate');
      this.launch(link, bytes);
    }
  }

  /** @returns a list that takes down the next frames sent. */
  overhear(max: number): Heard[] {
    const list: Heard[] = [];
    this.listeners.push({ list, max });
    return list;
  }

  stopOverhearing(list: Heard[]): void {
    const at = this.listeners.findIndex((listener) => listener.list === list);
    if (at >= 0) this.listeners.splice(at, 1);
  }

  linkOf(from: number, to: number): number {
    return from * this.endpoints + to;
  }

  /** Between which endpoints a frame was sent. */
  endsOf({ link }: Heard): { readonly from: number; readonly to: number } {
    return { from: Math.floor(link / this.endpoints), to: link % this.endpoints };
  }

  /** A frame of the past is on its link once more, if the link is open. */
  sendAgain(frame: Heard): void {
    if ((this.blocks[frame.link] as number) === 0) this.launch(frame.link, frame.bytes);
  }

  private takeDown(link: number, bytes: Uint8Array): void {
    for (const { list, max } of this.listeners) if (list.length < max) list.push({ link, bytes });
  }

  /** Called when a frame's event fires. @returns false where the link is blocked by now, or nobody runs at its end. */
  arrive(from: number, to: number, bytes: Uint8Array, isRunning: boolean): boolean {
    const link = from * this.endpoints + to;
    this.inFlight[link] = (this.inFlight[link] as number) - 1;
    const isOpen = (this.blocks[link] as number) === 0;
    if (!isOpen) this.counts.blockedFrames += 1;
    this.watch?.ended(from, to, bytes, isOpen ? (isRunning ? 'received' : 'down') : 'blocked');
    return isOpen && isRunning;
  }

  private setBlocks(from: number, to: number, blocks: number): void {
    this.blocks[from * this.endpoints + to] = blocks;
    this.watch?.direction(from, to, blocks);
  }

  private launch(link: number, bytes: Uint8Array): void {
    const { knobs } = this;
    const to = link % this.endpoints;
    const from = (link - to) / this.endpoints;
    if ((this.inFlight[link] as number) >= knobs.queueMax) {
      this.counts.add('overflow');
      this.watch?.swallowed(from, to, bytes, 'overflow');
      return;
    }
    this.inFlight[link] = (this.inFlight[link] as number) + 1;
    const { delayMinMicros, delayMaxMicros = delayMinMicros + DELAY_MAX_MICROS } = knobs;
    const drawn = (this.delays[link] as Draws).exponential(knobs.delayMeanMicros);
    const jitter = Math.min(drawn, delayMaxMicros - delayMinMicros);
    let arrival = this.scheduler.now + delayMinMicros + jitter;
    const late =
      knobs.reorder > 0 ? (this.reorders[link] as Draws).amount(knobs.reorder, knobs.delayMeanMicros * OVERTAKEN_FACTOR + 1) : 0;
    if (late > 0) {
      this.counts.add('reorder');
      arrival += late - 1;
    } else {
      arrival = Math.max(arrival, this.lastArrival[link] as number);
      this.lastArrival[link] = arrival;
    }
    this.watch?.launched(from, to, bytes, arrival);
    this.scheduler.push(arrival, this.eventKind, from, to, bytes);
  }
}
