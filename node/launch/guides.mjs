/**
 * `npm run guides`: packs the package, installs the tarball without scripts in an empty folder, and does there word for word
 * what the guides of the laboratory say: writes their files and types their commands. A command of which a guide says that it
 * fails must end with that status. Then type-checks the guides' files and programs against `vouch/sim` and the sub-paths of `vouch/verify`.
 * Ends with `N passed, N failed`.
 */
import { spawnSync } from 'child_process';
import * as fs from 'fs';
import { tmpdir } from 'os';
import { basename, join } from 'path';
import { ensureInstalled, giveUp, npm, requireSupportedNode, root } from './install.mjs';

const GUIDES = ['run-an-experiment.md', 'write-a-scenario.md', 'write-an-oracle.md'];
/** Commands that the guides say to fail, and how; all others end with 0. */
const STATUS = {
  'npx vouch sim check history.jsonl --model register': 1,
  'npx vouch sim run split-brian': 2,
  'npx vouch sim run ./no-such-file.ts': 2,
  'npx vouch sim run ./my-oracle.ts --seed 1': 1,
  'npx vouch sim swarm ./tickets.ts --seeds 20': 1,
  'npx vouch sim swarm majority-lock-hasty --seeds 40': 1,
};
const CONSUMER = `import { scenario } from './my-story.ts';
import { runSeed, type Scenario } from 'vouch/sim';
import * as verify from 'vouch/verify';
import * as answers from 'vouch/verify/answers';
import * as chain from 'vouch/verify/chain';
import * as forks from 'vouch/verify/forks';
import * as notes from 'vouch/verify/notes';
import * as tree from 'vouch/verify/tree';
export const own: Scenario = scenario;
export const entries: readonly unknown[] = [runSeed, verify, answers, chain, forks, notes, tree];
`;
const COMPILER = {
  strict: true,
  module: 'nodenext',
  target: 'es2022',
  noEmit: true,
  allowImportingTsExtensions: true,
  skipLibCheck: false,
  types: [],
};

/** The blocks of a guide in order: files to write, where the text before names one, and commands to type. */
function stepsOf(text) {
  const steps = [];
  const fence = /^```(\w*)\n([\s\S]*?)^```$/gm;
  for (let found = fence.exec(text); found !== null; found = fence.exec(text)) {
    const language = found[1];
    const body = found[2];
    if (language === '') {
      for (const line of body.split('\n')) if (line.indexOf('npx ') === 0) steps.push({ kind: 'command', line: line.trim() });
      continue;
    }
    const names = text.slice(0, found.index).match(/`([\w-]+\.(?:ts|jsonl))`[^`]*$/);
    if (names === null) giveUp(`A block of ${language} has no name of a file before it:\n${body}`);
    steps.push({ kind: 'file', name: names[1], body });
  }
  return steps;
}

/** A user's environment: without what the npm that runs this script says of the present package. */
const env = {};
for (const name of Object.keys(process.env)) {
  if (!/^npm_(package|lifecycle|command|config_(local_prefix|loglevel|engine_strict))/.test(name)) env[name] = process.env[name];
}

function run(file, args, cwd) {
  return spawnSync(file, args, { cwd, env, encoding: 'utf8', shell: process.platform === 'win32', maxBuffer: 1 << 28 });
}

let passed = 0;
let failed = 0;
function judge(what, isFine, output) {
  if (isFine) passed += 1;
  else failed += 1;
  console.log(`${isFine ? 'ok    ' : 'FAILED'} ${what}`);
  if (!isFine) console.log(output);
}

requireSupportedNode();
ensureInstalled();
if (npm(['run', '--silent', 'build'], { stdio: 'inherit' }).status !== 0) giveUp('The build failed.');
const folder = fs.mkdtempSync(join(tmpdir(), 'vouch-guides-'));
const packed = npm(['pack', '--silent', '--ignore-scripts', '--pack-destination', folder], { encoding: 'utf8' });
if (packed.status !== 0) giveUp(`npm pack failed:\n${packed.stderr}`);
const tarball = basename(packed.stdout.trim().split('\n').pop());
fs.writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'guides', private: true })); // npm init refuses odd names of folders
const installed = run('npm', ['install', '--ignore-scripts', `./${tarball}`], folder);
judge(`npm install --ignore-scripts ./${tarball}`, installed.status === 0, `${installed.stdout}${installed.stderr}`);
for (const guide of GUIDES) {
  console.log(guide);
  for (const step of stepsOf(fs.readFileSync(join(root, 'docs', 'guides', guide), 'utf8'))) {
    if (step.kind === 'file') {
      fs.writeFileSync(join(folder, step.name), step.body);
      continue;
    }
    const { status, stdout, stderr } = run('sh', ['-c', step.line], folder);
    const expected = STATUS[step.line] || 0;
    judge(
      `${step.line} ends with ${expected}`,
      status === expected,
      `status ${status}\n${stdout.slice(-2000)}${stderr.slice(-2000)}`,
    );
  }
}
fs.writeFileSync(join(folder, 'consumer.ts'), CONSUMER);
const sources = fs.readdirSync(folder).filter((name) => /\.ts$/.test(name));
fs.writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: COMPILER, files: sources }));
const checked = run(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', folder], folder);
judge(`${sources.join(', ')} type-check`, checked.status === 0, checked.stdout);
fs.rmSync(folder, { recursive: true, force: true });
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
