/**
 * Drives the client engine (core/client) on real links, clocks and timers: one promise per operation.
 * The SDK uses it over WebSockets; a node's HTTP gateway uses it with a link to itself that needs none.
 */
import { ClientCore } from '../../core/client/client-core.ts';
import {
  type ClientEffect,
  type ClientInput,
  groupOf,
  isCommand,
  type LogicalRequest,
  type OperationId,
  type OperationOutcome,
  type Route,
} from '../../core/client/operation.ts';
import type { ClientRequest, ClientResult, CommandRef } from '../../core/client/protocol.ts';
import { type LogIndex, type Micros, NEVER, type NodeId, type RequestId } from '../../core/ids.ts';
import { Random, type SeedWords } from '../../core/random.ts';
import { checkRequest } from '../../core/state/admission.ts';

export interface LinkEvents {
  up(): void;
  result(id: RequestId, result: ClientResult): void;
  /** Exactly once, also where the link never came up. unsent: requests given to it that certainly did not leave. */
  down(unsent: readonly RequestId[]): void;
}

/** A way to one endpoint. It comes up by itself; requests given before wait. */
export interface EndpointLink {
  send(id: RequestId, request: ClientRequest): void;
  close(): Promise<void>;
}

export type OpenLink = (endpoint: string, events: LinkEvents) => EndpointLink;

export interface DriverOptions {
  /** HOST:PORT of nodes to begin with. */
  readonly endpoints: readonly { readonly address: string; readonly node?: NodeId }[];
  readonly openLink: OpenLink;
  /** Of an operation that names none, milliseconds. */
  readonly deadlineMs: number;
}

export interface AskOptions {
  readonly deadlineMs?: number;
  /** Where to ask; the group's leader unless given. */
  readonly route?: Route;
}

const LEADER: Route = { kind: 'leader' };

export class ClientDriver {
  private readonly options: DriverOptions;
  private readonly core: ClientCore;
  private readonly links: Map<string, EndpointLink> = new Map();
  private readonly waiting: Map<OperationId, (outcome: OperationOutcome) => void> = new Map();
  private nextOperation: number = 1;
  private timer: ReturnType<typeof setTimeout> | undefined = undefined;
  /** When the timer fires; NEVER where none is set. */
  private timerAt: number = NEVER;

  constructor(options: DriverOptions) {
    this.options = options;
    const words = crypto.getRandomValues(new Uint32Array(4));
    const random = Random.stream([...words] as unknown as SeedWords, 'client');
    this.core = new ClientCore({ endpoints: options.endpoints, random, link: 'stream' });
  }

  /** Runs one operation to its outcome. Never rejects. */
  ask(request: LogicalRequest, options: AskOptions = {}): Promise<OperationOutcome> {
    const refusal = checkRequest(isCommand(request) ? { ...request, command: placeholder(request) } : request);
    if (refusal !== undefined) return Promise.resolve({ ok: false, ...refusal });
    const operation = this.nextOperation as OperationId;
    this.nextOperation += 1;
    const now = nowMicros();
    const deadline = (now + (options.deadlineMs ?? this.options.deadlineMs) * 1000) as Micros;
    return new Promise((resolve) => {
      this.waiting.set(operation, resolve);
      this.step({ kind: 'submit', now, operation, request, deadline, route: options.route ?? LEADER });
    });
  }

  /** Ends every operation and every link; nothing of it keeps the process alive afterwards. */
  async close(): Promise<void> {
    this.step({ kind: 'close', now: nowMicros() });
    clearTimeout(this.timer);
    const links = [...this.links.values()];
    this.links.clear();
    await Promise.all(links.map((link) => link.close()));
  }

  private step(input: ClientInput): void {
    for (const effect of this.core.step(input)) this.execute(effect);
    this.arm(input.now);
  }

  private execute(effect: ClientEffect): void {
    if (effect.kind === 'send') {
      this.linkTo(effect.endpoint).send(effect.requestId, effect.request);
      return;
    }
    const resolve = this.waiting.get(effect.operation);
    this.waiting.delete(effect.operation);
    resolve?.(effect.outcome);
  }

  private linkTo(endpoint: string): EndpointLink {
    const known = this.links.get(endpoint);
    if (known !== undefined) return known;
    const link = this.options.openLink(endpoint, {
      up: () => this.step({ kind: 'endpointUp', now: nowMicros(), endpoint }),
      result: (requestId, result) => this.step({ kind: 'response', now: nowMicros(), endpoint, requestId, result }),
      down: (unsent) => {
        if (this.links.get(endpoint) === link) this.links.delete(endpoint);
        for (const requestId of unsent) this.step({ kind: 'unsent', now: nowMicros(), requestId });
        this.step({ kind: 'endpointDown', now: nowMicros(), endpoint });
      },
    });
    this.links.set(endpoint, link);
    return link;
  }

  /** One timer, moved only when it would fire too late: most operations are answered long before their deadline. */
  private arm(now: Micros): void {
    const at = this.core.nextDeadline();
    if (at >= this.timerAt) return;
    clearTimeout(this.timer);
    this.timerAt = at;
    this.timer = setTimeout(
      () => {
        this.timerAt = NEVER;
        this.step({ kind: 'deadline', now: nowMicros() });
      },
      Math.max(0, Math.ceil((at - now) / 1000)),
    );
  }
}

/** Stands in for the session that the engine will choose, so that a request is checked before anything is sent. */
function placeholder(request: LogicalRequest): CommandRef {
  return { session: { group: groupOf(request), index: 1 as LogIndex }, sequence: 1, lowestUnanswered: 1 };
}

/** The monotonic clock. */
function nowMicros(): Micros {
  return Math.floor(performance.now() * 1000) as Micros;
}
