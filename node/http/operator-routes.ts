/** Probes, metrics, status and `init`: for operators and their machines. Source: 70-operations, "Observability". */
import type { FastifyInstance } from 'fastify';
import type { InitResult, NodeControl } from '../control.ts';
import type { Ledger } from '../ledger.ts';
import type { NodeMetrics } from '../metrics.ts';
import { HttpError } from './errors.ts';
import { DEFAULT_ORGANIZATION } from './request.ts';
import { InitBody } from './schemas.ts';

const INIT_TIMEOUT_MS = 30_000;

export interface OperatorDependencies {
  readonly control: NodeControl;
  readonly ledger: Ledger;
  readonly metrics: NodeMetrics;
}

export function addOperatorRoutes(app: FastifyInstance, { control, ledger, metrics }: OperatorDependencies): void {
  // Reached at all: the event loop turns and the listener is open, which is what live and started mean.
  app.get('/healthz', async () => ({ status: 'SERVING' }));
  app.get('/startupz', async () => ({ status: 'STARTED' }));
  app.get('/readyz', async (_request, reply) => {
    const reasons = control.notReady();
    if (reasons.length > 0) reply.code(503);
    return { status: reasons.length === 0 ? 'READY' : 'NOT_READY', reasons };
  });
  app.get('/metrics', async (_request, reply) => {
    const { contentType, text } = await metrics.render();
    return reply.type(contentType).send(text);
  });
  app.get('/v1/status', async () => ({ ...control.status(), links: control.links(), not_ready: control.notReady() }));
  app.post('/v1/init', { schema: { body: InitBody } }, async (request, reply) => {
    const body = request.body as { readonly expect?: number; readonly groups?: number; readonly timeout_ms?: number };
    const init = { expect: body.expect ?? 1, groups: body.groups ?? 1, timeoutMs: body.timeout_ms ?? INIT_TIMEOUT_MS };
    const result = await control.init(init);
    if (!result.ok) {
      // An init that ended between its two steps is completed by the next one: without the organization nobody can make a store.
      const isOurs = result.code === 'already_initialised' && control.status().cluster !== undefined;
      if (isOurs) await ledger.createOrganization(DEFAULT_ORGANIZATION).catch(() => undefined);
      throw initError(result);
    }
    await ledger.createOrganization(DEFAULT_ORGANIZATION);
    reply.code(201);
    return { cluster: result.cluster, members: result.members, organization: DEFAULT_ORGANIZATION };
  });
}

function initError(result: Extract<InitResult, { ok: false }>): HttpError {
  return new HttpError(result.code === 'too_few_nodes' ? 503 : 400, 'failed_precondition', result.message);
}
