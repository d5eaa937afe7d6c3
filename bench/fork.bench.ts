/**
 * Whether forking at rare events pays: known bugs that few seeds show, hunted with fresh seeds and with forks, as many runs of each. A fork runs
 * a seed again and, the moment it first reaches something that at most a tenth of the seeds reach, goes on under other draws; so its first part
 * costs what it cost before, and is known to lead to something rare.
 * Usage: npm run bench:fork -- [runs of each kind a bug, 100 unless given] [ids of bugs, T1,T2,D5,D7,C5 unless given]
 * Kills, and kills for a minute of the processor; forks pay where theirs are more.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { bundleMutant } from '../node/cli/mutant-bundle.ts';
import { MUTANTS } from '../sim/mutants/catalogue.ts';
import { machineClass } from './harness.ts';

/** At most this share of the fresh seeds reaches a mark that counts as rare. */
const RARE_SHARE = 0.1;
const FIRST_SEED = 1;

/** Runs inside the bundle. Reaches into the choices of a run, which have no switch for this. */
const ENTRY = `
import { Random } from './core/random.ts';
import { Marks } from './sim/marks.ts';
import { runSeed } from './sim/run.ts';
import { seedWords } from './sim/seed.ts';
import { Choices } from './sim/tape.ts';
const { from, runs, rareShare } = JSON.parse(process.argv[2]);
let choices;
const plain = Choices.fromSeed;
Choices.fromSeed = (seed) => (choices = plain(seed));
let rare = new Set(), branch;
const mark = Marks.prototype.mark;
Marks.prototype.mark = function (name) {
  mark.call(this, name);
  if (branch === undefined || !rare.has(name)) return;
  const words = seedWords(branch);
  for (const draws of choices.sources.values()) draws.random = Random.stream(words, draws.label);
  choices.seed = words;
  branch = undefined;
};
const CRASHES = ['crash', 'core-invariant'];
const cpu = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1e6; };
function run(seed) {
  const { report, marks } = runSeed({ seed, profile: 'swarm', scenario: undefined, without: [], stopwatch: () => 0 });
  const counts = report.violation !== null && !['vacuous', 'unknown'].includes(report.verdict);
  return { killed: counts && !CRASHES.includes(report.violation.oracle), marks };
}
const reached = new Map(), seeds = [], fresh = { runs: 0, kills: 0, seconds: 0 }, forks = { runs: 0, kills: 0, seconds: 0 };
let began = cpu();
for (let i = 0; i < runs; i += 1) {
  const seed = String(from + i);
  const { killed, marks } = run(seed);
  fresh.runs += 1;
  fresh.kills += killed ? 1 : 0;
  for (const name of marks) reached.set(name, (reached.get(name) ?? 0) + 1);
  if (!killed) seeds.push({ seed, marks });
}
fresh.seconds = cpu() - began;
rare = new Set([...reached].filter(([, count]) => count <= rareShare * runs).map(([name]) => name));
const roots = seeds.filter(({ marks }) => marks.some((name) => rare.has(name) && name.includes('.')));
began = cpu();
for (let i = 0; i < runs && roots.length > 0; i += 1) {
  const { seed } = roots[i % roots.length];
  branch = 'fork ' + i + ' of ' + seed;
  const { killed } = run(seed);
  branch = undefined;
  forks.runs += 1;
  forks.kills += killed ? 1 : 0;
}
forks.seconds = cpu() - began;
process.stdout.write(JSON.stringify({ fresh, forks, rare: rare.size, roots: roots.length }));
`;

interface Hunted {
  readonly runs: number;
  readonly kills: number;
  readonly seconds: number;
}

interface Outcome {
  readonly fresh: Hunted;
  readonly forks: Hunted;
  readonly rare: number;
  readonly roots: number;
}

async function hunt(id: string, runs: number, folder: string): Promise<Outcome> {
  const mutant = MUTANTS.find((one) => one.id === id);
  if (mutant === undefined) throw new Error(`there is no bug ${id}`);
  const bundle = join(folder, `${id}.cjs`);
  await bundleMutant(mutant, bundle, ENTRY);
  const order = JSON.stringify({ from: FIRST_SEED, runs, rareShare: RARE_SHARE });
  const { stdout } = await promisify(execFile)(process.execPath, [bundle, order], { maxBuffer: 1 << 24 });
  return JSON.parse(stdout) as Outcome;
}

const perMinute = ({ kills, seconds }: Hunted): string => ((60 * kills) / Math.max(seconds, 1)).toFixed(2);

function sumOf(all: readonly Hunted[]): Hunted {
  const sum = (of: (one: Hunted) => number): number => all.reduce((total, one) => total + of(one), 0);
  return { runs: sum(({ runs }) => runs), kills: sum(({ kills }) => kills), seconds: sum(({ seconds }) => seconds) };
}

const [runsText = '100', idsText = 'T1,T2,D5,D7,C5'] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'vouch-fork-'));
try {
  console.log(machineClass());
  console.log('bug   fresh: kills of runs, a minute   forks: kills of runs, a minute   rare marks, seeds that reach one');
  const outcomes: Outcome[] = [];
  for (const id of idsText.split(',')) {
    const outcome = await hunt(id, Number(runsText), folder);
    outcomes.push(outcome);
    const { fresh, forks, rare, roots } = outcome;
    const columns = [fresh, forks].map((one) => `${one.kills} of ${one.runs}, ${perMinute(one)}`.padEnd(30));
    console.log(`${id.padEnd(6)}${columns.join('   ')}   ${rare}, ${roots}`);
  }
  const [fresh, forks] = [sumOf(outcomes.map((one) => one.fresh)), sumOf(outcomes.map((one) => one.forks))];
  console.log(
    `all   ${fresh.kills} of ${fresh.runs}, ${perMinute(fresh)} a minute; forks ${forks.kills} of ${forks.runs}, ${perMinute(forks)} a minute`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
