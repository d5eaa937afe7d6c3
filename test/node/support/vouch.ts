/** Real processes for tests: the compiled command line, free ports, and a directory that goes away. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { binary, ensureBuilt } from '../../../node/launch/build.mjs';

const complaint = ensureBuilt();
if (!existsSync(binary)) throw new Error(`The command line cannot be built:\n${complaint}`);

export { binary };

export interface Finished {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The environment without anything of the developer's own. */
export function cleanEnvironment(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...process.env };
  for (const name of Object.keys(env)) if (/^(VOUCH_|npm_)/.test(name)) delete env[name];
  return { ...env, ...extra };
}

/** Runs a command to its end. */
export function vouch(args: readonly string[], env: Readonly<Record<string, string>> = {}): Finished {
  const { status, stdout, stderr } = spawnSync(process.execPath, [binary, ...args], {
    encoding: 'utf8',
    env: cleanEnvironment(env),
    timeout: 30_000,
  });
  return { status, stdout, stderr };
}

export interface Running {
  readonly pid: number;
  /** What came on stdout so far. */
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly kill: (signal: NodeJS.Signals) => void;
  readonly ended: Promise<number | null>;
}

const running = new Set<Running>();

/**
 * Starts a command that stays. It is killed when the test file ends.
 * @param through a command that becomes this one, with its own arguments.
 */
export function start(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  through: readonly string[] = [],
): Running {
  const [program, ...rest] = [...through, process.execPath, binary, ...args] as [string, ...string[]];
  const child = spawn(program, rest, { env: cleanEnvironment(env), stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const made: Running = {
    pid: child.pid as number,
    stdout: () => stdout,
    stderr: () => stderr,
    kill: (signal) => child.kill(signal),
    ended: new Promise((resolve) => child.once('close', resolve)),
  };
  running.add(made);
  void made.ended.then(() => running.delete(made));
  return made;
}

/** Kills whatever a failed test left, and removes its directories. */
export async function cleanUp(): Promise<void> {
  for (const one of running) one.kill('SIGKILL');
  await Promise.all([...running].map((one) => one.ended));
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}

const folders: string[] = [];

/** A new directory below the system's temporary one. */
export function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), 'vouch-test-'));
  folders.push(folder);
  return folder;
}

/** The first of `count` neighbouring ports that were all free a moment ago. */
export async function freePorts(count: number): Promise<number> {
  for (let tries = 0; tries < 50; tries += 1) {
    const first = 20_000 + Math.floor(Math.random() * 10_000);
    const free = await Promise.all(Array.from({ length: count }, (_, i) => isFree(first + i)));
    if (free.every(Boolean)) return first;
  }
  throw new Error('No free ports were found.');
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** Asks until it holds. Fails with the claim when the time is over. */
export async function eventually(
  claim: string,
  holds: () => boolean | Promise<boolean>,
  timeoutMs: number = 30_000,
): Promise<void> {
  const until = performance.now() + timeoutMs;
  while (!(await holds())) {
    if (performance.now() > until) throw new Error(`Not within ${timeoutMs} ms: ${claim}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Whether a process with this id lives. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
