/** `/v1`: what OpenFGA has no word for. Organizations and blocks now. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { toHex } from '../../core/bytes/text.ts';
import type { Placement } from '../../core/client/protocol.ts';
import type { GroupId, Height } from '../../core/ids.ts';
import type { Ledger } from '../ledger.ts';
import { anchorJson, base64 } from './answer.ts';
import { HttpError } from './errors.ts';
import { readOptionsOf } from './read-options.ts';
import { storeOf } from './request.ts';
import { CreateOrganizationBody } from './schemas.ts';

export function addNativeRoutes(app: FastifyInstance, ledger: Ledger): void {
  app.post('/v1/organizations', { schema: { body: CreateOrganizationBody } }, async (request, reply) => {
    const body = request.body as OrganizationRequest;
    const { id, name, group, created } = await ledger.createOrganization(body.name, placementOf(body));
    reply.code(created ? 201 : 200);
    return { id, name, created, group };
  });
  app.get('/v1/organizations', async () => ({ organizations: await ledger.listOrganizations() }));
  app.get('/v1/stores/:store/blocks/:height', async (request) => block(ledger, request));
}

interface OrganizationRequest {
  readonly name: string;
  readonly group?: 'new' | number;
  readonly replicas?: number;
}

/** Voters of a new group unless its organization says otherwise. */
const REPLICAS = 3;

function placementOf({ group, replicas }: OrganizationRequest): Placement | undefined {
  if (group === 'new') return { kind: 'new', replicas: replicas ?? REPLICAS };
  if (replicas !== undefined) {
    throw new HttpError(400, 'validation_error', 'Replicas can be chosen for a new group only: give group "new", too.');
  }
  return group === undefined ? undefined : { kind: 'group', group: group as GroupId };
}

async function block(ledger: Ledger, request: FastifyRequest): Promise<unknown> {
  const vault = await storeOf(ledger, request);
  const { height: text } = request.params as { readonly height: string };
  if (text !== 'latest' && !/^[1-9][0-9]{0,14}$/.test(text)) {
    throw new HttpError(400, 'validation_error', `A height is a whole number from 1, or "latest", not ${JSON.stringify(text)}.`);
  }
  const height = (text === 'latest' ? 0 : Number(text)) as Height;
  const result = await ledger.query(vault, { kind: 'block', height }, { ...readOptionsOf(request), proof: false }, 'block');
  return {
    ...anchorJson(result.anchor),
    tree_root: toHex(result.anchor.treeRoot),
    header: base64(result.anchor.header),
    transactions: result.transactions.map(base64),
    newest: result.newest,
  };
}
