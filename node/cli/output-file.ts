/**
 * Files that a command writes. They are tried before anything runs, because a result of hours may hang on a misspelt path; and
 * where writing fails all the same, the result is told first and the failure after it.
 */
import { accessSync, closeSync, constants, openSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { CliFailure, usageFailure } from './failure.ts';
import { say } from './output.ts';

/** Statuses that say something worse than that a file could not be written: safety, liveness, nondeterminism. */
const WORSE: readonly number[] = [1, 3, 4];

/** Refuses paths that cannot be written. What is there is left as it is, and nothing is made. */
export function demandWritable(...files: readonly (string | undefined)[]): void {
  for (const file of files) if (file !== undefined) tryFile(file);
}

function tryFile(file: string): void {
  try {
    const found = statSync(file, { throwIfNoEntry: false });
    if (found?.isDirectory() === true) throw Object.assign(new Error(), { code: 'EISDIR' });
    if (found !== undefined) return accessSync(file, constants.W_OK);
    closeSync(openSync(file, 'ax'));
    unlinkSync(file);
  } catch (error) {
    throw unwritable(file, error);
  }
}

/** For files that are read before they are added to: a device or a pipe has no end. */
export function demandRegular(file: string | undefined): void {
  if (file === undefined || statSync(file, { throwIfNoEntry: false })?.isFile() !== false) return;
  throw usageFailure(`${file} is no regular file: it is read before it is added to. Name another one.`);
}

/** @throws CliFailure with status 2. */
export function writeOutput(file: string, write: (file: string) => void): void {
  try {
    write(file);
  } catch (error) {
    throw unwritable(file, error);
  }
}

export function writeText(file: string, text: string): void {
  writeOutput(file, () => writeFileSync(file, text));
}

function unwritable(file: string, error: unknown): CliFailure {
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown reason';
  const why: Readonly<Record<string, string>> = {
    ENOENT: 'its folder does not exist',
    ENOTDIR: 'its folder is a file',
    EISDIR: 'it is a folder',
    EACCES: 'it may not be written by you',
    ENOSPC: 'the disk is full',
  };
  return usageFailure(
    `${file === '' ? 'The empty path' : file} cannot be written: ${why[code] ?? code} (${code}). Name another file.`,
  );
}

/** What went wrong beside the result, kept until the result is told. */
export class Afterwards {
  private readonly failures: CliFailure[] = [];

  /** @returns whether it went well. */
  try(act: () => void): boolean {
    try {
      act();
      return true;
    } catch (error) {
      this.add(error);
      return false;
    }
  }

  add(error: unknown): void {
    if (!(error instanceof CliFailure)) throw error;
    this.failures.push(error);
  }

  /** Says it all; the status is the worse one of the result's and theirs. */
  tell(): void {
    for (const { message, exitCode } of this.failures) {
      say(`vouch: ${message}`);
      process.exitCode = worseStatus(process.exitCode, exitCode);
    }
  }
}

export function worseStatus(before: typeof process.exitCode, after: number): number {
  return WORSE.includes(Number(before ?? 0)) ? Number(before) : after;
}
