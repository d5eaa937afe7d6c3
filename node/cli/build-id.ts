/** Which code ran: sixteen hex digits over every file that a simulated run consists of. Same build, same seed: same trace. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FOLDERS = ['core', 'sim', 'scenarios'];

let known: string | undefined;

export function buildId(): string {
  known ??= hashOf(fileURLToPath(new URL('../..', import.meta.url)));
  return known;
}

/** @param root where compiled core/, sim/ and scenarios/ lie, or their sources. */
function hashOf(root: string): string {
  const hash = createHash('sha256');
  for (const folder of FOLDERS) {
    const files = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).filter((file) => /\.[jt]s$/.test(file));
    for (const file of files.filter((name) => !name.endsWith('.d.ts')).sort()) {
      const text = readFileSync(join(root, folder, file));
      hash.update(`${folder}/${file.replaceAll('\\', '/')} ${text.length}\n`).update(text);
    }
  }
  return hash.digest('hex').slice(0, 16);
}
