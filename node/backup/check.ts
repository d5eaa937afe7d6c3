/** Runs the core's checks over a file in short turns, so that signals are heard and progress can be shown. */
import { InvariantError } from '../../core/assert.ts';
import { type BackupContents, type BackupFault, type BackupFile, type BackupResult, scanBackup } from '../../core/backup/scan.ts';
import { type VerifiedBackup, verifyBackup } from '../../core/backup/verify.ts';
import { nativeHasher } from '../hasher.ts';
import { runningSha256 } from './running-hash.ts';

/** Told how many bytes more were worked off. May throw, to end the work. */
export type OnBytes = (bytes: number) => void;

/** Longest turn before the event loop gets its own. */
const TURN_MS = 20;

/** Hash, records and chunks; not what they say. */
export function scanFile(file: BackupFile, onBytes: OnBytes): Promise<BackupResult<BackupContents>> {
  return run(scanBackup(file, nativeHasher, runningSha256()), onBytes);
}

/** Everything there is to check. */
export async function verifyFile(file: BackupFile, onBytes: OnBytes): Promise<BackupResult<VerifiedBackup>> {
  const scanned = await scanFile(file, onBytes);
  return scanned.ok ? run(verifyBackup(scanned.value, nativeHasher), onBytes) : scanned;
}

async function run<T>(steps: Generator<number, BackupResult<T>>, onBytes: OnBytes): Promise<BackupResult<T>> {
  let turnEnds = performance.now() + TURN_MS;
  try {
    for (let step = steps.next(); ; step = steps.next()) {
      if (step.done === true) return step.value;
      onBytes(step.value);
      if (performance.now() < turnEnds) continue;
      await new Promise((resolve) => setImmediate(resolve));
      turnEnds = performance.now() + TURN_MS;
    }
  } catch (error) {
    if (!(error instanceof InvariantError)) throw error;
    return { ok: false, fault: contradiction(error) };
  }
}

/** A file that somebody sealed without being Vouch. */
function contradiction({ message }: InvariantError): BackupFault {
  return { code: 'damaged', message: `The backup contradicts itself (${message}). Use another copy.` };
}
