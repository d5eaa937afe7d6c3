/** The lines of a file of any size, read in pieces. */
import { closeSync, openSync, readSync } from 'node:fs';
import { usageFailure } from './failure.ts';

const CHUNK_BYTES = 1 << 20;
const STDIN = 0;

/** Every line without its line feed. @param file a path, or - for stdin. */
export function* linesOf(file: string): Generator<string> {
  const descriptor = file === '-' ? STDIN : attempt(file, () => openSync(file, 'r'));
  const decoder = new TextDecoder();
  const chunk = Buffer.alloc(CHUNK_BYTES);
  let rest = '';
  try {
    for (;;) {
      const count = attempt(file, () => readSome(descriptor, chunk));
      if (count === 0) break;
      const lines = (rest + decoder.decode(chunk.subarray(0, count), { stream: true })).split('\n');
      rest = lines.pop() as string;
      yield* lines;
    }
    rest += decoder.decode();
    if (rest !== '') yield rest;
  } finally {
    if (descriptor !== STDIN) closeSync(descriptor);
  }
}

/** A pipe that is not ready or has ended says so by an error. */
function readSome(descriptor: number, chunk: Buffer): number {
  for (;;) {
    try {
      return readSync(descriptor, chunk);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EOF') return 0;
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

function attempt<T>(file: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw usageFailure(`${file} cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'unknown reason'}.`);
  }
}
