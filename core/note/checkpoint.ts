/**
 * The text of a checkpoint: what nodes and witnesses sign.
 *
 *   <origin>\n<size, decimal>\n<root, base64>\n          and, in logs that are not ours, non-empty extension lines
 *
 * A vault's log: origin as in names.ts, size = height of its last block, root = RFC 6962 root over the headers of blocks 1 to size.
 * Source: C2SP tlog-checkpoint.
 */
import { assert } from '../assert.ts';
import { fromBase64, toBase64 } from '../bytes/base64.ts';
import { type Parsed, parseDecimal, refused } from '../bytes/parsed.ts';
import { HASH_BYTES } from '../merkle/hashes.ts';
import { isNoteText } from './names.ts';

export interface Checkpoint {
  readonly origin: string;
  /** Leaves of the log. */
  readonly size: number;
  /** 32 bytes. */
  readonly root: Uint8Array;
  /** Lines behind the root, opaque. A vault's checkpoint has none. */
  readonly extension: readonly string[];
}

function isLine(text: string): boolean {
  return text !== '' && !text.includes('\n') && isNoteText(text);
}

/** The text, with its last newline. */
export function encodeCheckpoint({ origin, size, root, extension }: Checkpoint): string {
  assert(isLine(origin) && extension.every(isLine), 'origin and extension lines are lines of a note');
  assert(Number.isSafeInteger(size) && size >= 0, 'the size of a log is a count');
  assert(root.length === HASH_BYTES, 'the root of a log has 32 bytes');
  return [origin, String(size), toBase64(root), ...extension, ''].join('\n');
}

/** Reads the text of a note as a checkpoint. One checkpoint has one text. */
export function decodeCheckpoint(text: string): Parsed<Checkpoint> {
  if (!isNoteText(text)) return refused('the checkpoint holds a control character, or is not well-formed text');
  if (!text.endsWith('\n')) return refused('the checkpoint does not end with a newline');
  const [origin, sizeLine, rootLine, ...extension] = text.slice(0, -1).split('\n');
  if (origin === undefined || origin === '') return refused('the checkpoint has no origin');
  const size = sizeLine === undefined ? undefined : parseDecimal(sizeLine);
  if (size === undefined) return refused('the size of the checkpoint is not a decimal number');
  const root = rootLine === undefined ? undefined : fromBase64(rootLine);
  if (root === undefined || root.length !== HASH_BYTES) return refused('the root of the checkpoint is not 32 bytes of base64');
  if (extension.includes('')) return refused('the checkpoint holds an empty line');
  return { ok: true, value: { origin, size, root, extension } };
}
