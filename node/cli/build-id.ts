/** Which code ran: sixteen hex digits over every file that a simulated run consists of. Same build, same seed: same trace. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FOLDERS = ['core', 'sim', 'scenarios'];

/** `vouch/sim`: names what others hold, and the build writes it together with the commands. */
const NAMES_ONLY = /^public\.[jt]s$/;

/** Where compiled core/, sim/ and scenarios/ lie, or their sources. */
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

let known: string | undefined;

export function buildId(): string {
  known ??= hashOf(FOLDERS);
  return known;
}

/** The same of what a real node consists of, as far as it decides: a tape of `vouch start --record` is replayed by that alone. */
export function coreId(): string {
  return hashOf(['core']);
}

function hashOf(folders: readonly string[]): string {
  const hash = createHash('sha256');
  for (const folder of folders) {
    const files = readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).filter((file) => /\.[jt]s$/.test(file));
    for (const file of files.filter((name) => !name.endsWith('.d.ts') && !NAMES_ONLY.test(name)).sort()) {
      const text = readFileSync(join(ROOT, folder, file));
      hash.update(`${folder}/${file.replaceAll('\\', '/')} ${text.length}\n`).update(text);
    }
  }
  return hash.digest('hex').slice(0, 16);
}
