/** The OpenAPI document says what the node serves: every route and nothing else, with the parameters and the body of the route itself. */
import { pino } from 'pino';
import { afterAll, expect, test } from 'vitest';
import type { NodeStatus } from '../../../core/client/protocol.ts';
import type { NodeId } from '../../../core/ids.ts';
import { Gateway } from '../../../node/http/gateway.ts';
import { openApiDocument, templateOf } from '../../../node/http/openapi.ts';
import { OPERATIONS } from '../../../node/http/openapi-operations.ts';
import { Ledger } from '../../../node/ledger.ts';
import { NodeMetrics } from '../../../node/metrics.ts';
import { idleControl } from './idle-control.ts';

const STATUS: NodeStatus = {
  node: 'a'.repeat(32) as NodeId,
  cluster: undefined,
  members: [],
  removed: false,
  groups: [],
  droppedFrames: 0,
};
const gateway = new Gateway({
  ledger: new Ledger(() => Promise.reject(new Error('nobody is asked'))),
  metrics: new NodeMetrics(() => STATUS),
  log: pino({ level: 'silent' }),
  control: idleControl(STATUS),
});
afterAll(() => gateway.app.close());

interface Operation {
  readonly parameters: readonly { readonly in: string; readonly name: string }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: object }>> };
  readonly responses: Readonly<Record<string, { readonly description: string }>>;
}

async function served(): Promise<Readonly<Record<string, Readonly<Record<string, Operation>>>>> {
  const response = await gateway.app.inject({ method: 'GET', url: '/v1/openapi.json' });
  expect([response.statusCode, response.json().openapi]).toEqual([200, '3.1.0']);
  return response.json().paths;
}

/** What fastify would route, by its own account. */
function isServed(method: string, path: string): boolean {
  return gateway.app.hasRoute({ method: method.toUpperCase() as 'GET', url: path });
}

test('what is described is served, and what is served is described', async () => {
  const paths = await served();
  const described = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const known = Object.keys(OPERATIONS).map((name) => name.replace(/ .*/, (path) => ` ${templateOf(path.slice(1))}`));
  expect(described.sort()).toEqual(known.sort());
  for (const name of Object.keys(OPERATIONS)) {
    const [method, path] = name.split(' ') as [string, string];
    expect([name, isServed(method, path)]).toEqual([name, true]);
  }
  // Fastify's own list: a tree of paths with their methods. Whatever is in it that is not described is a route that was forgotten.
  const printed = gateway.app.printRoutes({ commonPrefix: false });
  const count = [...printed.matchAll(/\(([A-Z, ]+)\)/g)]
    .flatMap(([, methods = '']) => methods.split(', '))
    .filter((method) => method !== 'HEAD');
  expect(count).toHaveLength(described.length);
});

test('a route that nobody has described is a defect', () => {
  expect(() => openApiDocument([{ method: 'GET', path: '/v1/new', body: undefined, query: undefined }], '1')).toThrow(
    /not described/,
  );
});

test('path parameters, bodies and answers are those of the routes', async () => {
  for (const [path, methods] of Object.entries(await served())) {
    for (const [method, { parameters, requestBody, responses }] of Object.entries(methods)) {
      const inPath = parameters.filter((one) => one.in === 'path').map(({ name }) => name);
      expect([path, inPath]).toEqual([path, [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)]);
      expect(Object.keys(responses).sort()[1]).toBe('default');
      if (method === 'get') expect(requestBody).toBeUndefined();
    }
  }
  const { '/stores/{store}/check': check, '/stores/{store}/changes': changes } = await served();
  expect(check?.post?.requestBody?.content['application/json']?.schema).toMatchObject({
    required: ['tuple_key'],
    properties: { tuple_key: { required: ['user', 'relation', 'object'] } },
  });
  const query = changes?.get?.parameters.filter((one) => one.in === 'query').map(({ name }) => name);
  expect(query).toEqual(['type', 'page_size', 'continuation_token', 'start_time']);
});
