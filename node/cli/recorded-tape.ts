/** Tapes of real nodes (`vouch start --record`) as arguments of `vouch sim`: how they are recognised, opened, and replayed. */
import { closeSync, fstatSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Cipher } from '../../core/capability.ts';
import { StorageError } from '../../core/errors.ts';
import { isTape, TAPE_MAGIC, type TapeHead } from '../../core/recording/tape-format.ts';
import { openTape, type TapeBytes, TapeReader } from '../../core/recording/tape-reader.ts';
import { type ReplayListener, type ReplayReport, replayRecording, type StopAt } from '../../sim/recording/replay.ts';
import { nativeHasher } from '../hasher.ts';
import { nativeVerifier } from '../keys/native-ed25519.ts';
import { cipherOf } from '../keys/provider.ts';
import { coreId } from './build-id.ts';
import { guarded } from './determinism-guard.ts';
import { usageFailure } from './failure.ts';
import { masterKeyFrom } from './master-key.ts';

const TAPE_NAME = /\.tape$/;
/** Such a word is a seed, whatever file or directory has that name: tape-source.ts. */
const SEED = /^[\w-]+$/;

export interface RecordedFlags {
  readonly keyFile?: string;
  readonly otherBuild?: boolean;
}

/** The tapes that an argument names: the file itself, or those in a directory; undefined where it names neither. */
export function recordedTapes(path: string | undefined): readonly string[] | undefined {
  if (path === undefined || SEED.test(path)) return undefined;
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  if (stat.isDirectory()) {
    const names = readdirSync(path).filter((name) => TAPE_NAME.test(name));
    if (names.length === 0) throw usageFailure(`There is no tape in ${path}: files *.tape that \`vouch start --record\` wrote.`);
    return names.sort().map((name) => join(path, name));
  }
  return stat.isFile() && isRecorded(path) ? [path] : undefined;
}

/** Refuses a tape of a real node where only simulated runs go. */
export function demandSimulated(path: string): void {
  if (recordedTapes(path) === undefined) return;
  throw usageFailure(`${path} is the tape of a real node: only \`vouch sim replay\` and \`explain\` take it.`);
}

/** By its first bytes, or by its name where it is shorter than them. */
function isRecorded(path: string): boolean {
  return withBytes(path, (bytes) => isTape(bytes.read(0, TAPE_MAGIC.length)) || (bytes.size < 64 && TAPE_NAME.test(path)));
}

export interface RecordedReplay {
  readonly head: TapeHead;
  readonly report: ReplayReport;
}

/** Replays one tape. @throws CliFailure, status 2, where it cannot be replayed here */
export async function replayRecorded(
  path: string,
  flags: RecordedFlags,
  options: { readonly stopAt?: StopAt | undefined; readonly listener?: ReplayListener | undefined } = {},
): Promise<RecordedReplay> {
  const masterKey = masterKeyFrom({ keyFile: flags.keyFile, data: undefined });
  const cipher = await cipherOf(masterKey).catch((error: unknown) => {
    throw error instanceof StorageError ? usageFailure(error.message) : error;
  });
  return withBytes(path, (bytes) => {
    const opened = openTape(bytes);
    if (!opened.ok) throw usageFailure(`${path} ${opened.reason}.`);
    const { head } = opened;
    demandBuild(path, head, flags);
    const seal = sealOf(path, head, cipher);
    const capabilities = { hasher: nativeHasher, verifier: nativeVerifier, cipher: seal?.cipher };
    const tape = new TapeReader(bytes, opened.bytes, seal);
    const { value: report, escaped } = guarded(() => replayRecording({ head, tape, capabilities, ...options }));
    if (report.verdict === 'damaged') {
      const before = report.inputs > 0 ? ` What is before can be replayed: --until ${report.inputs}` : '';
      throw usageFailure(
        `${path} is damaged at byte ${report.damagedAt}, behind input ${report.inputs}: it is not what was written.${before}`,
      );
    }
    return { head, report: escaped === undefined ? report : impure(report, escaped) };
  });
}

/** What asked for a clock or a die has not done what it did then. */
function impure(report: ReplayReport, escaped: string): ReplayReport {
  const { inputs: input, micros } = report;
  const place = report.difference ?? { input, kind: 'opening' as const, micros };
  return { ...report, verdict: 'differs', difference: { ...place, what: 'purity', recorded: 'inputs alone', replayed: escaped } };
}

function demandBuild(path: string, { build, version }: TapeHead, { otherBuild }: RecordedFlags): void {
  if (build === coreId() || otherBuild === true) return;
  throw usageFailure(
    `${path} was recorded by another build (vouch ${version}, core ${build}; this is core ${coreId()}): replay it with that one, or with --other-build, where it may differ for that reason.`,
  );
}

function sealOf(
  path: string,
  { sealed }: TapeHead,
  cipher: Cipher | undefined,
): ConstructorParameters<typeof TapeReader>[2] | undefined {
  if (sealed === undefined) return undefined;
  const sentence = `${path} is sealed under the master key of its node (id ${sealed.masterKeyId})`;
  if (cipher === undefined) throw usageFailure(`${sentence}: give it with --key-file FILE or VOUCH_MASTER_KEY.`);
  const key = cipher.unwrap(Uint8Array.from(Buffer.from(sealed.key, 'hex')));
  if (key === undefined) throw usageFailure(`${sentence}, and this is another one. Give that one.`);
  return { cipher, key };
}

/** Opens a file for as long as something synchronous reads it. */
function withBytes<T>(path: string, use: (bytes: TapeBytes) => T): T {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch (error) {
    throw usageFailure(`${path} cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'unknown reason'}.`);
  }
  try {
    const { size } = fstatSync(descriptor);
    return use({
      size,
      read(offset, lengthBytes) {
        const bytes = new Uint8Array(Math.max(Math.min(lengthBytes, size - offset), 0));
        let done = 0;
        while (done < bytes.length) {
          const count = readSync(descriptor, bytes, done, bytes.length - done, offset + done);
          if (count === 0) return bytes.subarray(0, done);
          done += count;
        }
        return bytes;
      },
    });
  } finally {
    closeSync(descriptor);
  }
}
