/** An ICS-23 export, checked here: what `Vault.proveIcs23` gives out. */
import type { Anchor, ClientResult, VaultEntry } from '../../core/client/protocol.ts';
import { portableHasher } from '../../core/hasher.ts';
import { type Ics23Answer, ics23Answer } from '../../core/ics23/answer.ts';
import type { PointQuestion } from '../../core/proof/statement.ts';
import { VouchError } from './error.ts';

export interface Ics23Export {
  /** The leaf's canonical value, live or expired; undefined where there is none. */
  readonly value: Uint8Array | undefined;
  readonly anchor: Anchor;
  /** In the form of docs/reference/proof-format.md, to be handed on. */
  readonly answer: Ics23Answer;
}

/** Throws VouchError `proof_invalid` where the proof does not hold, or not for this vault. */
export function ics23Export(
  vault: VaultEntry,
  question: PointQuestion,
  { anchor, proof }: Extract<ClientResult, { readonly kind: 'ics23' }>,
): Ics23Export {
  const { organization, id: store } = vault;
  const made = ics23Answer({ hasher: portableHasher, organization, store, question, anchor, proof });
  if (!made.ok) throw new VouchError('proof_invalid', `The ICS-23 proof does not hold: ${made.reason}`);
  return { value: made.value, anchor, answer: made.answer };
}
