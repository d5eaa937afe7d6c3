/**
 * A receipt: one file that shows, years later and without us, what a vault said and who signed it. A C2SP tlog-proof of the header in
 * the vault's log, with what is proven under that header in its extra line.
 *
 *   c2sp.org/tlog-proof@v1
 *   extra <base64 of the bytes below>
 *   index <height - 1>
 *   <hash, base64>                    the header's inclusion in the log, leaf's sibling first
 *                                     an empty line
 *   <checkpoint note>
 *
 *   OFFSET   SIZE   of the extra bytes; numbers big-endian
 *        0      1   format = 1
 *        1    196   header: the log's leaf is SHA-256(0x00 ‖ header)
 *      197      4   n
 *      201      n   statements, canonical JSON (RFC 8785) in UTF-8: a list, as in an answer with statements
 *    201+n   rest   proof: the pruned tree that answers them
 */
import { assert } from '../assert.ts';
import { fromBase64, toBase64 } from '../bytes/base64.ts';
import { canonicalJson } from '../bytes/canonical-json.ts';
import { concatBytes } from '../bytes/compare.ts';
import { type Parsed, parseDecimal, refused } from '../bytes/parsed.ts';
import { fromUtf8, toUtf8 } from '../bytes/text.ts';
import { readWord, writeWord } from '../bytes/word.ts';
import { HEADER_BYTES } from '../chain/header.ts';
import { HASH_BYTES } from '../merkle/hashes.ts';
import { decodeNote, encodeNote, NOTE_CHARACTERS_MAX, type SignedNote } from '../note/note.ts';
import { PROOF_BYTES_MAX } from '../proof/format.ts';

/** First line of a receipt. */
export const RECEIPT_LINE: string = 'c2sp.org/tlog-proof@v1';

/** A receipt, read but not believed. */
export interface Receipt {
  /** 196 bytes. */
  readonly header: Uint8Array;
  /** A parsed JSON list. */
  readonly statements: readonly unknown[];
  readonly proof: Uint8Array;
  /** Where the header stands in the log. */
  readonly index: number;
  readonly path: readonly Uint8Array[];
  readonly note: SignedNote;
}

const FORMAT: number = 1;
const COUNT_AT: number = 1 + HEADER_BYTES;
const STATEMENTS_AT: number = COUNT_AT + 4;
const EXTRA: string = 'extra ';
const INDEX: string = 'index ';
/** Most hashes of an inclusion path. Why: a log of 2^53 leaves has paths of 53. */
const PATH_MAX: number = 53;
/** Longest receipt, characters. Why: statements take less than the proof that shows them. */
const RECEIPT_CHARACTERS_MAX: number = 2 * Math.ceil((PROOF_BYTES_MAX * 4) / 3) + NOTE_CHARACTERS_MAX;

/** Writes a receipt. Whether it holds, verifyReceipt says. */
export function encodeReceipt({ header, statements, proof, index, path, note }: Receipt): string {
  assert(header.length === HEADER_BYTES, 'a header has 196 bytes');
  assert(
    path.every((hash) => hash.length === HASH_BYTES),
    'a path is of hashes',
  );
  const json = canonicalJson(statements);
  const text = json.ok ? toUtf8(json.text) : undefined;
  assert(text !== undefined, 'statements are JSON');
  const count = new Uint8Array(4);
  writeWord(text.length, count, 0);
  const extra = concatBytes(Uint8Array.of(FORMAT), header, count, text, proof);
  const lines = [RECEIPT_LINE, EXTRA + toBase64(extra), INDEX + index, ...path.map(toBase64), ''];
  return `${lines.join('\n')}\n${encodeNote(note)}`;
}

/** Reads a receipt. One receipt has one text. */
export function decodeReceipt(text: string): Parsed<Receipt> {
  if (text.length > RECEIPT_CHARACTERS_MAX) return refused(`the receipt is longer than ${RECEIPT_CHARACTERS_MAX} characters`);
  const gap = text.indexOf('\n\n');
  if (gap < 0) return refused('the receipt has no empty line before its checkpoint');
  const [first, extraLine, indexLine, ...hashes] = text.slice(0, gap).split('\n');
  if (first !== RECEIPT_LINE) return refused(`a receipt begins with "${RECEIPT_LINE}"`);
  const extra = extraLine?.startsWith(EXTRA) ? fromBase64(extraLine.slice(EXTRA.length)) : undefined;
  if (extra === undefined) return refused('the second line of a receipt is "extra" and base64');
  const index = indexLine?.startsWith(INDEX) ? parseDecimal(indexLine.slice(INDEX.length)) : undefined;
  if (index === undefined) return refused('the third line of a receipt is "index" and a decimal number');
  if (hashes.length > PATH_MAX) return refused(`the inclusion path has more than ${PATH_MAX} hashes`);
  const path: Uint8Array[] = [];
  for (const line of hashes) {
    const hash = fromBase64(line);
    if (hash?.length !== HASH_BYTES) return refused('a line of the inclusion path is not 32 bytes of base64');
    path.push(hash);
  }
  const shown = decodeExtra(extra);
  if (!shown.ok) return shown;
  const note = decodeNote(text.slice(gap + 2));
  return note.ok ? { ok: true, value: { ...shown.value, index, path, note: note.value } } : note;
}

function decodeExtra(extra: Uint8Array): Parsed<Pick<Receipt, 'header' | 'statements' | 'proof'>> {
  if (extra[0] !== FORMAT) return refused(`the extra line is not of format ${FORMAT}`);
  const proofAt = extra.length < STATEMENTS_AT ? Number.POSITIVE_INFINITY : STATEMENTS_AT + readWord(extra, COUNT_AT);
  if (proofAt > extra.length) return refused('the extra line is too short');
  const statements = readStatements(fromUtf8(extra, STATEMENTS_AT, proofAt));
  if (statements === undefined) return refused('the statements are not a list in canonical JSON');
  return { ok: true, value: { header: extra.subarray(1, COUNT_AT), statements, proof: extra.subarray(proofAt) } };
}

function readStatements(text: string | undefined): readonly unknown[] | undefined {
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    const json = canonicalJson(value);
    return Array.isArray(value) && json.ok && json.text === text ? value : undefined;
  } catch {
    return undefined;
  }
}
