/**
 * The client engine, without I/O: it turns operations into requests, and whatever comes back (or does not) into exactly one
 * outcome each. Driven by the SDK (net/client) on real links and by the simulator's clients on simulated ones.
 *
 * What it promises:
 *   - a command is executed at most once. Every attempt carries the same (session, sequence); where the session has ended
 *     and an earlier attempt may have been executed, the command is not repeated under another session;
 *   - a command is never reported as failed while it may have been executed, or may still be: that is `unknown_outcome`;
 *   - reads are repeated freely, on any node;
 *   - everything ends by its deadline, and everything held is bounded (CLIENT_OPERATIONS_MAX, SESSION_RESULTS_MAX a session).
 * Not promised: an order between operations that are under way together.
 * Source: Ongaro 2014, 6.3 and 6.4; design 20-consensus, Sessions and Errors.
 */
import { assert, unreachable } from '../assert.ts';
import { DeadlineHeap } from '../deadline-heap.ts';
import { type GroupId, type Micros, NEVER, type NodeId, type RequestId } from '../ids.ts';
import { CLIENT_OPERATIONS_MAX } from '../limits.ts';
import type { Random } from '../random.ts';
import { type BackoffRange, backoffMicros } from './backoff.ts';
import { type Endpoint, Endpoints } from './endpoints.ts';
import { GroupSession } from './group-session.ts';
import { type Answer, type ClientEffect, type ClientInput, groupOf, isCommand, type OperationOutcome } from './operation.ts';
import { OPEN_ATTEMPTS_MAX, Pending } from './pending.ts';
import type { ClientErrorCode, ClientRequest } from './protocol.ts';
import { SequenceWindow } from './session.ts';
import { judge, type Verdict } from './verdict.ts';

export interface ClientCoreOptions {
  /** Where to begin; at least one. node: where it is known who answers there. */
  readonly endpoints: readonly { readonly address: string; readonly node?: NodeId }[];
  /** The client's own stream. */
  readonly random: Random;
  /**
   * 'stream': a link delivers a request at most once (TCP), so a refusal of the only attempt is final and may be acted upon.
   * 'datagram': the network may deliver a request twice, so after the first attempt nothing is certain but an answer.
   */
  readonly link: 'stream' | 'datagram';
  /** Without an answer for this long, another node is asked. Default 2 s. */
  readonly attemptTimeoutMicros?: number;
  readonly backoff?: BackoffRange;
}

const ATTEMPT_TIMEOUT_MICROS = 2_000_000;
const BACKOFF: BackoffRange = { minMicros: 10_000, maxMicros: 1_000_000 };
/** Hints followed without a pause. Why 3: two nodes that each name the other must not be asked in a tight loop. */
const HINTS_MAX = 3;
/** How old the list of members may become while nodes answer. Why: clients outlive nodes, and nobody tells them of new ones. */
const MEMBERS_AGE_MAX_MICROS = 5_000_000;
const NO_SESSION_MESSAGE = 'A node asked for a session where none is needed.';
/** Longest wait, and how many of them, where a node knows of no leader. Together somewhat longer than an election. */
const ELECTION_BACKOFF_MICROS = 10_000;
const ELECTION_ATTEMPTS = 80;
const NO_ATTEMPT = 0 as RequestId;

export class ClientCore {
  private readonly options: ClientCoreOptions;
  private readonly attemptTimeoutMicros: number;
  private readonly backoff: BackoffRange;
  private readonly endpoints: Endpoints;
  private readonly heap: DeadlineHeap<Pending> = new DeadlineHeap();
  private readonly sessions: Map<GroupId, GroupSession> = new Map();
  /** Every operation without an outcome, the engine's own included, in order of submission. */
  private readonly unfinished: Set<Pending> = new Set();
  /** Attempts that may still be answered, in order of sending. */
  private readonly attempts: Map<RequestId, { readonly pending: Pending; readonly endpoint: Endpoint }> = new Map();
  private nextRequest: number = 1;
  /** When a node was last asked who the members are. */
  private learnedAt: Micros = 0 as Micros;
  private closed: boolean = false;
  private effects: ClientEffect[] = [];
  /** Answers to nothing that is awaited: late, repeated, or made up. */
  strayResponses: number = 0;

  constructor(options: ClientCoreOptions) {
    assert(options.endpoints.length > 0, 'a client knows at least one endpoint');
    this.options = options;
    this.attemptTimeoutMicros = options.attemptTimeoutMicros ?? ATTEMPT_TIMEOUT_MICROS;
    this.backoff = options.backoff ?? BACKOFF;
    this.endpoints = new Endpoints(options.endpoints, options.random, this.backoff);
  }

  /** Takes one input; the effects are carried out in order before the next one. */
  step(input: ClientInput): readonly ClientEffect[] {
    this.effects = [];
    const { now } = input;
    switch (input.kind) {
      case 'submit':
        this.submit(now, new Pending(input));
        break;
      case 'response':
        this.response(now, input);
        break;
      case 'endpointUp':
        this.endpointUp(now, input.endpoint);
        break;
      case 'endpointDown':
        this.endpointDown(now, input.endpoint);
        break;
      case 'unsent':
        this.unsent(now, input.requestId);
        break;
      case 'deadline':
        this.wake(now);
        break;
      case 'close':
        this.close();
        break;
      default:
        unreachable(input);
    }
    return this.effects;
  }

  /** When to give `deadline`; NEVER where nothing is under way. Read it after every step. */
  nextDeadline(): Micros {
    return this.heap.next();
  }

  private submit(now: Micros, pending: Pending): void {
    const hasRoom = this.unfinished.size < CLIENT_OPERATIONS_MAX;
    this.unfinished.add(pending);
    if (this.closed) return this.fail(pending, 'unavailable', 'This client is closed.');
    if (!hasRoom) return this.fail(pending, 'overloaded', 'Too many operations are under way in this client.');
    if (pending.deadline <= now) return this.expire(pending);
    this.begin(now, pending);
  }

  private begin(now: Micros, pending: Pending): void {
    if (!isCommand(pending.request)) return this.attempt(now, pending);
    const session = this.sessionOf(pending);
    session.enqueue(pending);
    this.heap.schedule(pending, pending.deadline);
    this.drain(now, session);
  }

  private sessionOf(pending: Pending): GroupSession {
    const group = groupOf(pending.request);
    let session = this.sessions.get(group);
    if (session === undefined) {
      session = new GroupSession(group);
      this.sessions.set(group, session);
    }
    return session;
  }

  /** Gives sequences to waiting commands while there is room, and has a session opened where there is none. */
  private drain(now: Micros, session: GroupSession): void {
    for (let pending = session.peek(); pending !== undefined; pending = session.peek()) {
      const window = session.usable(now);
      if (window === undefined) return this.openSession(now, session);
      if (window.full) return;
      session.shift();
      pending.window = window;
      pending.sequence = window.take(now);
      this.attempt(now, pending);
    }
  }

  private openSession(now: Micros, session: GroupSession): void {
    if (session.opener !== undefined) return;
    const request = { kind: 'openSession', group: session.group } as const;
    session.opener = new Pending({ operation: undefined, request, route: { kind: 'leader' }, deadline: NEVER });
    this.unfinished.add(session.opener);
    this.attempt(now, session.opener);
  }

  private attempt(now: Micros, pending: Pending): void {
    const endpoint = this.choose(now, pending);
    if (endpoint === undefined) return this.fail(pending, 'invalid_argument', 'That endpoint is not known to this client.');
    const requestId = this.nextRequest as RequestId;
    this.nextRequest += 1;
    pending.attempt = requestId;
    pending.endpoint = endpoint;
    pending.uncertain += 1;
    pending.open.push(requestId);
    if (pending.open.length > OPEN_ATTEMPTS_MAX) this.attempts.delete(pending.open.shift() as RequestId);
    this.attempts.set(requestId, { pending, endpoint });
    this.heap.schedule(pending, Math.min(pending.deadline, now + this.attemptTimeoutMicros) as Micros);
    this.effects.push({ kind: 'send', endpoint: endpoint.address, requestId, request: wireRequest(pending) });
  }

  private choose(now: Micros, pending: Pending): Endpoint | undefined {
    const { route, request } = pending;
    if (route.kind === 'only') return this.endpoints.find(route.endpoint);
    // A read that a node sent on to the leader (at a time that only it can close) goes there.
    const staysHere = !isCommand(request) && pending.lastError?.code !== 'not_leader';
    if (route.kind === 'first' && staysHere) return this.endpoints.find(route.endpoint);
    if (route.kind === 'any' && staysHere) return this.endpoints.draw(now, pending.endpoint);
    return this.endpoints.leaderOf(groupOf(request), now) ?? this.endpoints.draw(now, pending.endpoint);
  }

  private response(now: Micros, input: Extract<ClientInput, { readonly kind: 'response' }>): void {
    const { requestId } = input;
    const attempt = this.attempts.get(requestId);
    if (attempt === undefined || attempt.endpoint.address !== input.endpoint) {
      this.strayResponses += 1;
      return;
    }
    const { pending, endpoint } = attempt;
    this.forget(pending, requestId);
    this.endpoints.alive(endpoint);
    if (now - this.learnedAt >= MEMBERS_AGE_MAX_MICROS && !this.closed) this.learn(now, endpoint);
    const verdict = judge(pending.request, input.result);
    switch (verdict.kind) {
      case 'answer':
        return this.answered(now, pending, endpoint, verdict.answer);
      case 'error':
        return this.refusedForGood(now, pending, verdict);
      case 'pruned':
        return this.pruned(pending, verdict);
      case 'retry':
        return this.refused(now, { pending, endpoint, requestId }, verdict);
      case 'expired':
        return this.sessionExpired(now, pending);
      case 'stale':
        this.fail(pending, 'unknown_outcome', 'The group no longer knows the outcome of this command.');
        return this.drain(now, this.sessionOf(pending));
      case 'nonsense':
        this.endpoints.failed(endpoint, now);
        return this.pause(now, pending, { requestId, atLeastMs: 0 });
      default:
        return unreachable(verdict);
    }
  }

  private answered(now: Micros, pending: Pending, endpoint: Endpoint, answer: Answer): void {
    const { request } = pending;
    if (answer.kind === 'status') this.endpoints.learn(endpoint, answer.status);
    if (request.kind === 'openSession' || isCommand(request)) this.endpoints.setLeader(groupOf(request), endpoint);
    this.finish(pending, { ok: true, answer });
    if (answer.kind === 'session') this.sessionOf(pending).window = new SequenceWindow(answer.session, now);
    this.drainAfter(now, pending);
  }

  /** Said of reads: nobody is asked again, because what one vault does not keep is kept nowhere for long. */
  private pruned(pending: Pending, { message, oldest }: Extract<Verdict, { readonly kind: 'pruned' }>): void {
    this.finish(pending, { ok: false, code: 'pruned_height', message, oldest });
  }

  private refusedForGood(now: Micros, pending: Pending, verdict: Extract<Verdict, { readonly kind: 'error' }>): void {
    // The attempt just answered is one of the uncertain ones.
    if (!verdict.recorded && isCommand(pending.request) && pending.uncertain > 1) {
      this.fail(
        pending,
        'unknown_outcome',
        `An earlier attempt may have been executed; this one was refused: ${verdict.message}`,
      );
    } else this.fail(pending, verdict.code, verdict.message);
    if (pending.request.kind === 'openSession') {
      const session = this.sessionOf(pending);
      for (let waiting = session.peek(); waiting !== undefined; waiting = session.peek()) {
        this.fail(waiting, verdict.code, verdict.message);
      }
    }
    this.drainAfter(now, pending);
  }

  /** Not executed here, or not known to be: follow the hint at once, or ask again after a pause. */
  private refused(
    now: Micros,
    attempt: { readonly pending: Pending; readonly endpoint: Endpoint; readonly requestId: RequestId },
    { refused, error }: Extract<Verdict, { readonly kind: 'retry' }>,
  ): void {
    const { pending, endpoint, requestId } = attempt;
    const group = groupOf(pending.request);
    if (refused && this.options.link === 'stream') pending.uncertain -= 1;
    pending.lastError = error;
    const atLeastMs = error.retryAfterMs;
    // A leader without room leads all the same; after any other refusal the leader is looked for anew.
    if (error.code !== 'overloaded') this.endpoints.notLeader(group, endpoint);
    // A node that is out of order, or was removed, knows who else is there.
    if (error.code === 'quarantined' || error.code === 'vault_diverged' || error.code === 'unavailable')
      this.learn(now, endpoint);
    if (error.code !== 'not_leader') return this.pause(now, pending, { requestId, atLeastMs });
    const leader = error.leader === undefined ? undefined : this.endpoints.findNode(error.leader);
    if (leader === undefined && error.leader !== undefined) this.learn(now, endpoint);
    // A leader that has just failed is the old one, and whoever names it has not noticed yet.
    const isStale = leader === endpoint || leader?.isDown === true;
    if (leader === undefined || isStale) return this.pause(now, pending, { requestId, atLeastMs: 0, elects: true });
    this.endpoints.setLeader(group, leader);
    if (pending.attempt !== requestId) return;
    if (pending.hintsFollowed >= HINTS_MAX) return this.pause(now, pending, { requestId, atLeastMs: 0 });
    pending.hintsFollowed += 1;
    this.attempt(now, pending);
  }

  private sessionExpired(now: Micros, pending: Pending): void {
    const { window } = pending;
    if (window === undefined) {
      const verdict = { kind: 'error', code: 'session_expired', message: NO_SESSION_MESSAGE, recorded: false } as const;
      return this.refusedForGood(now, pending, verdict);
    }
    const session = this.sessionOf(pending);
    if (session.window === window) session.window = undefined;
    if (this.options.link === 'stream') pending.uncertain -= 1;
    if (pending.uncertain > 0) {
      const message = 'The session ended while this command was under way: an earlier attempt may have been executed.';
      this.fail(pending, 'unknown_outcome', message);
      return this.drain(now, session);
    }
    window.answer(pending.sequence);
    pending.window = undefined;
    pending.sequence = 0;
    pending.attempt = NO_ATTEMPT;
    this.begin(now, pending);
  }

  /** Waits before the next attempt. Nothing happens where the given attempt is not the one awaited any more. */
  private pause(
    now: Micros,
    pending: Pending,
    {
      requestId,
      atLeastMs,
      elects = false,
    }: { readonly requestId: RequestId; readonly atLeastMs: number; readonly elects?: boolean },
  ): void {
    if (pending.attempt !== requestId) return;
    pending.attempt = NO_ATTEMPT;
    pending.failures += 1;
    pending.hintsFollowed = 0;
    const asked = Math.min(Math.max(atLeastMs, 0) * 1000, this.backoff.maxMicros);
    // A group without a leader has one soon, as a rule: who waits for that asks often at first.
    const isSoon = elects && pending.failures <= ELECTION_ATTEMPTS;
    const range = isSoon ? { ...this.backoff, maxMicros: ELECTION_BACKOFF_MICROS } : this.backoff;
    const failures = elects && !isSoon ? pending.failures - ELECTION_ATTEMPTS : pending.failures;
    const wait = asked + backoffMicros(range, failures, this.options.random);
    this.heap.schedule(pending, Math.min(pending.deadline, now + wait) as Micros);
  }

  private wake(now: Micros): void {
    for (let pending = this.heap.popDue(now); pending !== undefined; pending = this.heap.popDue(now)) {
      if (pending.deadline <= now) {
        this.expire(pending);
        this.drainAfter(now, pending);
      } else if (pending.request.kind === 'openSession' && this.sessionOf(pending).peek() === undefined) {
        this.fail(pending, 'timeout', 'Nobody waits for this session any more.');
      } else {
        if (pending.attempt !== NO_ATTEMPT && pending.endpoint !== undefined) this.endpoints.failed(pending.endpoint, now);
        this.attempt(now, pending);
      }
    }
  }

  private endpointUp(now: Micros, address: string): void {
    const endpoint = this.endpoints.find(address);
    if (endpoint === undefined || this.closed) return;
    this.endpoints.alive(endpoint);
    if (endpoint.node === undefined) this.learn(now, endpoint);
  }

  private endpointDown(now: Micros, address: string): void {
    const endpoint = this.endpoints.find(address);
    if (endpoint === undefined) return;
    this.endpoints.failed(endpoint, now);
    endpoint.isDown = true;
    for (const [requestId, attempt] of this.attempts) {
      if (attempt.endpoint === endpoint) this.pause(now, attempt.pending, { requestId, atLeastMs: 0 });
    }
  }

  private unsent(now: Micros, requestId: RequestId): void {
    const attempt = this.attempts.get(requestId);
    if (attempt === undefined) return;
    this.forget(attempt.pending, requestId);
    attempt.pending.uncertain -= 1;
    this.pause(now, attempt.pending, { requestId, atLeastMs: 0 });
  }

  /** Asks a node who it is and who else is there. */
  private learn(now: Micros, endpoint: Endpoint): void {
    if (endpoint.asking) return;
    endpoint.asking = true;
    this.learnedAt = now;
    const route = { kind: 'only', endpoint: endpoint.address } as const;
    const deadline = (now + this.attemptTimeoutMicros) as Micros;
    const pending = new Pending({ operation: undefined, request: { kind: 'status' }, route, deadline });
    this.unfinished.add(pending);
    this.attempt(now, pending);
  }

  private expire(pending: Pending): void {
    if (this.mayHaveRun(pending)) {
      const message = 'No answer came before the deadline: the command may have been executed, or may still be.';
      return this.fail(pending, 'unknown_outcome', message);
    }
    const opener = isCommand(pending.request) ? this.sessionOf(pending).opener : undefined;
    const last = pending.lastError ?? opener?.lastError;
    if (last === undefined) return this.fail(pending, 'timeout', 'No node answered before the deadline.');
    if (last.code === 'not_leader') return this.fail(pending, 'unavailable', 'No leader was found before the deadline.');
    this.fail(pending, last.code === 'unknown_outcome' ? 'unavailable' : last.code, last.message);
  }

  private mayHaveRun(pending: Pending): boolean {
    return isCommand(pending.request) && pending.uncertain > 0;
  }

  private close(): void {
    this.closed = true;
    for (const pending of this.unfinished) {
      if (!this.mayHaveRun(pending)) this.fail(pending, 'unavailable', 'The client was closed before an answer came.');
      else
        this.fail(pending, 'unknown_outcome', 'The client was closed before an answer came: the command may have been executed.');
    }
  }

  /** A finished command makes room in its session's window; an opened session lets its followers begin. */
  private drainAfter(now: Micros, pending: Pending): void {
    if (pending.request.kind === 'openSession' || isCommand(pending.request)) this.drain(now, this.sessionOf(pending));
  }

  private fail(pending: Pending, code: ClientErrorCode, message: string): void {
    this.finish(pending, { ok: false, code, message });
  }

  private finish(pending: Pending, outcome: OperationOutcome): void {
    assert(!pending.finished, 'an operation ends once');
    pending.finished = true;
    this.unfinished.delete(pending);
    this.heap.remove(pending);
    for (const requestId of pending.open) this.attempts.delete(requestId);
    pending.window?.answer(pending.sequence);
    if (pending.operation !== undefined) {
      this.effects.push({ kind: 'done', operation: pending.operation, outcome });
    } else if (pending.request.kind === 'openSession') this.sessionOf(pending).opener = undefined;
    else if (pending.endpoint !== undefined) pending.endpoint.asking = false;
  }

  private forget(pending: Pending, requestId: RequestId): void {
    this.attempts.delete(requestId);
    pending.open.splice(pending.open.indexOf(requestId), 1);
  }
}

/** What travels: a command with its session, its sequence, and the newest lowest unanswered one. */
function wireRequest(pending: Pending): ClientRequest {
  const { request, window } = pending;
  if (!isCommand(request)) return request;
  assert(window !== undefined, 'a command is sent under a session');
  return { ...request, command: window.ref(pending.sequence) };
}
