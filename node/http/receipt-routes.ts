/**
 * `POST /v1/stores/{id}/receipts`: a proof of one's questions, the block's place in the log, and a checkpoint that the nodes have signed, as
 * one file. It is put together here and believed by nobody: whoever reads it checks it against keys of their own.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { fromBase64 } from '../../core/bytes/base64.ts';
import { NEWEST } from '../../core/client/protocol.ts';
import type { Height } from '../../core/ids.ts';
import { decodeNote } from '../../core/note/note.ts';
import { encodeReceipt } from '../../core/receipt/format.ts';
import { verifyReceipt } from '../../core/receipt/verify.ts';
import { nativeHasher } from '../hasher.ts';
import { nativeVerifier } from '../keys/native-ed25519.ts';
import type { Ledger } from '../ledger.ts';
import { signaturesOf } from './checkpoint-routes.ts';
import { ProofsBody, prove } from './proof-routes.ts';
import { storeOf } from './request.ts';

export interface ReceiptJson {
  readonly height: number;
  /** Size of the log under the checkpoint, and by how many nodes that is signed. */
  readonly size: number;
  readonly signatures: number;
  /** The text of the file. */
  readonly receipt: string;
}

export function addReceiptRoutes(app: FastifyInstance, ledger: Ledger): void {
  app.post('/v1/stores/:store/receipts', { schema: { body: ProofsBody } }, async (request) => receipt(ledger, request));
}

async function receipt(ledger: Ledger, request: FastifyRequest): Promise<ReceiptJson> {
  const signatures = signaturesOf(request);
  const answer = await prove(ledger, request);
  const vault = await storeOf(ledger, request);
  // Linearizable: the checkpoint is of a block at or behind the one that the proof is of.
  const options = { consistency: 'linearizable', at: NEWEST, proof: false } as const;
  const checkpoint = await ledger.query(vault, { kind: 'checkpoint', signatures }, options, 'checkpoint');
  const { size, note } = checkpoint;
  const query = { kind: 'logInclusion', height: answer.height as Height, size } as const;
  const { inclusion } = await ledger.query(vault, query, options, 'logInclusion');
  const signed = decodeNote(note);
  const [header, proof] = [fromBase64(answer.header), fromBase64(answer.proof)];
  if (!signed.ok || header === undefined || proof === undefined)
    throw new Error('a checkpoint or proof of this node does not read');
  const { statements } = answer;
  const text = encodeReceipt({ header, statements, proof, index: answer.height - 1, path: inclusion.path, note: signed.value });
  const verdict = verifyReceipt(text, { hasher: nativeHasher, verifier: nativeVerifier });
  if (!verdict.ok) throw new Error(`the receipt does not hold (${verdict.stage}): ${verdict.reason}`);
  return { height: answer.height, size, signatures: checkpoint.signatures, receipt: text };
}
