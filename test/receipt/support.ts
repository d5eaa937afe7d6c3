/** Receipts of a small vault whose log has a past and a future around the header that is shown. */
import { fromBase64 } from '../../core/bytes/base64.ts';
import { toUtf8 } from '../../core/bytes/text.ts';
import { leafHash, MerkleLog } from '../../core/chain/merkle-log.ts';
import { encodeUlid } from '../../core/chain/ulid.ts';
import { encodeCheckpoint } from '../../core/note/checkpoint.ts';
import { vaultOrigin } from '../../core/note/names.ts';
import type { SignedNote } from '../../core/note/note.ts';
import type { Policy } from '../../core/note/policy.ts';
import { encodeReceipt, type Receipt } from '../../core/receipt/format.ts';
import { nativeHasher } from '../../node/hasher.ts';
import { CLUSTER, linesOf, type Party, policyOf, policyText } from '../note/support.ts';
import { type Answer, answerFor, HEIGHT, type World, world } from '../support/answers.ts';

export const SIZE = 12;

/** A vault with the log around it. */
export interface Ledger {
  readonly world: World;
  readonly log: MerkleLog;
  readonly origin: string;
}

export function ledger(of: World = world()): Ledger {
  const log = new MerkleLog(nativeHasher);
  const header = fromBase64(answerFor(of, {}).header) as Uint8Array;
  for (let height = 1; height <= SIZE; height += 1) {
    log.append(leafHash(nativeHasher, height === HEIGHT ? header : (toUtf8(`header ${height}`) as Uint8Array)));
  }
  const { organization, vault } = of.header;
  const origin = vaultOrigin({ cluster: CLUSTER, organization: encodeUlid(organization), vault: encodeUlid(vault) });
  return { world: of, log, origin };
}

/** The newest checkpoint with the cosignatures of these, without their plain lines. */
export function cosigned({ log, origin }: Ledger, parties: readonly Party[]): SignedNote {
  const text = encodeCheckpoint({ origin, size: SIZE, root: log.root(), extension: [] });
  return { text, signatures: parties.flatMap((each) => linesOf(each, text).slice(1)) };
}

export function receiptOf(of: Ledger, note: SignedNote, subject: string = 'user:alice'): Receipt {
  const answer: Answer = answerFor(of.world, { subject });
  return {
    header: fromBase64(answer.header) as Uint8Array,
    statements: [answer.statement],
    proof: fromBase64(answer.proof) as Uint8Array,
    index: HEIGHT - 1,
    path: of.log.inclusion(HEIGHT - 1),
    note,
  };
}

export const receiptText = (...given: Parameters<typeof receiptOf>): string => encodeReceipt(receiptOf(...given));

/** k of these, for the ledger's log. */
export function policyFor({ origin }: Ledger, k: number, parties: readonly Party[]): Policy {
  return policyOf(policyText(k, parties).replace(/^origin .*$/m, `origin ${origin}`));
}
