/**
 * In-process micro-benchmarks: throughput by the `benchmark` package, latency percentiles by our own samples, and the
 * machine they were taken on. Candidates are interleaved in rounds and the medians of the rounds compared, because a shared
 * machine drifts: the ratio within one run is the figure, the absolute number only shows the order of magnitude.
 * Run it compiled (`npm run bench:*`): closures cost fifty times as much under a TypeScript loader or a test runner.
 */
import { arch, cpus, platform, totalmem } from 'node:os';
import Benchmark from 'benchmark';

/** What is measured: one call of `run` is `operations` operations. */
export interface Candidate {
  readonly name: string;
  readonly run: () => void;
  /** Operations in one call, 1 if absent. Why more than one: a clock call costs 50 ns. */
  readonly operations?: number | undefined;
}

/** Microseconds an operation. */
export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly p999: number;
  readonly samples: number;
}

export interface Figure {
  readonly name: string;
  readonly operationsPerSecond: number;
  readonly latency: Percentiles;
}

/** Fewest samples a percentile may be taken of. */
const SAMPLES_MIN = 1_000;
const SAMPLES = 20_000;
const ROUNDS = 5;
const ROUND_SECONDS = 0.4;

/** One line about the machine, for the head of every report. */
export function machineClass(): string {
  const all = cpus();
  const model = all[0]?.model.trim() ?? 'unknown processor';
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${all.length} x ${model}, ${memory} GiB, ${platform()}-${arch()}, Node ${process.version}`;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] as number;
}

/** Operations per second in one round, by the benchmark package. */
function throughput(candidate: Candidate): number {
  const bench = new Benchmark(candidate.name, candidate.run, { maxTime: ROUND_SECONDS, minSamples: 5 });
  bench.run({ async: false });
  const failure = (bench as unknown as { error?: Error }).error;
  if (failure !== undefined) throw failure;
  return bench.hz * (candidate.operations ?? 1);
}

/** Time of single calls, per operation. Includes one clock call (about 50 ns) a sample. */
export function percentiles(candidate: Candidate, samples: number = SAMPLES): Percentiles {
  if (samples < SAMPLES_MIN) throw new Error(`a percentile needs ${SAMPLES_MIN} samples`);
  const taken = new Float64Array(samples);
  for (let i = 0; i < SAMPLES_MIN; i += 1) candidate.run();
  let before = process.hrtime.bigint();
  for (let i = 0; i < samples; i += 1) {
    candidate.run();
    const after = process.hrtime.bigint();
    taken[i] = Number(after - before) / 1000 / (candidate.operations ?? 1);
    before = after;
  }
  taken.sort();
  const at = (share: number): number => taken[Math.min(samples - 1, Math.floor(samples * share))] as number;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), p999: at(0.999), samples };
}

/** Measures the candidates in interleaved rounds. */
export function compare(candidates: readonly Candidate[]): readonly Figure[] {
  const rates = candidates.map((): number[] => []);
  for (let round = 0; round < ROUNDS; round += 1) {
    candidates.forEach((candidate, i) => {
      (rates[i] as number[]).push(throughput(candidate));
    });
  }
  return candidates.map((candidate, i) => ({
    name: candidate.name,
    operationsPerSecond: median(rates[i] as number[]),
    latency: percentiles(candidate),
  }));
}

function column(text: string, width: number): string {
  return text.padStart(width);
}

/** Prints a table; the last column is the speed in units of the last candidate, the peer. */
export function report(title: string, figures: readonly Figure[]): void {
  const peer = figures[figures.length - 1];
  console.log(`\n${title}`);
  console.log(
    `  ${''.padEnd(34)}${['ops/s', 'µs/op', 'p50', 'p95', 'p99', 'p99.9', 'x peer'].map((head) => column(head, 11)).join('')}`,
  );
  for (const { name, operationsPerSecond, latency } of figures) {
    const ratio = peer === undefined ? 1 : operationsPerSecond / peer.operationsPerSecond;
    const cells = [
      Math.round(operationsPerSecond).toLocaleString('en-US'),
      (1e6 / operationsPerSecond).toFixed(3),
      ...[latency.p50, latency.p95, latency.p99, latency.p999].map((micros) => micros.toFixed(3)),
      ratio.toFixed(2),
    ];
    console.log(`  ${name.padEnd(34)}${cells.map((cell) => column(cell, 11)).join('')}`);
  }
}
