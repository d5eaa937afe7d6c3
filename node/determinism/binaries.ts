/**
 * The Node.js binaries of the matrix: those that are named, or one of each supported major version out of npm's package `node`. They
 * are a package of their own (node/determinism/nodes) with its own lockfile, installed into .vouch/determinism-nodes when they
 * are first needed, so that installing Vouch brings none of them.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const FILES: readonly string[] = ['package.json', 'package-lock.json', '.npmrc'];
const PACKAGES: readonly string[] = ['node-20', 'node-22', 'node-24'];

export interface NodeBinary {
  readonly path: string;
  /** `v22.12.0` */
  readonly version: string;
}

/** A sentence for the caller; nothing was run. */
export class BinaryError extends Error {}

/** @param paths of binaries. @throws BinaryError where one does not say which Node it is. */
export function namedBinaries(paths: readonly string[]): readonly NodeBinary[] {
  return paths.map((path) => {
    const { stdout, error } = spawnSync(path, ['--version'], { encoding: 'utf8' });
    const version = /^v\d+\.\d+\.\d+\S*/.exec(stdout ?? '')?.[0];
    if (version === undefined)
      throw new BinaryError(
        `--node ${path} is no Node.js${error === undefined ? '' : ` (${error.message})`}; name its executable.`,
      );
    return { path, version };
  });
}

/** One of each major version, installed where it is missing. @throws BinaryError where that fails. */
export function installedBinaries(root: string, say: (line: string) => void): readonly NodeBinary[] {
  const source = join(root, 'node', 'determinism', 'nodes');
  const folder = join(root, '.vouch', 'determinism-nodes');
  if (!existsSync(join(source, 'package.json')))
    throw new BinaryError('node/determinism/nodes is not here: name the binaries with --node.');
  const paths = PACKAGES.map((name) => join(folder, 'node_modules', name, 'bin', 'node'));
  const isCurrent = FILES.every((file) => contentOf(join(folder, file)) === contentOf(join(source, file)));
  if (!isCurrent || !paths.every((path) => existsSync(path))) {
    say('Installing Node 20, 22 and 24 (node/determinism/nodes, into .vouch/determinism-nodes) …');
    mkdirSync(folder, { recursive: true });
    for (const file of FILES) copyFileSync(join(source, file), join(folder, file));
    const { status, stderr, error } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: folder, encoding: 'utf8' });
    if (status !== 0 || !paths.every((path) => existsSync(path)))
      throw new BinaryError(
        `npm ci in .vouch/determinism-nodes brought no Node.js (its packages fetch it in an install script); name binaries with --node PATH,PATH.\n${stderr ?? error?.message ?? ''}`,
      );
  }
  return namedBinaries(paths);
}

function contentOf(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}
