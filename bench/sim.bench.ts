/**
 * The simulator: events a second by profile, how much of the events is work of clients, seeds a minute on one thread, virtual
 * time against real time, and whether memory stays flat over thousands of seeds in one process.
 * Usage: npm run bench:sim -- [seeds of `lite` for the memory, 300 unless given]
 * A seed's first hundred thousand events run cold, so every profile is run several times and its median and best are shown.
 */
import { memoryUsage } from 'node:process';
import { nativePrimitives } from '../node/cli/native-primitives.ts';
import type { RunReport } from '../sim/result.ts';
import { runSeed } from '../sim/run.ts';
import type { Profile } from '../sim/tape.ts';
import { machineClass } from './harness.ts';

const RUNS: readonly { readonly profile: Profile; readonly seeds: number }[] = [
  { profile: 'perf', seeds: 5 },
  { profile: 'swarm', seeds: 20 },
  { profile: 'lite', seeds: 40 },
];
const MEMORY_SEEDS = 300;
/** Memory is looked at after this many equal parts of the seeds. */
const PARTS = 10;
const MEBIBYTE = 2 ** 20;

const stopwatch = (): number => performance.now();

function run(profile: Profile, seed: number): RunReport {
  const { report } = runSeed({ seed: String(seed), profile, scenario: undefined, primitives: nativePrimitives, stopwatch });
  if (report.verdict !== 'pass') throw new Error(`${profile} seed ${seed}: ${report.verdict} ${report.violation?.message ?? ''}`);
  return report;
}

function sumOf(reports: readonly RunReport[], of: (report: RunReport) => number): number {
  return reports.reduce((sum, report) => sum + of(report), 0);
}

function measure(profile: Profile, seeds: number): void {
  const started = stopwatch();
  const reports = Array.from({ length: seeds }, (_, index) => run(profile, index + 1));
  const minutes = (stopwatch() - started) / 60_000;
  const rates = reports.map((report) => report.eventsPerSecond).sort((a, b) => a - b);
  const events = sumOf(reports, (report) => report.events);
  const figures = [
    `median ${rates[rates.length >> 1]} events/s`,
    `best ${rates[rates.length - 1]}`,
    `first ${reports[0]?.eventsPerSecond}`,
    `${((1000 * sumOf(reports, (report) => report.ops.ok)) / events).toFixed(1)} ok operations per 1,000 events`,
    `${Math.round(seeds / minutes)} seeds/min`,
    `${(sumOf(reports, (report) => report.virtualMs) / sumOf(reports, (report) => report.wallMs)).toFixed(1)} virtual seconds per second`,
  ];
  console.log(`${profile.padEnd(6)} ${figures.join(' · ')}`);
}

/** Resident memory and heap at the end of each part of the seeds. */
function watchMemory(seeds: number): void {
  const part = Math.max(1, Math.floor(seeds / PARTS));
  for (let seed = 1; seed <= seeds; seed += 1) {
    run('lite', seed);
    if (seed % part !== 0) continue;
    const { rss, heapUsed, external } = memoryUsage();
    const figures = [rss, heapUsed, external].map((bytes) => Math.round(bytes / MEBIBYTE));
    console.log(`lite   after ${seed} seeds: ${figures[0]} MiB resident, ${figures[1]} MiB heap, ${figures[2]} MiB outside it`);
  }
}

console.log(machineClass());
for (const { profile, seeds } of RUNS) measure(profile, seeds);
watchMemory(Number(process.argv[2] ?? MEMORY_SEEDS));
