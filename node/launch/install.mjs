/**
 * What `npm start` and `npm test` share: refuse an unsupported Node with one sentence, and install what is missing.
 * Why plain JavaScript without dependencies or recent syntax: it runs before anything is installed, and an old Node must
 * be able to parse it to say that it is too old. Hence no `node:` imports, no optional chaining, no top-level await.
 */
import { spawnSync } from 'child_process';
import { existsSync, statSync } from 'fs';
import { basename, join, resolve } from 'path';
import { fileURLToPath } from 'url';

/** The folder of package.json. */
export const root = resolve(fileURLToPath(import.meta.url), '..', '..', '..');

/** Packages whose absence means that node_modules was installed without the tools. */
const TOOLS = ['typescript', 'vitest', '@biomejs/biome'];

const NETWORK = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ENOTCACHED|ERR_SOCKET_TIMEOUT/;

/** Says one sentence on stderr and ends the process with status 1. */
export function giveUp(sentence) {
  console.error(sentence);
  process.exit(1);
}

/** Whether a version such as 'v20.19.0' is one that Vouch and its tools support: 20.19+, 22.12+, 24 and later. */
export function isSupportedNode(version) {
  const parts = version.replace(/^v/, '').split('.').map(Number);
  const major = parts[0];
  const minor = parts[1];
  if (major === 20) return minor >= 19;
  if (major === 22) return minor >= 12;
  return major >= 24;
}

/** Ends the process with a sentence unless this Node is supported. */
export function requireSupportedNode() {
  if (isSupportedNode(process.version)) return;
  giveUp(
    `Vouch needs Node.js 20.19 or later (20.19+, 22.12+, 24+), but this is ${process.version}; install a newer one from https://nodejs.org and try again.`,
  );
}

/**
 * How to run npm: the very npm that runs us where there is one, else the one on the path.
 * @returns the executable and the arguments that go before npm's own.
 */
export function npmCommand() {
  const script = process.env.npm_execpath;
  if (script !== undefined && basename(script) === 'npm-cli.js') return { file: process.execPath, args: [script], shell: false };
  return { file: 'npm', args: [], shell: process.platform === 'win32' };
}

/** Runs npm to its end. @param options of child_process.spawnSync. */
export function npm(args, options) {
  const command = npmCommand();
  return spawnSync(command.file, command.args.concat(args), Object.assign({ cwd: root, shell: command.shell }, options));
}

/** Whether node_modules is missing, unfinished, without the tools, or older than the lockfile. */
export function isInstallNeeded(folder) {
  const installed = join(folder, 'node_modules', '.package-lock.json');
  if (!existsSync(installed)) return true;
  for (const name of TOOLS) if (!existsSync(join(folder, 'node_modules', name, 'package.json'))) return true;
  return statSync(installed).mtimeMs < statSync(join(folder, 'package-lock.json')).mtimeMs;
}

/** The sentence for a failed `npm ci`, from what it printed. */
export function installFailure(output) {
  if (NETWORK.test(output)) {
    return 'The dependencies are not installed and the npm registry cannot be reached; connect to the network (or set a registry mirror) and try again.';
  }
  if (/EBADENGINE/.test(output)) {
    return `A dependency does not support Node.js ${process.version}; use 20.19+, 22.12+ or 24+.`;
  }
  if (/ENOSPC/.test(output)) return 'The disk is full: the dependencies could not be installed.';
  if (/EACCES|EPERM|EROFS/.test(output)) return `The dependencies could not be installed: ${root} is not writable.`;
  const lines = output.split('\n').filter((line) => /^npm (error|ERR!)/.test(line));
  return `npm ci failed: ${lines.length > 0 ? lines[0].replace(/^npm (error|ERR!) */, '') : 'no reason was given'}; run it by hand to see all of it.`;
}

/** Installs the locked dependencies where `isInstallNeeded`; ends the process with a sentence where that fails. */
export function ensureInstalled() {
  if (!isInstallNeeded(root)) return;
  console.error('Installing dependencies (npm ci) ...');
  // --include=dev: under NODE_ENV=production npm would leave the compiler out.
  const result = npm(['ci', '--include=dev', '--no-audit', '--no-fund', '--fetch-retries=1', '--loglevel=error'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (result.error !== undefined && result.error !== null)
    giveUp(`npm could not be started (${result.error.code}); it comes with Node.js from https://nodejs.org.`);
  if (result.signal !== null) giveUp('The installation was interrupted.');
  if (result.status !== 0) giveUp(installFailure(result.stdout + result.stderr));
}
