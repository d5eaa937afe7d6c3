/**
 * What a run did, event by event, with the hash of everything up to each: two logs of one run are equal, or they name the first
 * event that differs. Fourteen bytes an event, so that whole runs fit.
 */
import type { TraceListener } from './trace.ts';
import { EventKind, TraceKind } from './world-events.ts';

/** One thing that was folded into the trace. */
export interface TracedEvent {
  /** Position in the run, from 0. */
  readonly position: number;
  /** True time, microseconds. */
  readonly time: number;
  /** Position of the node, or of the client behind the nodes. */
  readonly node: number;
  readonly kind: number;
}

/** The first difference of two runs; undefined where one has ended before. */
export interface Difference {
  readonly position: number;
  readonly left: TracedEvent | undefined;
  readonly right: TracedEvent | undefined;
}

/** Samples of a log that fit a tape: the hash before every `stride`-th event, eight hex digits each. */
export interface Samples {
  readonly events: number;
  readonly stride: number;
  readonly hashes: string;
}

const SAMPLES_MAX = 2048;
const HASH_DIGITS = 8;
const HEADER = 'vouch-trace 1';

export class PrefixLog {
  private times: Float64Array = new Float64Array(4096);
  /** The node in the upper bits, the kind in the lowest eight. */
  private places: Int32Array = new Int32Array(4096);
  /** Hash of everything before the event. */
  private hashes: Uint32Array = new Uint32Array(4096);
  private last: number = 0;
  length: number = 0;

  /** What a run is given to fill this log. */
  readonly listener: TraceListener = (time, node, kind, before) => {
    if (this.length === this.times.length) this.grow();
    this.times[this.length] = time;
    this.places[this.length] = (node << 8) | kind;
    this.hashes[this.length] = before;
    this.length += 1;
  };

  /** The run is over. @param after hash of everything. */
  close(after: number): void {
    this.last = after;
  }

  at(position: number): TracedEvent | undefined {
    if (position >= this.length) return undefined;
    const place = this.places[position] as number;
    return { position, time: this.times[position] as number, node: place >> 8, kind: place & 0xff };
  }

  /** Hash of everything up to the event, it included. */
  private after(position: number): number {
    return position + 1 < this.length ? (this.hashes[position + 1] as number) : this.last;
  }

  /** The first event that is not the same in both; undefined where both runs are the same. */
  firstDifference(other: PrefixLog): Difference | undefined {
    const shorter = Math.min(this.length, other.length);
    for (let position = 0; position < shorter; position += 1) {
      const isSame =
        this.times[position] === other.times[position] &&
        this.places[position] === other.places[position] &&
        (this.after(position) === other.after(position) || (position + 1 === shorter && this.length !== other.length));
      if (!isSame) return { position, left: this.at(position), right: other.at(position) };
    }
    if (this.length === other.length) return undefined;
    return { position: shorter, left: this.at(shorter), right: other.at(shorter) };
  }

  samples(): Samples {
    const stride = Math.max(1, Math.ceil(this.length / SAMPLES_MAX));
    let hashes = '';
    for (let position = 0; position < this.length; position += stride) hashes += hex(this.hashes[position] as number);
    return { events: this.length, stride, hashes };
  }

  /**
   * The first event of this run that may differ from the one the samples were taken of: exact where the stride is 1, else the
   * first of `stride` among which it is. Undefined where every sample agrees.
   */
  firstDifferenceFrom({ stride, hashes }: Samples): TracedEvent | undefined {
    for (let sample = 0; sample * HASH_DIGITS < hashes.length; sample += 1) {
      const position = sample * stride;
      const expected = hashes.slice(sample * HASH_DIGITS, (sample + 1) * HASH_DIGITS);
      if (position < this.length && hex(this.hashes[position] as number) === expected) continue;
      return this.at(Math.max(position - stride, 0));
    }
    return undefined;
  }

  /** One line an event: time, node, kind, hash of everything before. */
  toText(): string {
    const lines = [HEADER, hex(this.last)];
    for (let position = 0; position < this.length; position += 1) {
      const { time, node, kind } = this.at(position) as TracedEvent;
      lines.push(`${time} ${node} ${kind} ${hex(this.hashes[position] as number)}`);
    }
    return `${lines.join('\n')}\n`;
  }

  /** @returns undefined where the text is not one of `toText`. */
  static fromText(text: string): PrefixLog | undefined {
    const [header, last, ...lines] = text.trimEnd().split('\n');
    if (header !== HEADER || last === undefined) return undefined;
    const log = new PrefixLog();
    for (const line of lines) {
      const [time, node, kind, before] = line.split(' ');
      log.listener(Number(time), Number(node), Number(kind), Number.parseInt(before ?? '', 16));
    }
    log.close(Number.parseInt(last, 16));
    return log;
  }

  private grow(): void {
    const size = this.times.length * 2;
    const { times, places, hashes } = this;
    this.times = new Float64Array(size);
    this.places = new Int32Array(size);
    this.hashes = new Uint32Array(size);
    this.times.set(times);
    this.places.set(places);
    this.hashes.set(hashes);
  }
}

function hex(hash: number): string {
  return (hash >>> 0).toString(16).padStart(HASH_DIGITS, '0');
}

const KIND_NAMES: ReadonlyMap<number, string> = new Map([
  ...Object.entries(EventKind).map(([name, kind]) => [kind, name] as const),
  ...Object.entries(TraceKind).map(([name, kind]) => [kind, name] as const),
]);

/** "event 1234 at 5678 µs, node 2, frame". */
export function describeEvent({ position, time, node, kind }: TracedEvent): string {
  return `event ${position} at ${time} µs, node ${node}, ${KIND_NAMES.get(kind) ?? `kind ${kind}`}`;
}
