/** `/stores/{id}/list-objects`, `streamed-list-objects`, `list-users` and `expand`: what a user may reach, who may reach something, and why. */
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ExpandTree } from '../../core/authz/expand.ts';
import { subjectOf } from '../../core/authz/names.ts';
import { listAnswer } from '../../core/certificate/authz-answer.ts';
import type { AuthzQuery, AuthzResult } from '../../core/client/authz-protocol.ts';
import type { VaultEntry } from '../../core/client/protocol.ts';
import type { Ledger } from '../ledger.ts';
import { anchorJson } from './answer.ts';
import { HttpError } from './errors.ts';
import { contextualOf, modelIdOf, ownOf, type QuestionBody } from './question.ts';
import { readOptionsOf } from './read-options.ts';
import { storeOf, wantsProof } from './request.ts';
import { ExpandBody, ListObjectsBody, ListUsersBody } from './schemas.ts';

interface ListObjectsShape extends QuestionBody {
  readonly type: string;
  readonly relation: string;
  readonly user: string;
}

interface ListUsersShape extends QuestionBody {
  readonly object: { readonly type: string; readonly id: string };
  readonly relation: string;
  readonly user_filters: readonly { readonly type: string; readonly relation?: string }[];
}

interface ExpandShape extends QuestionBody {
  readonly tuple_key: { readonly object: string; readonly relation: string };
}

/** Lines of a stream that are made at a time. */
const STREAM_LINES = 500;

export function addListRoutes(app: FastifyInstance, ledger: Ledger): void {
  const objects = { schema: { body: ListObjectsBody } };
  app.post('/stores/:store/list-objects', objects, async (request) => listObjects(ledger, request));
  app.post('/stores/:store/streamed-list-objects', objects, async (request, reply) => stream(ledger, request, reply));
  app.post('/stores/:store/list-users', { schema: { body: ListUsersBody } }, async (request) => listUsers(ledger, request));
  app.post('/stores/:store/expand', { schema: { body: ExpandBody } }, async (request) => expand(ledger, request));
}

type Listed = Extract<AuthzResult, { readonly kind: 'listObjects' | 'listUsers' }>;
type ListQuery = Extract<AuthzQuery, { readonly kind: 'listObjects' | 'listUsers' }>;

interface Objects {
  readonly vault: VaultEntry;
  readonly found: Listed;
  readonly query: ListQuery;
}

async function objectsOf(ledger: Ledger, request: FastifyRequest, proof: boolean): Promise<Objects> {
  const body = request.body as ListObjectsShape;
  const { type, relation, user: subject } = body;
  const own = ownOf(body);
  const model = modelIdOf(body.authorization_model_id);
  const vault = await storeOf(ledger, request);
  const query = { kind: 'listObjects', model, type, relation, subject, ...own } as const;
  const found = await ledger.query(vault, query, { ...readOptionsOf(request), proof }, 'listObjects');
  return { vault, found, query };
}

async function listObjects(ledger: Ledger, request: FastifyRequest): Promise<unknown> {
  const proof = wantsProof(request);
  const { vault, found, query } = await objectsOf(ledger, request, proof);
  return proof ? proven(vault, found, query) : { objects: found.found, ...anchorJson(found.anchor) };
}

/** One object a line. Where it stands is said in headers, as a line has no room for it. */
async function stream(ledger: Ledger, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  if (wantsProof(request)) throw new HttpError(400, 'validation_error', 'A stream carries no proof: ask list-objects for it.');
  const { found } = await objectsOf(ledger, request, false);
  const { height, block_hash: hash, state_root: root, token } = anchorJson(found.anchor);
  reply.type('application/x-ndjson').header('cache-control', 'no-store');
  reply.headers({ 'vouch-height': String(height), 'vouch-block-hash': hash, 'vouch-state-root': root, 'vouch-token': token });
  return reply.send(Readable.from(lines(found.found), { objectMode: false }));
}

function* lines(objects: readonly string[]): Generator<string, void> {
  for (let at = 0; at < objects.length; at += STREAM_LINES) {
    const part = objects.slice(at, at + STREAM_LINES);
    yield part.map((object) => `${JSON.stringify({ result: { object } })}\n`).join('');
  }
}

async function listUsers(ledger: Ledger, request: FastifyRequest): Promise<unknown> {
  const body = request.body as ListUsersShape;
  const own = ownOf(body);
  const model = modelIdOf(body.authorization_model_id);
  const vault = await storeOf(ledger, request);
  const proof = wantsProof(request);
  const question = {
    resource: `${body.object.type}:${body.object.id}`,
    relation: body.relation,
    filters: body.user_filters.map(({ type, relation = '' }) => ({ type, relation })),
  };
  const query = { kind: 'listUsers', model, ...question, ...own } as const;
  const found = await ledger.query(vault, query, { ...readOptionsOf(request), proof }, 'listUsers');
  if (!proof) return { users: found.found.map(userJson), ...anchorJson(found.anchor) };
  return proven(vault, found, query);
}

/** Nothing beside what the verifier reads; users as texts. */
function proven({ organization, id: store }: VaultEntry, found: Listed, query: ListQuery): unknown {
  return listAnswer({ organization, store }, query, found);
}

/** A user as OpenFGA's list-users shows it. */
function userJson(subject: string): unknown {
  const of = subjectOf(subject);
  const id = (object: string): string => object.slice(of.type.length + 1);
  switch (of.kind) {
    case 'wildcard':
      return { wildcard: { type: of.type } };
    case 'userset':
      return { userset: { type: of.type, id: id(of.object), relation: of.relation } };
    default:
      return { object: { type: of.type, id: id(subject) } };
  }
}

async function expand(ledger: Ledger, request: FastifyRequest): Promise<unknown> {
  const body = request.body as ExpandShape;
  const { object: resource, relation } = body.tuple_key;
  const contextual = contextualOf(body.contextual_tuples);
  const model = modelIdOf(body.authorization_model_id);
  const vault = await storeOf(ledger, request);
  if (wantsProof(request)) throw new HttpError(400, 'validation_error', 'An expansion carries no proof: list-users does.');
  const options = { ...readOptionsOf(request), proof: false };
  const { tree, anchor } = await ledger.query(
    vault,
    { kind: 'expand', model, resource, relation, contextual },
    options,
    'expand',
  );
  return { tree: { root: nodeJson(tree) }, ...anchorJson(anchor) };
}

/** A node of the tree as OpenFGA writes it. */
function nodeJson(tree: ExpandTree): unknown {
  const { name } = tree;
  switch (tree.kind) {
    case 'users':
      return { name, leaf: { users: { users: tree.users } } };
    case 'computed':
      return { name, leaf: { computed: { userset: tree.userset } } };
    case 'tupleToUserset': {
      const computed = tree.computed.map((userset) => ({ userset }));
      return { name, leaf: { tupleToUserset: { tupleset: tree.tupleset, computed } } };
    }
    case 'union':
    case 'intersection':
      return { name, [tree.kind]: { nodes: tree.nodes.map(nodeJson) } };
    case 'difference':
      return { name, difference: { base: nodeJson(tree.base), subtract: nodeJson(tree.subtract) } };
  }
}
