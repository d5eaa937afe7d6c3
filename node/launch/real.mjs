/**
 * `npm run real -- [--seed S] [--tries N] [--only green|red]`: scenarios on real processes. Five must pass as the code is; each planted bug must be
 * found within a few seeds of the scenario that it is tried in. Prints a line for each run; the last line is `N passed, N failed`.
 */
import { spawnSync } from 'child_process';
import { join } from 'path';
import { ensureBuilt } from './build.mjs';
import { ensureInstalled, giveUp, requireSupportedNode, root } from './install.mjs';

const USAGE = 'Usage: npm run real -- [--seed S] [--tries N] [--only green|red]';

const GREEN = ['split-brain', 'leader-crash-loop', 'rolling-restart', 'sleeping-leader', 'flapping-partition'];
/** Bugs of `vouch sim mutants`, where they are tried, and what helps them to show. */
const RED = [
  { id: 'T8', scenario: 'split-brain', flags: [] },
  { id: 'X2', scenario: 'leader-crash-loop', flags: [] },
  { id: 'V1', scenario: 'split-brain', flags: ['--set', 'proofShare=0.2'] },
];

function parse(argv) {
  const options = { seed: '1', tries: '3', only: '' };
  for (let i = 0; i < argv.length; i += 2) {
    const name = argv[i].slice(2);
    if (argv[i].slice(0, 2) !== '--' || options[name] === undefined || argv[i + 1] === undefined) giveUp(USAGE);
    options[name] = argv[i + 1];
  }
  for (const name of ['seed', 'tries'])
    if (!/^[1-9]\d{0,6}$/.test(options[name])) giveUp(`--${name} is a positive number. ${USAGE}`);
  if (['', 'green', 'red'].indexOf(options.only) < 0) giveUp(`--only is green or red. ${USAGE}`);
  return options;
}

/** One run. @returns its report, or what it said instead. */
function run(scenario, seed, flags) {
  const vouch = join(root, 'dist', 'node', 'cli', 'main.js');
  const args = [vouch, 'sim', 'run', scenario, '--seed', String(seed), '--real', '--json'].concat(flags);
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  try {
    return Object.assign({ status }, JSON.parse(stdout.trim().split('\n').pop()));
  } catch (_error) {
    return { status, verdict: 'no result', violation: { oracle: '', message: stderr.trim() } };
  }
}

function told(report) {
  const faults = Object.entries(report.faults || {}).filter((each) => each[1] > 0);
  const found = report.violation === null ? '' : ` ${report.violation.oracle}: ${report.violation.message}`;
  const ops = report.ops === undefined ? '' : `, ${report.ops.ok} ok, ${faults.map((each) => each.join(' ')).join(', ')}`;
  return `${report.verdict} (${Math.round((report.wallMs || 0) / 1000)} s${ops})${found}`;
}

requireSupportedNode();
ensureInstalled();
const options = parse(process.argv.slice(2));
const complaint = ensureBuilt();
if (complaint !== '') {
  console.error(complaint.trimEnd());
  giveUp('The build failed; the messages above say where.');
}
const first = Number(options.seed);
let passed = 0;
let failed = 0;
const count = (isGood) => {
  if (isGood) passed += 1;
  else failed += 1;
};
for (const scenario of options.only === 'red' ? [] : GREEN) {
  const report = run(scenario, first, []);
  console.log(`${report.verdict === 'pass' ? 'pass' : 'FAIL'}  ${scenario} seed ${first}: ${told(report)}`);
  count(report.verdict === 'pass');
}
for (const { id, scenario, flags } of options.only === 'green' ? [] : RED) {
  let isFound = false;
  for (let seed = first; seed < first + Number(options.tries) && !isFound; seed += 1) {
    const report = run(scenario, seed, ['--mutant', id].concat(flags));
    isFound = report.status === 1 || report.status === 3;
    console.log(`${isFound ? 'pass' : '    '}  ${id} in ${scenario} seed ${seed}: ${told(report)}`);
  }
  if (!isFound) console.log(`FAIL  ${id} lives`);
  count(isFound);
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
