/** Every frame of a run from its sending to its end. Bytes are kept as they are and read only if the frame is shown. */
import type { Envelope } from '../../core/codec/envelope.ts';
import type { FrameWatch } from '../network.ts';
import { Bounded } from './bounded.ts';
import type { FrameFate } from './recording.ts';

export interface Flight {
  readonly sentAt: number;
  readonly from: number;
  readonly to: number;
  readonly bytes: Uint8Array;
  /** Messages that left their node and were never put into a frame, because a violation ended the run; undefined otherwise. */
  readonly unsent: readonly Envelope[] | undefined;
  /** When it ended, or is due while it flies. */
  endedAt: number;
  fate: FrameFate;
}

/** Frames kept at least: more than a run of ordinary length sends. */
const FLIGHTS_MAX = 100_000;

const NOTHING: Uint8Array = new Uint8Array(0);

function linkOf(from: number, to: number): number {
  return from * 65_536 + to;
}

export class FlightLog implements FrameWatch {
  private readonly flights: Bounded<Flight> = new Bounded(FLIGHTS_MAX);
  /** Flying, by their bytes: a duplicate is the same bytes twice. */
  private readonly flying: Map<Uint8Array, Flight[]> = new Map();
  private readonly leaving: Map<number, { readonly from: number; readonly to: number; readonly envelopes: Envelope[] }> =
    new Map();
  private readonly clock: { readonly now: number };
  private readonly onDirection: (from: number, to: number, blocks: number) => void;

  constructor(clock: { readonly now: number }, onDirection: (from: number, to: number, blocks: number) => void) {
    this.clock = clock;
    this.onDirection = onDirection;
  }

  get kept(): readonly Flight[] {
    return this.flights.items;
  }

  get count(): number {
    return this.flights.items.length + this.flights.dropped;
  }

  /** How many of the oldest were forgotten. */
  get forgotten(): number {
    return this.flights.dropped;
  }

  launched(from: number, to: number, bytes: Uint8Array, arrival: number): void {
    this.leaving.delete(linkOf(from, to));
    const flight: Flight = { sentAt: this.clock.now, from, to, bytes, unsent: undefined, endedAt: arrival, fate: 'flying' };
    this.flights.push(flight);
    const same = this.flying.get(bytes);
    if (same === undefined) this.flying.set(bytes, [flight]);
    else same.push(flight);
  }

  swallowed(from: number, to: number, bytes: Uint8Array, why: 'blocked' | 'loss' | 'overflow'): void {
    const { now } = this.clock;
    this.leaving.delete(linkOf(from, to));
    this.flights.push({ sentAt: now, from, to, bytes, unsent: undefined, endedAt: now, fate: why === 'loss' ? 'lost' : why });
  }

  ended(_from: number, _to: number, bytes: Uint8Array, how: 'received' | 'blocked' | 'down'): void {
    const same = this.flying.get(bytes);
    if (same === undefined) return;
    const first = same.reduce((a, b) => (b.endedAt < a.endedAt ? b : a));
    first.endedAt = this.clock.now;
    first.fate = how;
    if (same.length === 1) this.flying.delete(bytes);
    else same.splice(same.indexOf(first), 1);
  }

  /** A message leaves its node: it is in the next frame, if there is one. */
  leaves(from: number, to: number, envelope: Envelope): void {
    const link = linkOf(from, to);
    const same = this.leaving.get(link);
    if (same === undefined) this.leaving.set(link, { from, to, envelopes: [envelope] });
    else same.envelopes.push(envelope);
  }

  /** The run is over: what left without a frame is noted as sent. */
  close(): void {
    const { now } = this.clock;
    for (const { from, to, envelopes } of this.leaving.values())
      this.flights.push({ sentAt: now, from, to, bytes: NOTHING, unsent: envelopes, endedAt: now, fate: 'flying' });
    this.leaving.clear();
  }

  direction(from: number, to: number, blocks: number): void {
    this.onDirection(from, to, blocks);
  }
}
