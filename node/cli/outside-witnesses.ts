/** Asks the outside witnesses of a policy, those that have a URL, to sign the checkpoint of a receipt. */
import { fromHex } from '../../core/bytes/text.ts';
import { decodeCheckpoint } from '../../core/note/checkpoint.ts';
import type { Policy } from '../../core/note/policy.ts';
import { decodeReceipt, encodeReceipt } from '../../core/receipt/format.ts';
import { gatherCosignatures } from '../witness/submit.ts';
import { CliFailure } from './failure.ts';
import { say } from './output.ts';
import type { Remote } from './remote.ts';

/**
 * The receipt with their lines. A witness that does not sign is told of, and is not an error: the policy says whether it was needed.
 * @param vault its path at the node @throws CliFailure where the receipt is none
 */
export async function withOutsideWitnesses(remote: Remote, vault: string, policy: Policy, text: string): Promise<string> {
  const witnesses = policy.witnesses.filter(({ url }) => url !== undefined);
  if (witnesses.length === 0) return text;
  const receipt = decodeReceipt(text);
  const checkpoint = receipt.ok ? decodeCheckpoint(receipt.value.note.text) : receipt;
  if (!receipt.ok || !checkpoint.ok) throw new CliFailure('The node answered with no receipt. Ask another node.');
  const { size } = checkpoint.value;
  const prove = async (from: number): Promise<readonly Uint8Array[] | undefined> => {
    const { path } = await remote.get<{ readonly path: readonly string[] }>(`${vault}/log/consistency?from=${from}&to=${size}`);
    const hashes = path.map((hash) => fromHex(hash));
    return hashes.every((hash) => hash !== undefined) ? hashes : undefined;
  };
  const { note, outcomes } = await gatherCosignatures(witnesses, { note: receipt.value.note, prove, lastSizes: new Map() });
  for (const outcome of outcomes) if (!outcome.ok) say(`No signature of ${outcome.reason}.`);
  return encodeReceipt({ ...receipt.value, note });
}
