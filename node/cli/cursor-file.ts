/** How far a long command came: a small JSON file beside its work, replaced whole after every part that is done for good. */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { usageFailure } from './failure.ts';
import { writeOutput } from './output-file.ts';

/** Undefined where there is none. @param isOne whether parsed JSON is such a cursor */
export function readCursor<T>(file: string, isOne: (value: unknown) => value is T): T | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw usageFailure(`${file} cannot be read: ${code ?? 'unknown reason'}.`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (isOne(value)) return value;
  throw usageFailure(`${file} is no cursor of this command. Name another one with --cursor, or delete it.`);
}

export function writeCursor(file: string, cursor: object): void {
  writeOutput(file, () => {
    writeFileSync(`${file}.new`, `${JSON.stringify(cursor)}\n`);
    renameSync(`${file}.new`, file);
  });
}

export function removeCursor(file: string | undefined): void {
  if (file !== undefined) rmSync(file, { force: true });
}
