/** Which frames a recording keeps. */
import { describe, expect, test } from 'vitest';
import type { Flight } from '../../../sim/record/flight-log.ts';
import type { MessageWords } from '../../../sim/record/phrase.ts';
import { chooseWindow } from '../../../sim/record/window.ts';

const LIMITS = { framesBefore: 10, framesBehind: 5, idle: 2 };

function flightAt(sentAt: number, fate: Flight['fate'] = 'received'): Flight {
  return { sentAt, from: 0, to: 1, bytes: new Uint8Array(0), unsent: undefined, endedAt: sentAt + 1, fate };
}

function words(isIdle: boolean): readonly MessageWords[] {
  return [{ kind: isIdle ? 'heartbeat' : 'appendEntries', group: 1, term: 1, phrase: '', isIdle }];
}

const flights = Array.from({ length: 100 }, (_, time) => flightAt(time));

describe('the window of frames', () => {
  test('is around the focus, in order, and says how many are outside', () => {
    const window = chooseWindow(flights, 50, () => words(false), LIMITS);
    expect(window.frames.map(({ flight }) => flight.sentAt)).toEqual([
      41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55,
    ]);
    expect(window).toMatchObject({ from: 41, to: 55, outside: 85, thinned: 0 });
  });

  test('is everything where there is little', () => {
    const window = chooseWindow(flights.slice(0, 4), 50, () => words(false), LIMITS);
    expect(window).toMatchObject({ from: 0, to: Number.POSITIVE_INFINITY, outside: 0 });
    expect(window.frames).toHaveLength(4);
  });

  test('keeps few idle heartbeats, counts the others, and reaches further for it', () => {
    const window = chooseWindow(flights, 99, ({ sentAt }) => words(sentAt % 2 === 0), LIMITS);
    expect(window.frames).toHaveLength(10);
    expect(window.thinned).toBeGreaterThan(0);
    expect(window.thinned + window.frames.length + window.outside).toBe(100);
  });

  test('keeps every heartbeat that did not arrive', () => {
    const lost = Array.from({ length: 8 }, (_, time) => flightAt(time, 'lost'));
    expect(chooseWindow(lost, 99, () => words(true), LIMITS)).toMatchObject({ thinned: 0, frames: { length: 8 } });
  });

  test('reads no frame that is far away', () => {
    const read: number[] = [];
    const reading = ({ sentAt }: Flight): readonly MessageWords[] => {
      read.push(sentAt);
      return words(false);
    };
    chooseWindow(flights, 50, reading, LIMITS);
    expect(Math.min(...read)).toBe(41);
    expect(Math.max(...read)).toBe(55);
  });
});
