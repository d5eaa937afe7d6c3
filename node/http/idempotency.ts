/**
 * `Idempotency-Key`: a write that is sent again under its key is not executed again, and is answered what the first one was.
 *
 * What is promised, and what not:
 *   - on this node, while it runs and for WINDOW_MS after the answer: a key is executed at most once. A repetition that comes while the
 *     first is under way waits for its outcome; the command goes on under its replicated session after the first request has given up.
 *   - an outcome that nobody knows stays that key's answer (504): the node does not execute it another time.
 *   - what certainly was not appended (503) is forgotten: the repetition is executed.
 *   - another node, and this one after a restart, know nothing of the key. Preconditions and `on_duplicate: ignore` hold there, too.
 */
import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Patience } from '../ledger.ts';
import { HttpError } from './errors.ts';
import { headerOf } from './request.ts';

/** How long an answer is remembered. Why ten minutes: clients give up retrying sooner. */
const WINDOW_MS = 600_000;
/** Keys remembered at one time. */
const KEYS_MAX = 10_000;
/** Characters of the answers remembered. Why 64 Mi: an answer with its proof may be a megabyte, most have 200 characters. */
const ANSWER_CHARACTERS_MAX = 64 << 20;
const KEY = /^[\x20-\x7e]{1,255}$/;
/** How long a keyed command is tried, and how long one HTTP request waits for it: a repetition waits on. */
const COMMAND_MS = 60_000;
const WAIT_MS = 10_000;
const DEFAULT_PATIENCE: Patience = {};
const KEYED_PATIENCE: Patience = { deadlineMs: COMMAND_MS };

interface Remembered {
  /** Of method, path, headers that count and body: a key belongs to one request. */
  readonly fingerprint: string;
  readonly outcome: Promise<unknown>;
  /** 0 while it is under way. */
  settledAt: number;
  characters: number;
}

export class IdempotencyKeys {
  /** In order of arrival. */
  private readonly known: Map<string, Remembered> = new Map();
  private readonly now: () => number;
  private readonly waitMs: number;
  private characters: number = 0;

  /** @param options.now milliseconds on a clock that does not go back @param options.waitMs how long one request waits */
  constructor(options: { readonly now?: () => number; readonly waitMs?: number } = {}) {
    this.now = options.now ?? (() => performance.now());
    this.waitMs = options.waitMs ?? WAIT_MS;
  }

  /** Runs the work, or answers what it was answered under the request's key. Without a key it simply runs. */
  async once<T>(request: FastifyRequest, reply: FastifyReply, work: (patience: Patience) => Promise<T>): Promise<T> {
    const key = headerOf(request, 'idempotency-key');
    if (key === undefined) return work(DEFAULT_PATIENCE);
    if (!KEY.test(key)) {
      throw new HttpError(400, 'validation_error', 'Idempotency-Key has 1 to 255 printable ASCII characters.');
    }
    // A key is a client's own within its organization and store, whatever others choose.
    const place = JSON.stringify([headerOf(request, 'vouch-organization') ?? '', request.params, key]);
    const fingerprint = fingerprintOf(request);
    this.forgetOld();
    const before = this.known.get(place);
    if (before !== undefined && before.fingerprint !== fingerprint) {
      const message = 'This Idempotency-Key was used for another request: choose a new one for each request.';
      throw new HttpError(422, 'idempotency_key_reused', message);
    }
    if (before !== undefined) reply.header('idempotent-replayed', 'true');
    return this.waitFor((before ?? this.begin(place, fingerprint, work)).outcome as Promise<T>);
  }

  private begin<T>(place: string, fingerprint: string, work: (patience: Patience) => Promise<T>): Remembered {
    if (this.known.size >= KEYS_MAX) throw new HttpError(503, 'resource_exhausted', 'Too many Idempotency-Keys are in use.', 1);
    const made: Remembered = { fingerprint, outcome: work(KEYED_PATIENCE), settledAt: 0, characters: 0 };
    this.known.set(place, made);
    made.outcome.then(
      (answer) => this.settle(place, made, JSON.stringify(answer).length),
      (error: unknown) => {
        if (error instanceof HttpError && error.status === 503) this.known.delete(place);
        else this.settle(place, made, 0);
      },
    );
    return made;
  }

  private settle(place: string, made: Remembered, characters: number): void {
    made.settledAt = this.now();
    made.characters = characters;
    this.characters += characters;
    for (const [oldest, { settledAt }] of this.known) {
      if (this.characters <= ANSWER_CHARACTERS_MAX || oldest === place) break;
      if (settledAt > 0) this.forget(oldest);
    }
  }

  private forgetOld(): void {
    const since = this.now() - WINDOW_MS;
    for (const [place, { settledAt }] of this.known) {
      if (settledAt === 0) continue;
      if (settledAt > since && this.known.size < KEYS_MAX) break;
      this.forget(place);
    }
  }

  private forget(place: string): void {
    this.characters -= this.known.get(place)?.characters ?? 0;
    this.known.delete(place);
  }

  private async waitFor<T>(outcome: Promise<T>): Promise<T> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const over = new Promise<never>((_, reject) => {
      const message = 'No answer came yet: the write may have happened, or may still. Repeat it under the same Idempotency-Key.';
      timer = setTimeout(() => reject(new HttpError(504, 'deadline_exceeded', message)), this.waitMs);
    });
    try {
      return await Promise.race([outcome, over]);
    } finally {
      clearTimeout(timer);
    }
  }
}

const HEADERS: readonly string[] = ['vouch-proof', 'vouch-actor', 'vouch-reason', 'if-match', 'if-none-match'];

function fingerprintOf(request: FastifyRequest): string {
  const headers = HEADERS.map((name) => headerOf(request, name) ?? '');
  const text = JSON.stringify([request.method, request.url, headers, request.body ?? null]);
  return createHash('sha256').update(text).digest('base64');
}
