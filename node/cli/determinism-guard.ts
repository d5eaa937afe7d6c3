/**
 * Sees to it that a simulated run asks nothing but its seed: while it runs, clocks, randomness and timers of the platform throw.
 * Not in sim/, which may not name them. A lint rule keeps them out of our own code; this catches dependencies, and code that
 * finds them at run time. What it cannot see: an order that comes from outside (a directory listing, a Map filled from one), and
 * references that were taken before; for those there is `vouch sim bisect`.
 */
import { EscapeError } from '../../sim/scenario-error.ts';

export interface Guarded<T> {
  readonly value: T;
  /** The first call that was none of the run's business, as a sentence; undefined where there was none. */
  readonly escaped: string | undefined;
}

interface Replaced {
  readonly owner: object;
  readonly name: string;
  readonly before: PropertyDescriptor | undefined;
}

/** Runs something synchronous with the platform's clocks, randomness and timers closed. */
export function guarded<T>(run: () => T): Guarded<T> {
  let escaped: string | undefined;
  const replaced: Replaced[] = [];
  const forbid = (owner: object, name: string, title: string): void => {
    const before = Object.getOwnPropertyDescriptor(owner, name);
    replaced.push({ owner, name, before });
    const value = function refuse(): never {
      const error = escapeAt(refuse, `${title} was called during a simulated run`);
      escaped ??= sentence(error);
      throw error;
    };
    Object.defineProperty(owner, name, { value, configurable: true, writable: true });
  };
  closeClock(forbid);
  for (const timer of ['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask']) forbid(globalThis, timer, timer);
  forbid(Math, 'random', 'Math.random');
  forbid(globalThis.crypto, 'getRandomValues', 'crypto.getRandomValues');
  forbid(globalThis.crypto, 'randomUUID', 'crypto.randomUUID');
  try {
    return { value: run(), escaped };
  } finally {
    for (const { owner, name, before } of replaced.reverse()) {
      if (before === undefined) Reflect.deleteProperty(owner, name);
      else Object.defineProperty(owner, name, before);
    }
  }

  /** `Date` stays for conversions of given times. */
  function closeClock(close: typeof forbid): void {
    close(Date, 'now', 'Date.now');
    close(performance, 'now', 'performance.now');
    close(process, 'hrtime', 'process.hrtime');
    const RealDate = Date;
    const before = Object.getOwnPropertyDescriptor(globalThis, 'Date');
    replaced.push({ owner: globalThis, name: 'Date', before });
    const value = new Proxy(RealDate, {
      construct: function construct(target, args: ConstructorParameters<typeof Date>, newTarget): Date {
        if (args.length > 0) return Reflect.construct(target, args, newTarget) as Date;
        const error = escapeAt(construct, 'new Date() was called during a simulated run');
        escaped ??= sentence(error);
        throw error;
      },
    });
    Object.defineProperty(globalThis, 'Date', { value, configurable: true, writable: true });
  }
}

/** @param called what must not be: its stack begins with whoever called that. */
function escapeAt(called: (...args: never[]) => unknown, message: string): EscapeError {
  const error = new EscapeError(message);
  Error.captureStackTrace(error, called);
  return error;
}

/** The message, and the place of the call. */
function sentence({ message, stack }: Error): string {
  const caller = (stack ?? '').split('\n').find((line) => /^\s+at /.test(line));
  return caller === undefined ? message : `${message}, ${caller.trim()}`;
}
