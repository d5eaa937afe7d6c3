/** Random small histories for the checker: true ones from a random execution, and such with answers changed at random. */
import type { Event, Model } from './enumerate.ts';

/** Uniform whole number below the bound. */
export type Dice = (bound: number) => number;

const READS = { register: 'read', kv: 'get', ledger: 'check' } as const;

/** What an operation did when it took effect; index: its place in the order in which operations did. */
interface Effect {
  readonly succeeded: boolean;
  readonly seen: unknown;
  readonly index: number;
}

interface Running {
  readonly process: number;
  readonly f: string;
  readonly key: string;
  readonly asked: unknown;
  effect: Effect | undefined;
}

/**
 * Runs up to `operations` operations of a few processes on a store that works, writing down what they see; each takes effect
 * at a random moment while it is open. Then answers are changed or moved at random places; a quarter of the histories is left
 * true.
 */
export function randomHistory(dice: Dice, model: Model, operations: number): readonly Event[] {
  const processes = Array.from({ length: 1 + dice(4) }, (_, process) => process);
  const keys = 1 + dice(2);
  const store = new Store(model);
  const events: Event[] = [];
  const running: Running[] = [];
  let left = dice(4) === 0 ? 1 + dice(operations) : operations;
  while (left > 0 || running.length > 0) {
    const place = dice(processes.length);
    const process = processes[place] as number;
    const mine = running.find((call) => call.process === process);
    if (mine === undefined) {
      if (left === 0) continue;
      left -= 1;
      running.push(invoke(dice, model, process, String(dice(keys)), events));
      continue;
    }
    if (mine.effect === undefined && dice(6) > 0) {
      mine.effect = store.execute(mine);
      if (dice(2) === 0) continue;
    }
    running.splice(running.indexOf(mine), 1);
    // One that is never heard of again keeps its number: another takes its place.
    if (!complete(dice, mine, events)) processes[place] = process + processes.length;
  }
  const mistakes = dice(4) === 0 ? 0 : 4 + dice(6);
  for (let i = 0; i < mistakes; i += 1) mistake(dice, model, events);
  return events;
}

function invoke(dice: Dice, model: Model, process: number, key: string, events: Event[]): Running {
  const kind = dice(5);
  const f = kind < 2 ? READS[model] : drawMutation(dice, model);
  const value = dice(3);
  const asked =
    f === READS[model] ? null : f === 'cas' ? [dice(4) === 0 ? null : dice(3), value] : model === 'kv' ? 'ab'[value % 2] : value;
  events.push({ process, type: 'invoke', f, key, value: asked });
  return { process, f, key, asked, effect: undefined };
}

function drawMutation(dice: Dice, model: Model): string {
  const names = { register: ['write', 'write', 'cas'], kv: ['put', 'append', 'append'], ledger: ['grant', 'grant', 'revoke'] };
  return names[model][dice(3)] as string;
}

/** @returns whether the process goes on. */
function complete(dice: Dice, { process, f, key, asked, effect }: Running, events: Event[]): boolean {
  if (effect === undefined || dice(8) === 0) {
    if (dice(4) === 0) return false;
    const type = effect === undefined && f !== 'cas' && dice(2) === 0 ? 'fail' : 'info';
    events.push({ process, type, f, key, value: asked });
    return true;
  }
  const index = dice(4) === 0 ? dice(10) : effect.index;
  events.push({ process, type: effect.succeeded ? 'ok' : 'fail', f, key, value: effect.seen ?? asked, index });
  return true;
}

/** Changes what a read saw or how a cas ended, or lets a completion come earlier. */
function mistake(dice: Dice, model: Model, events: Event[]): void {
  const at = dice(events.length);
  const event = events[at] as Event;
  if (event.type === 'invoke') return;
  if (dice(3) === 0 && at > 0 && events[at - 1]?.process !== event.process) {
    events.splice(at - 1, 2, event, events[at - 1] as Event);
    return;
  }
  if (event.f === 'cas') {
    if (event.type !== 'info') events[at] = { ...event, type: event.type === 'ok' ? 'fail' : 'ok' };
    return;
  }
  if (event.type !== 'ok' || event.f !== READS[model]) return;
  const values = { register: [null, 0, 1, 2, 3], kv: ['', 'a', 'b', 'ab', 'ba'] };
  events[at] = { ...event, value: model === 'ledger' ? event.value !== true : values[model][dice(5)] };
}

class Store {
  private readonly contents: Map<string, unknown> = new Map();
  private readonly initial: unknown;
  private index: number = 0;

  constructor(model: Model) {
    this.initial = { register: null, kv: '', ledger: false }[model];
  }

  execute({ f, key, asked }: Running): Effect {
    this.index += 1;
    const { index } = this;
    const present = this.contents.has(key) ? this.contents.get(key) : this.initial;
    switch (f) {
      case 'read':
      case 'get':
      case 'check':
        return { succeeded: true, seen: present, index };
      case 'cas': {
        const [from, to] = asked as readonly [unknown, unknown];
        if (present !== from) return { succeeded: false, seen: undefined, index };
        this.contents.set(key, to);
        return { succeeded: true, seen: undefined, index };
      }
      case 'append':
        this.contents.set(key, `${present}${asked}`);
        break;
      default:
        this.contents.set(key, f === 'grant' || (f === 'revoke' ? false : asked));
    }
    return { succeeded: true, seen: undefined, index };
  }
}
