/**
 * The HTTP gateway: OpenFGA-shaped routes, operator routes, one error shape, limits, metrics and an orderly end.
 * It shares its port with the WebSocket upgrades, which `net` takes from the same server.
 */
import { finished } from 'node:stream';
import { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import type { Logger } from 'pino';
import type { NodeControl } from '../control.ts';
import type { Ledger } from '../ledger.ts';
import type { NodeMetrics } from '../metrics.ts';
import { addBackupRoutes } from './backup-routes.ts';
import { addChangeRoutes } from './change-routes.ts';
import { addCheckRoutes } from './check-routes.ts';
import { addCheckpointRoutes } from './checkpoint-routes.ts';
import { addEntityRoutes } from './entity-routes.ts';
import { fromFastify, HttpError } from './errors.ts';
import { IdempotencyKeys } from './idempotency.ts';
import { addListRoutes } from './list-routes.ts';
import { addLogRoutes } from './log-routes.ts';
import { addMemberRoutes } from './member-routes.ts';
import { addModelRoutes } from './model-routes.ts';
import { addNativeRoutes } from './native-routes.ts';
import { addOpenApiRoute, noteRoutes } from './openapi.ts';
import { addOperatorRoutes } from './operator-routes.ts';
import { addProofRoutes } from './proof-routes.ts';
import { addReceiptRoutes } from './receipt-routes.ts';
import { addStoreRoutes } from './store-routes.ts';
import { addTransactionRoutes } from './transaction-routes.ts';
import { addTupleRoutes } from './tuple-routes.ts';
import { addVaultHealthRoutes } from './vault-health-routes.ts';
import { addWatchRoutes } from './watch-routes.ts';

/** Largest body, bytes. Why 1 MiB: a write of 100 tuples with their contexts fits, and a request cannot hold much memory. */
const BODY_BYTES_MAX = 1 << 20;
/** Of a part of a path: an address or an id. */
const PARAMETER_CHARACTERS_MAX = 320;
/** Requests being answered at once; beyond it the gateway sheds before memory grows. */
const IN_FLIGHT_MAX = 2048;
/** Longest a client may take to send a whole request. */
const REQUEST_TIMEOUT_MS = 30_000;

export interface GatewayDependencies {
  readonly control: NodeControl;
  readonly ledger: Ledger;
  readonly metrics: NodeMetrics;
  readonly log: Logger;
  /** Of the program; unknown to tests. */
  readonly version?: string;
}

export class Gateway {
  readonly app: FastifyInstance;
  private readonly metrics: NodeMetrics;
  private readonly log: Logger;
  private inFlight: number = 0;
  private readonly ending: AbortController = new AbortController();

  constructor(dependencies: GatewayDependencies) {
    this.metrics = dependencies.metrics;
    this.log = dependencies.log;
    this.app = fastify({
      bodyLimit: BODY_BYTES_MAX,
      requestTimeout: REQUEST_TIMEOUT_MS,
      // By then what was in flight had its time (drain): a client that does not read on must not hold up the node's end.
      forceCloseConnections: true,
      routerOptions: { maxParamLength: PARAMETER_CHARACTERS_MAX },
      frameworkErrors: (error, request, reply) => this.answerBadPath(error, request, reply),
      // A number is not a text here: coercion would let {"user": 5} in.
      ajv: { customOptions: { coerceTypes: false, removeAdditional: false } },
    });
    // Only JSON: with text/plain a page in a browser could post to a loopback node without asking it first (CORS preflight).
    this.app.removeContentTypeParser('text/plain');
    this.addHooks();
    const routes = noteRoutes(this.app);
    addStoreRoutes(this.app, dependencies.ledger);
    const keys = new IdempotencyKeys();
    addTupleRoutes(this.app, dependencies.ledger, keys);
    addModelRoutes(this.app, dependencies.ledger, keys);
    addCheckRoutes(this.app, dependencies.ledger);
    addListRoutes(this.app, dependencies.ledger);
    addChangeRoutes(this.app, dependencies.ledger);
    addTransactionRoutes(this.app, dependencies.ledger, keys);
    addEntityRoutes(this.app, dependencies.ledger, keys);
    addWatchRoutes(this.app, dependencies.ledger, this.ending.signal);
    addNativeRoutes(this.app, dependencies.ledger);
    addLogRoutes(this.app, dependencies.ledger);
    addProofRoutes(this.app, dependencies.ledger);
    addCheckpointRoutes(this.app, dependencies.control, dependencies.ledger);
    addReceiptRoutes(this.app, dependencies.ledger);
    addOperatorRoutes(this.app, dependencies);
    addMemberRoutes(this.app, dependencies.control, dependencies.ledger);
    addBackupRoutes(this.app, dependencies.control);
    addVaultHealthRoutes(this.app, dependencies.control, dependencies.ledger);
    addOpenApiRoute(this.app, routes, dependencies.version ?? 'unknown');
  }

  /** Refuses new requests from now on (503), and resolves when those in flight are answered or the time is over. */
  async drain(timeoutMs: number): Promise<void> {
    this.ending.abort();
    const until = performance.now() + timeoutMs;
    while (this.inFlight > 0 && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  private addHooks(): void {
    this.app.addHook('onRequest', async (request, reply) => {
      this.inFlight += 1;
      // Not fastify's onResponse: that one never comes where the client went away first.
      finished(reply.raw, () => this.finished(request, reply));
      if (this.ending.signal.aborted) {
        reply.header('connection', 'close');
        throw new HttpError(503, 'unavailable', 'This node is shutting down; ask another one.', 1);
      }
      if (this.inFlight > IN_FLIGHT_MAX && request.url !== '/healthz') {
        throw new HttpError(503, 'resource_exhausted', 'This node has too many requests in flight.', 1);
      }
    });
    this.app.setErrorHandler((error: FastifyError | HttpError, request, reply) => this.answerError(error, request, reply));
    this.app.setNotFoundHandler((request, reply) => {
      const { url } = request;
      const path = url.split('?', 1)[0] as string;
      this.send(reply, new HttpError(404, 'undefined_endpoint', `There is no ${request.method} ${path.slice(0, 200)}.`));
    });
  }

  /** What fastify refuses before a route is found: a path that does not decode, or a name in it that is too long. */
  private answerBadPath(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
    const status = error.statusCode === 414 ? 414 : 400;
    const why = status === 414 ? 'a part of it is too long' : 'it holds a % that begins no character';
    this.send(reply, new HttpError(status, 'validation_error', `The path ${request.url.slice(0, 200)} cannot be read: ${why}.`));
  }

  private finished(request: FastifyRequest, reply: FastifyReply): void {
    this.inFlight -= 1;
    const route = request.routeOptions.url ?? 'unknown';
    this.metrics.request({ route, method: request.method, status: reply.statusCode }, reply.elapsedTime / 1000);
  }

  private answerError(error: FastifyError | HttpError, request: FastifyRequest, reply: FastifyReply): void {
    const known = error instanceof HttpError ? error : fromFastify(error);
    if (known !== undefined) {
      this.send(reply, known);
      return;
    }
    this.log.error({ err: error, request: request.id }, 'a request failed unexpectedly');
    const message = `This request failed for a reason that is in the node's log (request ${request.id}).`;
    this.send(reply, new HttpError(500, 'internal_error', message));
  }

  private send(reply: FastifyReply, error: HttpError): void {
    if (error.retryAfterSeconds > 0) reply.header('retry-after', String(error.retryAfterSeconds));
    const { status, code, message, oldestHeight, extra } = error;
    reply.code(status).send({ code, message, ...(oldestHeight === undefined ? {} : { oldest_height: oldestHeight }), ...extra });
  }
}
