/** The clients of the majority lock, and its oracle: nobody holds the lock while somebody else does. */
import type { Actor, Outgoing } from '../actor.ts';
import { Violation } from '../observer.ts';
import type { Draws } from '../tape.ts';
import { decode, encode, HOLD_MICROS, type LockShape } from './majority-lock.ts';

export const ONE_HOLDER: string = 'one-holder';

/** Knows in true time who believes to hold the lock: what no client and no node can know. */
export class HolderWatch {
  private holder: { readonly client: number; readonly since: number; readonly until: number } | undefined;
  acquired: number = 0;

  /** A client counts on the lock from now on. Throws where another one still does. */
  hold(client: number, now: number, until: number): void {
    const { holder } = this;
    if (holder !== undefined && holder.client !== client && holder.until > now)
      throw new Violation(
        ONE_HOLDER,
        `client ${client} got the lock at ${now} µs, which client ${holder.client} holds since ${holder.since} µs and until ${holder.until} µs`,
        'safety',
        { at: now },
      );
    this.holder = { client, since: now, until };
    this.acquired += 1;
  }

  letGo(client: number): void {
    if (this.holder?.client === client) this.holder = undefined;
  }
}

/** Tries to get the lock, holds it for a while, lets go, pauses, and begins again. */
export class LockClient implements Actor {
  private readonly client: number;
  private readonly nodes: number;
  private readonly watch: HolderWatch;
  private readonly draws: Draws;
  private round: number = 0;
  private phase: 'idle' | 'asking' | 'holding' = 'idle';
  private askedAt: number = 0;
  private wakeAt: number = 0;
  private readonly grants: Set<number> = new Set();
  private outgoing: Outgoing[] = [];
  /** Attempts that came to nothing. */
  failed: number = 0;

  constructor(options: { readonly client: number; readonly nodes: number; readonly watch: HolderWatch; readonly draws: Draws }) {
    this.client = options.client;
    this.nodes = options.nodes;
    this.watch = options.watch;
    this.draws = options.draws;
  }

  receive(time: number, node: number, bytes: Uint8Array): void {
    const { granted, round } = decode<LockShape['result']>(bytes);
    if (!granted || round !== this.round || this.phase !== 'asking') return;
    this.grants.add(node);
    if (this.grants.size <= this.nodes / 2) return;
    this.phase = 'holding';
    const until = this.askedAt + HOLD_MICROS;
    this.watch.hold(this.client, time, until);
    this.wakeAt = Math.min(until, time + this.draws.exponential(HOLD_MICROS / 2));
  }

  deadline(time: number): void {
    if (time < this.wakeAt) return;
    if (this.phase === 'idle') return this.ask(time);
    if (this.phase === 'holding') this.watch.letGo(this.client);
    else this.failed += 1;
    this.phase = 'idle';
    this.send('release');
    this.wakeAt = time + 1 + this.draws.exponential(100_000);
  }

  nextDeadline(): number {
    return this.wakeAt;
  }

  takeOutgoing(): readonly Outgoing[] {
    const taken = this.outgoing;
    this.outgoing = [];
    return taken;
  }

  private ask(time: number): void {
    this.round += 1;
    this.phase = 'asking';
    this.askedAt = time;
    this.grants.clear();
    this.wakeAt = time + HOLD_MICROS / 2;
    this.send('acquire');
  }

  private send(kind: 'acquire' | 'release'): void {
    const bytes = encode({ id: this.round, kind, client: this.client, round: this.round });
    for (let to = 0; to < this.nodes; to += 1) this.outgoing.push({ to, bytes });
  }
}
