/**
 * Audits a file from its beginning to its end, without a server: what the file is made of (checksums, counts, the hash over all), and
 * what its blocks say (auditor.ts). A generator of short steps: it yields the bytes read since the last one, for progress and signals.
 */
import { InvariantError } from '../assert.ts';
import type { BackupFile, RunningHash } from '../backup/scan.ts';
import { equalBytes } from '../bytes/compare.ts';
import type { Hasher } from '../capability.ts';
import { type AuditCode, type AuditedChain, Auditor, type AuditPins } from './auditor.ts';
import {
  AUDIT_FORMAT,
  AUDIT_HEADER_BYTES,
  AUDIT_RECORD_BYTES,
  type AuditEnd,
  type AuditedVault,
  type AuditRecord,
  auditRecordBytes,
  decodeAuditHeader,
  decodeAuditRecord,
} from './format.ts';
import { type PinRefusal, type SignedExpectations, type SignedPin, signedPin } from './signed-pin.ts';

/**
 * Of the file: foreign: no audit file. newer_format: of a newer Vouch. incomplete: it ends too early. damaged: something in it is not as
 * it was written. partial: it begins with headers alone, so nothing can be executed. Of the chain: what differs, at a height.
 */
export type AuditFileCode = 'foreign' | 'newer_format' | 'incomplete' | 'damaged' | 'partial';

export interface AuditRefusal {
  readonly code: AuditFileCode | AuditCode | PinRefusal['code'];
  /** Undefined: it is about the file. */
  readonly height: number | undefined;
  /** A sentence. */
  readonly message: string;
}

export interface AuditReport {
  readonly vault: AuditedVault;
  readonly chain: AuditedChain;
  /** The checkpoint that the chain arrives at: the reader's, else the file's; undefined where there is neither. */
  readonly signed: SignedPin | undefined;
  /** Of the file up to its end record. */
  readonly sha256: Uint8Array;
}

export type AuditResult =
  | { readonly ok: true; readonly report: AuditReport }
  | { readonly ok: false; readonly refusal: AuditRefusal };

export interface AuditOptions {
  readonly hasher: Hasher;
  /** A new one. */
  readonly running: RunningHash;
  readonly pins?: Omit<AuditPins, 'checkpoint'>;
  /** Pinned keys: a checkpoint must be there, and signed as they want. */
  readonly signed?: SignedExpectations | undefined;
  /** Whether a file that begins with headers alone is checked for what it shows, instead of being refused. */
  readonly partial: 'refuse' | 'accept';
}

/** Why 1 MiB: one read for thousands of small blocks. */
const WINDOW_BYTES = 1 << 20;

function refuse(code: AuditFileCode, message: string): AuditResult {
  return { ok: false, refusal: { code, height: undefined, message } };
}

function damaged(offset: number, what: string): AuditResult {
  return refuse('damaged', `The file is damaged at byte ${offset}: ${what}. Use another copy, or export it again.`);
}

export function* auditFile(file: BackupFile, options: AuditOptions): Generator<number, AuditResult> {
  const format = decodeAuditHeader(file.read(0, AUDIT_HEADER_BYTES));
  if (format === 'foreign') return refuse('foreign', 'This is no audit file of Vouch.');
  if (format === 'damaged') return damaged(0, 'its header is none');
  if (format > AUDIT_FORMAT) return refuse('newer_format', 'The file has a newer format: verify it with a newer Vouch.');
  const walk = new Walk(file, options);
  try {
    return yield* walk.run();
  } catch (error) {
    if (!(error instanceof InvariantError)) throw error;
    return damaged(walk.offset, `it contradicts itself (${error.message})`);
  }
}

class Walk {
  /** Where the next record begins. */
  offset: number = AUDIT_HEADER_BYTES;
  private readonly file: BackupFile;
  private readonly options: AuditOptions;
  private window: Uint8Array = new Uint8Array(0);
  private windowAt: number = 0;

  constructor(file: BackupFile, options: AuditOptions) {
    this.file = file;
    this.options = options;
  }

  *run(): Generator<number, AuditResult> {
    const { options } = this;
    options.running.update(this.bytes(0, AUDIT_HEADER_BYTES));
    const first = this.next();
    if ('ok' in first) return first;
    if (first.kind !== 'vault') return damaged(AUDIT_HEADER_BYTES, 'it does not say whose blocks it holds');
    if (first.first > 1 && options.partial === 'refuse') return refuse('partial', partialMessage(first));
    let at = this.offset;
    let record = this.next();
    const signed = signedPin(first, !('ok' in record) && record.kind === 'note' ? record.text : undefined, options.signed);
    if ('ok' in record) return record;
    if (!signed.ok) return { ok: false, refusal: { code: signed.code, height: undefined, message: signed.message } };
    const auditor = auditorOf(first, options, signed.pin);
    if (record.kind === 'note') [at, record] = [this.offset, this.next()];
    for (;;) {
      if ('ok' in record) return record;
      if (record.kind === 'vault' || record.kind === 'note') return damaged(at, 'a record stands where it has no place');
      if (record.kind === 'end') return this.finish({ vault: first, signed: signed.pin }, auditor, { ...record, at });
      const fault = auditor.take(record.block);
      if (fault !== undefined) return { ok: false, refusal: fault };
      if (auditor.height > first.blocks) return damaged(at, 'it holds more blocks than it says');
      yield this.offset - at;
      [at, record] = [this.offset, this.next()];
    }
  }

  /** The record at the offset, which moves behind it; or why there is none. */
  private next(): AuditRecord | AuditResult {
    const { offset, file } = this;
    const length = auditRecordBytes(this.bytes(offset, AUDIT_RECORD_BYTES));
    if (offset + AUDIT_RECORD_BYTES > file.size || (length !== undefined && offset + length > file.size)) {
      return refuse('incomplete', `The file ends at byte ${file.size}, before its end: the export was stopped, or the copy was.`);
    }
    if (length === undefined) return damaged(offset, 'a record is too long');
    const bytes = this.bytes(offset, length);
    const decoded = decodeAuditRecord(offset, bytes);
    if (!decoded.ok) return damaged(offset, `a record does not hold (${decoded.reason})`);
    if (decoded.value.kind !== 'end') this.options.running.update(bytes);
    this.offset = offset + length;
    return decoded.value;
  }

  private finish(
    { vault, signed }: Pick<AuditReport, 'vault' | 'signed'>,
    auditor: Auditor,
    { at, ...end }: AuditEnd & { readonly at: number },
  ): AuditResult {
    const sha256 = this.options.running.digest();
    if (this.offset !== this.file.size) return damaged(this.offset, 'something stands behind its end');
    if (end.bytes !== at || !equalBytes(end.sha256, sha256)) return damaged(at, 'its bytes are not those that were written');
    if (auditor.height !== vault.blocks) {
      return refuse('incomplete', `The file holds ${auditor.height} of the ${vault.blocks} blocks that it says it has.`);
    }
    const finished = auditor.finish();
    if (!finished.ok) return { ok: false, refusal: finished.fault };
    const chain = finished.value;
    const isSame =
      end.blocks === chain.blocks &&
      end.transactions === chain.transactions &&
      equalBytes(end.blockHash, chain.blockHash) &&
      equalBytes(end.logRoot, chain.logRoot);
    if (!isSame) return damaged(at, 'its end says other than its blocks');
    return { ok: true, report: { vault, chain, signed, sha256 } };
  }

  /** A view of the file's bytes, valid until the next call. */
  private bytes(offset: number, length: number): Uint8Array {
    const isHeld = offset >= this.windowAt && offset + length <= this.windowAt + this.window.length;
    if (!isHeld) {
      this.window = this.file.read(offset, Math.max(length, WINDOW_BYTES));
      this.windowAt = offset;
    }
    const start = offset - this.windowAt;
    return this.window.subarray(start, start + length);
  }
}

function auditorOf(
  { organization, vault, first }: AuditedVault,
  { hasher, pins }: AuditOptions,
  signed: SignedPin | undefined,
): Auditor {
  const checkpoint =
    signed === undefined
      ? undefined
      : ({ at: signed.checkpoint, trust: signed.signers === undefined ? 'unchecked' : 'believed' } as const);
  return new Auditor({ hasher, organization, vault, first, pins: { ...pins, checkpoint } });
}

function partialMessage({ first }: AuditedVault): string {
  const below = first === 2 ? 'block 1' : `blocks 1 to ${first - 1}`;
  return `The file has headers alone of ${below}: the vault did not keep their transactions, so its state cannot be made again.`;
}
