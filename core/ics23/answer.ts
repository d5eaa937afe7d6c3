/** An ICS-23 export in its JSON form, checked before it is handed out: what SDK and gateway give. docs/reference/proof-format.md. */
import { toBase64 } from '../bytes/base64.ts';
import { equalBytes } from '../bytes/compare.ts';
import { toHex } from '../bytes/text.ts';
import type { Hasher } from '../capability.ts';
import { blockHash, decodeHeader } from '../chain/header.ts';
import { encodeUlid } from '../chain/ulid.ts';
import type { Anchor } from '../client/protocol.ts';
import { type PointQuestion, targetOf } from '../proof/statement.ts';
import { type QuestionJson, questionJson } from '../proof/statement-json.ts';
import { type CommitmentProofJson, encodeIcs23, ICS23_SPEC, ics23Json } from './encode.ts';
import type { CommitmentProof } from './proof.ts';
import { verifyIcs23 } from './verify.ts';

/** Hashes of the block in hex; bytes in base64. */
export interface Ics23Answer {
  readonly height: number;
  readonly block_hash: string;
  readonly state_root: string;
  readonly tree_root: string;
  readonly header: string;
  /** What was asked, and of which vault: ULIDs. */
  readonly statement: { readonly v: 1; readonly org: string; readonly store: string; readonly height: number } & QuestionJson;
  readonly ics23: {
    readonly spec: typeof ICS23_SPEC;
    /** tree_root. */
    readonly root: string;
    /** The path that the question leads to. */
    readonly key: string;
    /** The leaf's canonical value; null where there is no leaf. */
    readonly value: string | null;
    /** ProtoJSON of a CommitmentProof. */
    readonly proof: CommitmentProofJson;
    /** The same in protobuf. */
    readonly bytes: string;
  };
}

export interface Ics23Given {
  readonly hasher: Hasher;
  /** ULIDs. */
  readonly organization: string;
  readonly store: string;
  readonly question: PointQuestion;
  readonly anchor: Anchor;
  readonly proof: CommitmentProof;
}

/** @returns the answer with the leaf's canonical value, undefined where there is none; or why the proof does not hold. */
export function ics23Answer({
  hasher,
  organization,
  store,
  question,
  anchor,
  proof,
}: Ics23Given):
  | { readonly ok: true; readonly answer: Ics23Answer; readonly value: Uint8Array | undefined }
  | { readonly ok: false; readonly stage: 'header' | 'statement' | 'ics23'; readonly reason: string } {
  const header = decodeHeader(anchor.header);
  if (!header.ok) return { ok: false, stage: 'header', reason: header.reason };
  if (!equalBytes(blockHash(hasher, anchor.header), anchor.blockHash))
    return { ok: false, stage: 'header', reason: 'another block hash' };
  const { height } = anchor;
  const { treeRoot, stateRoot } = header.value;
  const isOfVault = encodeUlid(header.value.organization) === organization && encodeUlid(header.value.vault) === store;
  if (!isOfVault || header.value.height !== height)
    return { ok: false, stage: 'statement', reason: 'the header is of another vault or height' };
  const key = targetOf(hasher, question);
  const verdict = verifyIcs23(hasher, { root: treeRoot, key, proof });
  if (!verdict.ok) return { ...verdict, stage: 'ics23' };
  const { value } = verdict;
  const answer: Ics23Answer = {
    height,
    block_hash: toHex(anchor.blockHash),
    state_root: toHex(stateRoot),
    tree_root: toHex(treeRoot),
    header: toBase64(anchor.header),
    statement: { v: 1, org: organization, store, height, ...questionJson(question) },
    ics23: {
      spec: ICS23_SPEC,
      root: toBase64(treeRoot),
      key: toBase64(key),
      value: value === undefined ? null : toBase64(value),
      proof: ics23Json(proof),
      bytes: toBase64(encodeIcs23(proof)),
    },
  };
  return { ok: true, answer, value };
}
