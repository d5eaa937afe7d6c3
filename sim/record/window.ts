/**
 * Which frames of a run are shown: those around the moment a reader should look at, back to a bounded number. Heartbeats that
 * ask nothing are most of the traffic and the least of the story: few of them are kept, unless they were lost.
 */
import type { Flight } from './flight-log.ts';
import type { MessageWords } from './phrase.ts';

/** A frame with its messages read. */
export interface ReadFlight {
  readonly flight: Flight;
  readonly items: readonly MessageWords[];
}

export interface Window {
  readonly frames: readonly ReadFlight[];
  readonly from: number;
  readonly to: number;
  /** Frames before and behind the window. */
  readonly outside: number;
  /** Idle heartbeats inside it that are not shown. */
  readonly thinned: number;
}

export interface WindowLimits {
  readonly framesBefore: number;
  readonly framesBehind: number;
  /** Idle heartbeats kept on either side. */
  readonly idle: number;
}

export const WINDOW_LIMITS: WindowLimits = { framesBefore: 4500, framesBehind: 1000, idle: 500 };

/** @param flights in order of sending. @param read what a frame says; asked only for frames in the window. */
export function chooseWindow(
  flights: readonly Flight[],
  focus: number,
  read: (flight: Flight) => readonly MessageWords[],
  limits: WindowLimits = WINDOW_LIMITS,
): Window {
  let split = flights.findIndex((flight) => flight.sentAt > focus);
  if (split < 0) split = flights.length;
  const before = take(flights, { start: split - 1, step: -1, read, framesMax: limits.framesBefore, idleMax: limits.idle });
  const behind = take(flights, { start: split, step: 1, read, framesMax: limits.framesBehind, idleMax: limits.idle });
  const first = flights[before.next + 1];
  const last = flights[behind.next - 1];
  return {
    frames: [...before.taken.reverse(), ...behind.taken],
    from: before.next < 0 ? 0 : (first?.sentAt ?? focus),
    to: behind.next >= flights.length ? Number.POSITIVE_INFINITY : (last?.sentAt ?? focus),
    outside: before.next + 1 + (flights.length - behind.next),
    thinned: before.thinned + behind.thinned,
  };
}

interface Walk {
  readonly start: number;
  readonly step: 1 | -1;
  readonly read: (flight: Flight) => readonly MessageWords[];
  readonly framesMax: number;
  readonly idleMax: number;
}

function take(flights: readonly Flight[], walk: Walk): { taken: ReadFlight[]; next: number; thinned: number } {
  const taken: ReadFlight[] = [];
  let idle = 0;
  let thinned = 0;
  let next = walk.start;
  for (; next >= 0 && next < flights.length && taken.length < walk.framesMax; next += walk.step) {
    const flight = flights[next] as Flight;
    const items = walk.read(flight);
    const isIdle = items.every((item) => item.isIdle) && (flight.fate === 'received' || flight.fate === 'flying');
    if (isIdle) idle += 1;
    if (isIdle && idle > walk.idleMax) thinned += 1;
    else taken.push({ flight, items });
  }
  return { taken, next, thinned };
}
