/** Signed checkpoints, and the keys that sign them. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { NodeKeyEntry } from '../../core/client/protocol.ts';
import { MEMBERS_MAX } from '../../core/limits.ts';
import { encodeVkey, noteKey, SignatureType } from '../../core/note/key.ts';
import { nodeKeyName } from '../../core/note/names.ts';
import type { NodeControl } from '../control.ts';
import { nativeHasher } from '../hasher.ts';
import type { Ledger } from '../ledger.ts';
import { HttpError } from './errors.ts';
import { readOptionsOf } from './read-options.ts';
import { storeOf } from './request.ts';

export interface KeyJson {
  readonly node: string;
  /** The key of the node's cosignatures, and of its plain signatures: one key, two types. */
  readonly vkey: string;
  readonly plain_vkey: string;
  /** Log index of group 0 from which on it is the node's, and from which on it is not. */
  readonly from: number;
  readonly retired?: number;
}

export function addCheckpointRoutes(app: FastifyInstance, control: NodeControl, ledger: Ledger): void {
  app.get('/v1/stores/:store/checkpoint', async (request, reply) => checkpoint(ledger, request, reply));
  app.get('/v1/keys', async () => {
    const { cluster } = control.status();
    if (cluster === undefined) throw new HttpError(503, 'unavailable', 'This node belongs to no cluster yet: run vouch init.', 1);
    return { cluster, keys: (await ledger.membersAndKeys()).keys.map((key) => keyJson(cluster, key)) };
  });
}

/** Of how many nodes a checkpoint is wanted, from the query string. */
export function signaturesOf(request: FastifyRequest): number {
  const { signatures: text = '0' } = request.query as { readonly signatures?: string };
  const signatures = /^[0-9]{1,4}$/.test(text) ? Number(text) : -1;
  if (signatures < 0 || signatures > MEMBERS_MAX) {
    throw new HttpError(
      400,
      'validation_error',
      `signatures is a number of nodes from 1 to ${MEMBERS_MAX}, or 0 for a majority.`,
    );
  }
  return signatures;
}

async function checkpoint(ledger: Ledger, request: FastifyRequest, reply: FastifyReply): Promise<string> {
  const vault = await storeOf(ledger, request);
  const signatures = signaturesOf(request);
  const options = { ...readOptionsOf(request), proof: false };
  const found = await ledger.query(vault, { kind: 'checkpoint', signatures }, options, 'checkpoint');
  reply.header('vouch-height', String(found.size));
  reply.header('vouch-signatures', String(found.signatures));
  reply.type('text/plain; charset=utf-8');
  return found.note;
}

/** A key in the forms that notes are checked with. */
export function keyJson(cluster: string, { node, publicKey, from, retired }: NodeKeyEntry): KeyJson {
  const vkey = (type: SignatureType): string =>
    encodeVkey(noteKey(nativeHasher, { name: nodeKeyName(cluster, node), type, publicKey }));
  const json = { node, vkey: vkey(SignatureType.cosignature), plain_vkey: vkey(SignatureType.ed25519), from };
  return retired === undefined ? json : { ...json, retired };
}
