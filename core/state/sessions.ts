/**
 * Client sessions of one group: exactly once for (session, sequence), across retries, failover and restart.
 * Why it is safe: the table is replicated state, changed only by apply, so every replica decides a retry alike.
 * Source: Ongaro 2014, 6.3, with the rules of 20-consensus ("Sessions").
 *
 * Invariants: the map is in order of last use (`touch` re-inserts), so the first session is always the least recently
 * used one. Every kept sequence >= floor. At most SESSION_RESULTS_MAX results a session, SESSIONS_MAX sessions.
 */
import { assert, defined } from '../assert.ts';
import { equalBytes } from '../bytes/compare.ts';
import type { Writer } from '../bytes/writer.ts';
import type { ClientResult, CommandRef } from '../client/protocol.ts';
import type { GroupId, LogIndex, Micros, VaultId } from '../ids.ts';
import { SESSION_IDLE_MICROS, SESSION_RESULTS_MAX, SESSIONS_MAX } from '../limits.ts';
import { SEQUENCE_REUSED, SEQUENCE_STALE, SESSION_EXPIRED, VAULT_DELETED } from './results.ts';

/**
 * The place of one command's result. It is filled when the command's section is done: a transaction's answer names the
 * block that was sealed after it, and a duplicate in the same entry must give the same one.
 */
export interface Answer {
  result: ClientResult | undefined;
}

interface Kept {
  readonly payloadHash: Uint8Array;
  readonly answer: Answer;
  /** Whose command it was; undefined: the group's own, or a deleted vault's. */
  readonly vault: VaultId | undefined;
}

/**
 * In the place of the payload hash of a deleted vault's command: no SHA-256 of anything anybody knows. That the sequence was used stays
 * known, so nothing runs twice; what was asked and answered does not.
 */
export const FORGOTTEN: Uint8Array = new Uint8Array(32);
const FORGOTTEN_KEPT: Kept = { payloadHash: FORGOTTEN, answer: { result: VAULT_DELETED }, vault: undefined };

/** One kept result, as a capture shows it. */
export interface KeptResult {
  readonly sequence: number;
  readonly payloadHash: Uint8Array;
  readonly result: ClientResult;
  readonly vault: VaultId | undefined;
}

/** A session at one moment; results by sequence, ascending. */
export interface SessionImage {
  readonly index: LogIndex;
  readonly floor: number;
  readonly lastUsed: Micros;
  readonly kept: readonly KeptResult[];
}

class Session {
  /** Sequences below it are answered: stale, never executed. */
  floor: number = 1;
  /** Entry time of the last command under it. */
  lastUsed: Micros;
  readonly kept: Map<number, Kept> = new Map();

  constructor(openedAt: Micros) {
    this.lastUsed = openedAt;
  }

  /** Forgets results below `floor`; it never goes back. */
  raiseFloor(floor: number): void {
    if (floor <= this.floor) return;
    this.floor = floor;
    for (const sequence of this.kept.keys()) if (sequence < floor) this.kept.delete(sequence);
  }

  /** Makes room for one more result: the smallest sequence becomes stale rather than executable again. */
  makeRoom(resultsMax: number): void {
    if (this.kept.size < resultsMax) return;
    let smallest = Number.MAX_SAFE_INTEGER;
    for (const sequence of this.kept.keys()) if (sequence < smallest) smallest = sequence;
    this.raiseFloor(smallest + 1);
  }
}

export interface SessionLimits {
  readonly sessionsMax: number;
  readonly resultsMax: number;
  readonly idleMicros: number;
}

export const DEFAULT_SESSION_LIMITS: SessionLimits = {
  sessionsMax: SESSIONS_MAX,
  resultsMax: SESSION_RESULTS_MAX,
  idleMicros: SESSION_IDLE_MICROS,
};

/** run: execute and fill the answer. Otherwise the answer stands, and nothing may be executed. */
export interface Admitted {
  readonly run: boolean;
  readonly answer: Answer;
}

/** What a session looks like now. Between entries only: then every kept answer has its result. */
function imageOf(index: LogIndex, session: Session): SessionImage {
  const kept = [...session.kept].sort(([a], [b]) => a - b);
  return {
    index,
    floor: session.floor,
    lastUsed: session.lastUsed,
    kept: kept.map(([sequence, { payloadHash, answer, vault }]) => ({
      sequence,
      payloadHash,
      vault,
      result: defined(answer.result, 'between entries a kept answer has its result'),
    })),
  };
}

/** All sessions of a group at one moment, in order of last use. A session that changes meanwhile is copied first. */
export class SessionsCapture {
  private readonly order: (readonly [LogIndex, Session])[];
  private readonly images: Map<Session, SessionImage> = new Map();

  constructor(sessions: Iterable<readonly [LogIndex, Session]>) {
    this.order = [...sessions];
  }

  get count(): number {
    return this.order.length;
  }

  /** The image of the session at a place in the order. Each place once. */
  image(place: number): SessionImage {
    const [index, session] = defined(this.order[place], 'a session is asked for by its place');
    return this.images.get(session) ?? imageOf(index, session);
  }

  /** Called before a session changes for the first time. */
  preserve(index: LogIndex, session: Session): void {
    if (!this.images.has(session)) this.images.set(session, imageOf(index, session));
  }
}

export class Sessions {
  /** Sees a session before it changes, while a capture is being read. */
  capture: SessionsCapture | undefined = undefined;
  private readonly group: GroupId;
  private readonly limits: SessionLimits;
  private readonly sessions: Map<LogIndex, Session> = new Map();

  constructor(group: GroupId, limits: SessionLimits) {
    this.group = group;
    this.limits = limits;
  }

  get count(): number {
    return this.sessions.size;
  }

  has(index: LogIndex): boolean {
    return this.sessions.has(index);
  }

  /** Whether a command's sequence was used, or declared answered: it does not run again. */
  isTaken({ session, sequence }: CommandRef): boolean {
    const found = session.group === this.group ? this.sessions.get(session.index) : undefined;
    return found !== undefined && (sequence < found.floor || found.kept.has(sequence));
  }

  /** Ends the sessions that were unused for idleMicros at entry time `now`. Called once per entry, before its commands. */
  endIdle(now: Micros): void {
    for (const [index, session] of this.sessions) {
      if (session.lastUsed + this.limits.idleMicros > now) return;
      this.sessions.delete(index);
    }
  }

  /** Opens the session of the entry at `index`, ending the least recently used one where there is no room. */
  open(index: LogIndex, now: Micros): void {
    if (this.sessions.size >= this.limits.sessionsMax) {
      const [oldest] = this.sessions.keys();
      if (oldest !== undefined) this.sessions.delete(oldest);
    }
    this.sessions.set(index, new Session(now));
  }

  /**
   * Decides whether a command runs. Where it does, its sequence is taken at once: the caller must fill `answer.result`.
   * @param payloadHash SHA-256 of what a retry must repeat; kept, so the caller gives it away. FORGOTTEN: nobody knows it any more.
   * @param vault whose command it is.
   */
  admit(ref: CommandRef, payloadHash: Uint8Array, now: Micros, vault: VaultId | undefined): Admitted {
    const { index } = ref.session;
    const session = ref.session.group === this.group ? this.sessions.get(index) : undefined;
    if (session === undefined) return { run: false, answer: { result: SESSION_EXPIRED } };
    this.capture?.preserve(index, session);
    this.touch(index, session, now);
    session.raiseFloor(ref.lowestUnanswered);
    if (ref.sequence < session.floor) return { run: false, answer: { result: SEQUENCE_STALE } };
    const kept = session.kept.get(ref.sequence);
    if (kept !== undefined) {
      const isSame = kept.payloadHash === FORGOTTEN || equalBytes(kept.payloadHash, payloadHash);
      if (!isSame) return { run: false, answer: { result: SEQUENCE_REUSED } };
      return { run: false, answer: kept.answer };
    }
    session.makeRoom(this.limits.resultsMax);
    if (ref.sequence < session.floor) return { run: false, answer: { result: SEQUENCE_STALE } };
    const answer: Answer = { result: undefined };
    session.kept.set(ref.sequence, { payloadHash, answer, vault });
    return { run: true, answer };
  }

  /** Drops what a deleted vault's commands asked and were answered. */
  forget(vault: VaultId): void {
    for (const [index, session] of this.sessions) {
      for (const [sequence, kept] of session.kept) {
        if (kept.vault !== vault) continue;
        this.capture?.preserve(index, session);
        session.kept.set(sequence, FORGOTTEN_KEPT);
      }
    }
  }

  /** The sessions as they are, readable while apply goes on; one at a time. */
  beginCapture(): SessionsCapture {
    assert(this.capture === undefined, 'one capture of the sessions at a time');
    this.capture = new SessionsCapture(this.sessions);
    return this.capture;
  }

  endCapture(): void {
    this.capture = undefined;
  }

  /** Takes over a session of a snapshot; given in order of last use. @returns false where it cannot be. */
  restore(image: SessionImage): boolean {
    const isRoomy = this.sessions.size < this.limits.sessionsMax && image.kept.length <= this.limits.resultsMax;
    if (!isRoomy || this.sessions.has(image.index)) return false;
    const session = new Session(image.lastUsed);
    session.floor = image.floor;
    let previous = image.floor - 1;
    for (const { sequence, payloadHash, result, vault } of image.kept) {
      if (sequence <= previous) return false;
      previous = sequence;
      const isForgotten = equalBytes(payloadHash, FORGOTTEN);
      session.kept.set(sequence, isForgotten ? FORGOTTEN_KEPT : { payloadHash, answer: { result }, vault });
    }
    this.sessions.set(image.index, session);
    return true;
  }

  private touch(index: LogIndex, session: Session, now: Micros): void {
    session.lastUsed = now;
    this.sessions.delete(index);
    this.sessions.set(index, session);
  }

  /** Feeds everything that decides into a digest, in order of last use. */
  digest(out: Writer): void {
    out.u32(this.sessions.size);
    for (const [index, session] of this.sessions) {
      out.u64(index);
      out.u64(session.floor);
      out.u64(session.lastUsed);
      out.u32(session.kept.size);
      const sequences = [...session.kept.keys()].sort((a, b) => a - b);
      for (const sequence of sequences) {
        out.u64(sequence);
        out.raw((session.kept.get(sequence) as Kept).payloadHash);
      }
    }
  }
}
