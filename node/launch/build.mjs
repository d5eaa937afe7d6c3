/**
 * Builds `dist` where it is missing or older than a source. Shared by `npm start`, `npm run demo` and the process tests.
 * Plain JavaScript that an old Node can parse, like install.mjs.
 */
import { spawnSync } from 'child_process';
import * as fs from 'fs'; // as a whole: an old Node refuses to link a name that it lacks (rmSync), before we can say why
import { join } from 'path';
import { root } from './install.mjs';

/** The compiled command line. tsc writes every file of a build, so its time is the time of the build. */
export const binary = join(root, 'dist', 'node', 'cli', 'main.js');

const SOURCES = ['core', 'sim', 'net', 'node', 'scenarios', 'bench'];
/** Another build on the same tree takes seconds; a lock older than this was left by a process that was killed. */
const LOCK_STALE_MS = 120000;

/** The newest modification time below a folder, milliseconds. */
function newestBelow(folder) {
  let newest = 0;
  if (!fs.existsSync(folder)) return newest;
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) newest = Math.max(newest, newestBelow(path));
    else if (entry.name.endsWith('.ts') || entry.name === 'tsconfig.json') newest = Math.max(newest, fs.statSync(path).mtimeMs);
  }
  return newest;
}

/** Whether the build is missing or older than its sources. */
export function isBuildStale() {
  if (!fs.existsSync(binary)) return true;
  const builtAt = fs.statSync(binary).mtimeMs;
  if (fs.statSync(join(root, 'tsconfig.build.json')).mtimeMs > builtAt) return true;
  return SOURCES.some((folder) => newestBelow(join(root, folder)) > builtAt);
}

/** Blocks this thread. */
function sleep(milliseconds) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

/** Holds a lock directory while `work` runs, so that two processes never write `dist` at once. */
function locked(work) {
  const lock = join(root, 'node_modules', '.vouch-build-lock');
  for (;;) {
    try {
      fs.mkdirSync(lock);
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    try {
      if (Date.now() - fs.statSync(lock).mtimeMs > LOCK_STALE_MS) fs.rmSync(lock, { recursive: true, force: true });
    } catch (error) {
      if (error.code !== 'ENOENT') throw error;
    }
    sleep(100);
  }
  try {
    return work();
  } finally {
    fs.rmSync(lock, { recursive: true, force: true });
  }
}

/** Runs one step of the build. @returns what it complained of; empty when it is done. */
function complaintOf(step) {
  const result = spawnSync(process.execPath, step, { cwd: root, encoding: 'utf8' });
  if (result.status === 0) return '';
  return (result.stdout || '') + (result.stderr || '') || 'A step of the build could not be started.';
}

/** Builds where needed. @returns what the compiler complained of; empty when the build is good. */
export function ensureBuilt() {
  if (!isBuildStale()) return '';
  return locked(function build() {
    if (!isBuildStale()) return '';
    const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    const bundler = join(root, 'node', 'launch', 'bundle-node.mjs');
    return complaintOf([compiler, '-p', 'tsconfig.build.json']) || complaintOf([bundler]);
  });
}
