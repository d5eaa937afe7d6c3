/** Makes a directory and those above it. Why not mkdir's own recursion: below /proc it never ends. */
import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

/** @throws the error of the operating system for the first one that cannot be made. */
export function makeDirectory(path: string): void {
  if (existsSync(path)) return;
  makeDirectory(dirname(path));
  mkdirSync(path);
}
