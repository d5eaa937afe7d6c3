/**
 * `GET /v1/openapi.json`: the API as an OpenAPI 3.1 document. Paths, parameters and bodies are those of the routes themselves, so the
 * document cannot ask for another body than the node takes; what each is for is in openapi-operations.ts.
 */
import type { FastifyInstance } from 'fastify';
import { HEADERS, OPERATIONS, type OperationText } from './openapi-operations.ts';

export interface KnownRoute {
  readonly method: string;
  readonly path: string;
  /** JSON schemas. */
  readonly body: unknown;
  readonly query: unknown;
}

const JSON_TYPE = 'application/json';

/** Notes every route that is added from now on. HEAD is what fastify adds to each GET. */
export function noteRoutes(app: FastifyInstance): readonly KnownRoute[] {
  const routes: KnownRoute[] = [];
  app.addHook('onRoute', ({ method, url: path, schema }) => {
    for (const name of [method].flat()) {
      if (name !== 'HEAD') routes.push({ method: name, path, body: schema?.body, query: schema?.querystring });
    }
  });
  return routes;
}

/** @param version of the program */
export function addOpenApiRoute(app: FastifyInstance, routes: readonly KnownRoute[], version: string): void {
  let made: unknown;
  app.get('/v1/openapi.json', async () => {
    made ??= openApiDocument(routes, version);
    return made;
  });
}

/** The document of the routes. Throws where one is not described: a defect. */
export function openApiDocument(routes: readonly KnownRoute[], version: string): Readonly<Record<string, unknown>> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    const text = OPERATIONS[`${route.method} ${route.path}`];
    if (text === undefined) throw new Error(`the route ${route.method} ${route.path} is not described`);
    const path = templateOf(route.path);
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route, text) };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Vouch', version, license: { name: 'MIT OR Apache-2.0' } },
    paths,
    components: { schemas: { Error: ERROR } },
  };
}

const ERROR = {
  type: 'object',
  required: ['code', 'message'],
  properties: {
    code: { type: 'string', description: 'docs/reference/errors.md has every one' },
    message: { type: 'string' },
    operation: { type: 'integer', description: 'of a refused transaction: the operation at fault' },
    oldest_height: { type: 'integer', description: 'of pruned_height: the oldest height that can be read' },
  },
};

/** `/stores/:store` as `/stores/{store}`; the rest of a path, `*`, as `{key}`. */
export function templateOf(path: string): string {
  return path.replaceAll(/:(\w+)/g, '{$1}').replace('*', '{key}');
}

function operationOf({ body, path, query }: KnownRoute, text: OperationText): unknown {
  const { tag, summary, answer, media = [JSON_TYPE], headers = [] } = text;
  const [status, description] = answer;
  const content = Object.fromEntries(media.map((type) => [type, {}]));
  const named = (path.includes(':store') ? ['Vouch-Organization' as const] : []).concat(headers as never);
  return {
    tags: [tag],
    summary,
    parameters: [
      ...[...templateOf(path).matchAll(/\{(\w+)\}/g)].map(([, name]) => parameter('path', name as string)),
      ...queryParameters(query, text.query ?? []),
      ...named.map((name) => ({ ...parameter('header', name), description: HEADERS[name] })),
    ],
    ...(body === undefined ? {} : { requestBody: { required: true, content: { [JSON_TYPE]: { schema: body } } } }),
    responses: {
      [status]: status === 204 ? { description } : { description, content },
      default: { description: 'an error', content: { [JSON_TYPE]: { schema: { $ref: '#/components/schemas/Error' } } } },
    },
  };
}

function parameter(where: 'path' | 'header', name: string): Readonly<Record<string, unknown>> {
  return { in: where, name, required: where === 'path', schema: { type: 'string' } };
}

function queryParameters(schema: unknown, others: readonly string[]): readonly unknown[] {
  const { properties = {} } = (schema ?? {}) as { readonly properties?: Readonly<Record<string, unknown>> };
  const known = Object.entries(properties).map(([name, value]) => ({ in: 'query', name, required: false, schema: value }));
  return [...known, ...others.map((name) => ({ in: 'query', name, required: false, schema: { type: 'string' } }))];
}
