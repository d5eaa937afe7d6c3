/**
 * Interleaved measuring: many short rounds, each candidate once a round, in turn. A ratio is the median of the ratios within
 * the rounds: what else the machine does then falls on both sides. Work in memory is measured in processor time, not in
 * time on the clock: on a shared machine a slice may be interrupted for longer than it is.
 */

/** What is measured: one call is one operation. */
export interface Candidate {
  readonly name: string;
  readonly run: () => void;
}

export interface Figure {
  readonly name: string;
  /** Microseconds of processor time an operation, one figure a round. */
  readonly micros: readonly number[];
  /** Of single operations, microseconds on the clock, a call of it (some 40 ns) included. */
  readonly p50: number;
  readonly p99: number;
}

export interface RoundsOptions {
  readonly rounds: number;
  readonly sliceMs: number;
}

/** Operations between two looks at the clock. */
const STRIDE = 256;
const SAMPLES_A_ROUND = 2_000;

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] as number;
}

/** How many times as fast as the peer. */
export function ratio(own: { readonly micros: readonly number[] }, peer: { readonly micros: readonly number[] }): number {
  return median(own.micros.map((micros, round) => (peer.micros[round] as number) / micros));
}

function slice(run: () => void, milliseconds: number): number {
  const start = process.cpuUsage();
  let operations = 0;
  let elapsed = 0;
  while (elapsed < 1000 * milliseconds) {
    for (let i = 0; i < STRIDE; i += 1) run();
    operations += STRIDE;
    const { user, system } = process.cpuUsage(start);
    elapsed = user + system;
  }
  return elapsed / operations;
}

function sample(run: () => void, into: number[]): void {
  let before = performance.now();
  for (let i = 0; i < SAMPLES_A_ROUND; i += 1) {
    run();
    const after = performance.now();
    into.push(1000 * (after - before));
    before = after;
  }
}

export function measure(candidates: readonly Candidate[], options: RoundsOptions): readonly Figure[] {
  const micros = candidates.map((): number[] => []);
  const samples = candidates.map((): number[] => []);
  for (const { run } of candidates) slice(run, options.sliceMs); // warm
  for (let round = 0; round < options.rounds; round += 1) {
    candidates.forEach(({ run }, i) => {
      (micros[i] as number[]).push(slice(run, options.sliceMs));
      sample(run, samples[i] as number[]);
    });
  }
  return candidates.map(({ name }, i) => {
    const taken = (samples[i] as number[]).sort((a, b) => a - b);
    const at = (share: number): number => taken[Math.floor(taken.length * share)] as number;
    return { name, micros: micros[i] as number[], p50: at(0.5), p99: at(0.99) };
  });
}

/** Prints a table; the last columns are the speed in units of the peers named. */
export function print(title: string, figures: readonly Figure[], peers: readonly string[]): void {
  const heads = ['cpu µs/op', 'p50', 'p99', ...peers.map((peer) => `x ${peer}`)];
  console.log(`\n${title}\n  ${''.padEnd(28)}${heads.map((head) => head.padStart(16)).join('')}`);
  for (const figure of figures) {
    const ratios = peers.map((peer) => ratio(figure, figureOf(figures, peer)).toFixed(2));
    const cells = [median(figure.micros), figure.p50, figure.p99].map((value) => value.toFixed(3));
    console.log(`  ${figure.name.padEnd(28)}${[...cells, ...ratios].map((cell) => cell.padStart(16)).join('')}`);
  }
}

export function figureOf(figures: readonly Figure[], name: string): Figure {
  const found = figures.find((figure) => figure.name === name);
  if (found === undefined) throw new Error(`no candidate is called ${name}`);
  return found;
}
