/**
 * What becomes of each message between the processes of a real run: which directions are closed, what is lost, doubled, late, or heard once
 * more. The relays (relay.ts) carry; this decides. Endpoints are numbered as in the simulator, nodes first, clients behind them, and a closed
 * direction swallows Raft frames as there. Other messages wait until it opens: TCP would deliver them then, and nobody sends them again.
 */
import { WaitingRoom } from './waiting-room.ts';

/** Of every link between nodes. Times in microseconds of the story, shares per Raft frame. */
export interface LinkTraits {
  readonly delayMinMicros: number;
  readonly delayMeanMicros: number;
  readonly loss: number;
  readonly duplicate: number;
  readonly reorder: number;
  /** Frames that are late on one direction at the same time; more are dropped. */
  readonly queueMax: number;
}

/** A frame as it was sent. */
export interface HeardFrame {
  readonly link: number;
  readonly bytes: Uint8Array;
}

/** The draws of one direction. */
export interface Dice {
  chance(probability: number): boolean;
  exponential(mean: number): number;
  /** 0, but with that probability a whole number from 1 to the bound. */
  amount(probability: number, bound: number): number;
}

export interface WiresOptions {
  readonly endpoints: number;
  readonly traits: LinkTraits;
  /** Real milliseconds in a millisecond of the story. */
  readonly pace: number;
  readonly dice: (from: number, to: number) => Dice;
  /** A frame was lost, doubled, overtaken, or found its link full. */
  readonly happened: (what: 'loss' | 'duplicate' | 'reorder' | 'overflow') => void;
}

/** Who is not known at the other end: the gateway of a node. Nothing of it is closed. */
export const STRANGER = -1;
/** How much later than it should a frame that others overtake arrives at most, in multiples of the mean delay. */
const OVERTAKEN_FACTOR = 20;

type Deliver = (bytes: Uint8Array) => void;

export class Wires {
  knobs: LinkTraits;
  private readonly options: WiresOptions;
  private readonly usual: LinkTraits;
  private readonly blocks: Uint16Array;
  private readonly dice: Dice[] = [];
  private readonly late: Uint16Array;
  /** Real time of the last arrival on each direction, milliseconds. */
  private readonly lastArrival: Float64Array;
  private readonly rooms: WaitingRoom[] = [];
  /** Where a frame of the past can be sent again. */
  private readonly outlets: Set<Deliver>[] = [];
  private readonly listeners: { readonly list: HeardFrame[]; readonly max: number }[] = [];
  private readonly sent: { readonly from: number; readonly act: () => void }[] = [];
  /** Frames that a closed direction swallowed. */
  swallowed: number = 0;

  constructor(options: WiresOptions) {
    const { endpoints, traits, dice } = options;
    this.options = options;
    this.knobs = traits;
    this.usual = traits;
    const links = endpoints * endpoints;
    this.blocks = new Uint16Array(links);
    this.late = new Uint16Array(links);
    this.lastArrival = new Float64Array(links);
    for (let link = 0; link < links; link += 1) {
      this.dice.push(dice(Math.floor(link / endpoints), link % endpoints));
      this.rooms.push(new WaitingRoom());
      this.outlets.push(new Set());
    }
  }

  /** Closes one direction; `unblock` as often to open it again. */
  block(from: number, to: number): void {
    this.blocks[this.linkOf(from, to)] = this.blocksOn(from, to) + 1;
  }

  unblock(from: number, to: number): void {
    const link = this.linkOf(from, to);
    this.blocks[link] = Math.max(this.blocksOn(from, to) - 1, 0);
    if (this.blocks[link] === 0) (this.rooms[link] as WaitingRoom).open();
  }

  isClosed(from: number, to: number): boolean {
    return from !== STRANGER && to !== STRANGER && this.blocksOn(from, to) > 0;
  }

  /** Runs something once the direction is open, at once where it is. In the order of the calls. */
  whenOpen(from: number, to: number, act: () => void): void {
    if (this.isClosed(from, to)) (this.rooms[this.linkOf(from, to)] as WaitingRoom).wait(act);
    else act();
  }

  /** Carries a message of another kind than a Raft frame: late at most until the direction is open. */
  carry(from: number, to: number, deliver: () => void): void {
    this.whenOpen(from, to, deliver);
  }

  /** Carries a Raft frame, or does not. */
  carryFrame(from: number, to: number, bytes: Uint8Array, deliver: Deliver): void {
    if (from === STRANGER || to === STRANGER) return deliver(bytes);
    const link = this.linkOf(from, to);
    const { loss, duplicate } = this.knobs;
    const { happened } = this.options;
    this.noticeSent(from);
    if (this.isClosed(from, to)) {
      this.swallowed += 1;
      return;
    }
    const dice = this.dice[link] as Dice;
    if (loss > 0 && dice.chance(loss)) return happened('loss');
    for (const { list, max } of this.listeners) if (list.length < max) list.push({ link, bytes });
    this.launch(link, bytes, deliver);
    if (duplicate === 0 || !dice.chance(duplicate)) return;
    happened('duplicate');
    this.launch(link, bytes, deliver);
  }

  /** A connection on which frames of the direction may be sent again. @returns how to take it away. */
  outlet(from: number, to: number, deliver: Deliver): () => void {
    if (from === STRANGER || to === STRANGER) return () => undefined;
    const outlets = this.outlets[this.linkOf(from, to)] as Set<Deliver>;
    outlets.add(deliver);
    return () => outlets.delete(deliver);
  }

  /** @returns a list that takes down the next frames sent. */
  overhear(max: number): HeardFrame[] {
    const list: HeardFrame[] = [];
    this.listeners.push({ list, max });
    return list;
  }

  stopOverhearing(list: HeardFrame[]): void {
    const at = this.listeners.findIndex((listener) => listener.list === list);
    if (at >= 0) this.listeners.splice(at, 1);
  }

  /** A frame of the past arrives once more, where its direction is open and connected. */
  sendAgain({ link, bytes }: HeardFrame): void {
    const [outlet] = this.outlets[link] as Set<Deliver>;
    if (outlet !== undefined && this.blocks[link] === 0) this.launch(link, bytes, outlet);
  }

  /** Runs something as soon as the node has sent another frame. */
  onceSent(from: number, act: () => void): void {
    this.sent.push({ from, act });
  }

  private noticeSent(from: number): void {
    if (this.sent.length === 0) return;
    const due = this.sent.filter((each) => each.from === from);
    for (const each of due) {
      this.sent.splice(this.sent.indexOf(each), 1);
      each.act();
    }
  }

  private launch(link: number, bytes: Uint8Array, deliver: Deliver): void {
    const waitMs = this.delayMs(link);
    if (waitMs <= 0) return deliver(bytes);
    if ((this.late[link] as number) >= this.knobs.queueMax) return this.options.happened('overflow');
    this.late[link] = (this.late[link] as number) + 1;
    setTimeout(() => {
      this.late[link] = (this.late[link] as number) - 1;
      if (this.blocks[link] === 0) deliver(bytes);
      else this.swallowed += 1;
    }, waitMs);
  }

  /** 0 on links as they usually are: then only what loopback and processes take is waited for. */
  private delayMs(link: number): number {
    const { delayMinMicros, delayMeanMicros, reorder } = this.knobs;
    const dice = this.dice[link] as Dice;
    const now = performance.now();
    const micros = delayMeanMicros > this.usual.delayMeanMicros ? delayMinMicros + dice.exponential(delayMeanMicros) : 0;
    const overtaken = reorder > 0 ? dice.amount(reorder, delayMeanMicros * OVERTAKEN_FACTOR + 1) : 0;
    const arrival = now + ((micros + overtaken) * this.options.pace) / 1000;
    if (overtaken > 0) {
      this.options.happened('reorder');
      return arrival - now;
    }
    // First in, first out.
    this.lastArrival[link] = Math.max(arrival, this.lastArrival[link] as number);
    return (this.lastArrival[link] as number) - now;
  }

  private linkOf(from: number, to: number): number {
    return from * this.options.endpoints + to;
  }

  private blocksOn(from: number, to: number): number {
    return this.blocks[this.linkOf(from, to)] as number;
  }
}
