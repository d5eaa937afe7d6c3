/** A check's answer in the JSON form of 40-commitment, "What an answer carries": what `vouch verify` and auditors read. */
import { toBase64 } from '../../core/bytes/base64.ts';
import { toHex } from '../../core/bytes/text.ts';
import type { Anchor, VaultEntry } from '../../core/client/protocol.ts';
import type { TupleKey } from '../../core/state/transaction.ts';

export interface ProvenAnswer {
  readonly allowed: boolean;
  readonly height: number;
  readonly block_hash: string;
  readonly state_root: string;
  readonly tree_root: string;
  readonly header: string;
  readonly proof: string;
  readonly statement: {
    readonly v: 1;
    readonly org: string;
    readonly store: string;
    readonly height: number;
    readonly tuple: { readonly user: string; readonly relation: string; readonly object: string };
    readonly verdict: 'allow' | 'deny';
  };
}

export function provenAnswer(
  vault: VaultEntry,
  tuple: TupleKey,
  result: { readonly present: boolean; readonly anchor: Anchor; readonly proof: Uint8Array },
): ProvenAnswer {
  const { anchor } = result;
  const { height } = anchor;
  return {
    allowed: result.present,
    height,
    block_hash: toHex(anchor.blockHash),
    state_root: toHex(anchor.stateRoot),
    tree_root: toHex(anchor.treeRoot),
    header: toBase64(anchor.header),
    proof: toBase64(result.proof),
    statement: {
      v: 1,
      org: vault.organization,
      store: vault.id,
      height,
      tuple: { user: tuple.subject, relation: tuple.relation, object: tuple.resource },
      verdict: result.present ? 'allow' : 'deny',
    },
  };
}
