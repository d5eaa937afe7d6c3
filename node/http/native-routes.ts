/** `/v1`: what OpenFGA has no word for. Organizations, blocks, and what a store keeps of its past. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { toHex } from '../../core/bytes/text.ts';
import { NEWEST, type Placement, type VaultEntry } from '../../core/client/protocol.ts';
import type { GroupId, Height } from '../../core/ids.ts';
import type { Ledger } from '../ledger.ts';
import { type AnchorJson, anchorJson, base64, timestamp } from './answer.ts';
import { HttpError } from './errors.ts';
import { readOptionsOf } from './read-options.ts';
import { auditOf, storeOf } from './request.ts';
import { retentionFrom, retentionText } from './retention-text.ts';
import { CreateOrganizationBody, RetentionBody } from './schemas.ts';

const NOW = { consistency: 'linearizable', at: NEWEST, proof: false } as const;

export function addNativeRoutes(app: FastifyInstance, ledger: Ledger): void {
  app.post('/v1/organizations', { schema: { body: CreateOrganizationBody } }, async (request, reply) => {
    const body = request.body as OrganizationRequest;
    const { id, name, group, created } = await ledger.createOrganization(body.name, placementOf(body));
    reply.code(created ? 201 : 200);
    return { id, name, created, group };
  });
  app.get('/v1/organizations', async () => ({ organizations: await ledger.listOrganizations() }));
  app.get('/v1/stores/:store/blocks/:height', async (request) => block(ledger, request));
  app.get('/v1/stores/:store/retention', async (request) => retention(ledger, await storeOf(ledger, request)));
  app.put('/v1/stores/:store/retention', { schema: { body: RetentionBody } }, async (request) => setRetention(ledger, request));
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
    pruned: result.pruned,
  };
}

export interface RetentionJson extends AnchorJson {
  readonly retention: string;
  readonly oldest_height: number;
  readonly oldest_time: string;
}

async function retention(ledger: Ledger, vault: VaultEntry): Promise<RetentionJson> {
  const result = await ledger.query(vault, { kind: 'retention' }, NOW, 'retention');
  return {
    retention: retentionText(result.retention),
    oldest_height: result.oldest,
    oldest_time: timestamp(result.oldestTime),
    ...anchorJson(result.anchor),
  };
}

async function setRetention(ledger: Ledger, request: FastifyRequest): Promise<RetentionJson & { readonly changed: boolean }> {
  const wanted = retentionFrom((request.body as { readonly retention: string }).retention);
  const vault = await storeOf(ledger, request);
  const changed = await ledger.setRetention(vault, wanted, auditOf(request));
  return { ...(await retention(ledger, vault)), changed };
}
