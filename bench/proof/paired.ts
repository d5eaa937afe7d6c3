/**
 * Interleaved measuring as in bench/storage/rounds.ts, for operations of any length and for peers that answer with a promise: each
 * candidate takes a slice a round, in turn, in processor time; a ratio is the median of the rounds' ratios.
 */
import { median } from '../storage/rounds.ts';

export interface Candidate {
  readonly name: string;
  /** One operation; a promise is waited for. */
  readonly run: () => unknown;
}

export interface Timing {
  readonly name: string;
  /** Microseconds of processor time an operation, one figure a round. */
  readonly micros: readonly number[];
}

export interface PairedOptions {
  readonly rounds: number;
  readonly sliceMs: number;
}

/** Looks at the processor's clock, which costs a microsecond, after as many operations as take some fiftieth of a slice. */
async function slice({ run }: Candidate, sliceMs: number): Promise<number> {
  const start = process.cpuUsage();
  let operations = 0;
  let elapsed = 0;
  let stride = 1;
  while (elapsed < 1000 * sliceMs) {
    for (let i = 0; i < stride; i += 1) {
      const pending = run();
      if (pending instanceof Promise) await pending;
    }
    operations += stride;
    const { user, system } = process.cpuUsage(start);
    elapsed = user + system;
    if (elapsed < 20 * sliceMs) stride *= 2;
  }
  return elapsed / operations;
}

export async function measurePaired(
  candidates: readonly Candidate[],
  { rounds, sliceMs }: PairedOptions,
): Promise<readonly Timing[]> {
  const micros = candidates.map((): number[] => []);
  for (const candidate of candidates) await slice(candidate, sliceMs); // warm
  for (let round = 0; round < rounds; round += 1) {
    for (const [i, candidate] of candidates.entries()) (micros[i] as number[]).push(await slice(candidate, sliceMs));
  }
  return candidates.map(({ name }, i) => ({ name, micros: micros[i] as number[] }));
}

export function timingOf(timings: readonly Timing[], name: string): Timing {
  const found = timings.find((timing) => timing.name === name);
  if (found === undefined) throw new Error(`no candidate is called ${name}`);
  return found;
}

/** Prints a table: microseconds of the processor, and how many times as fast as each peer; `notes` behind it. */
export function printTimings(
  title: string,
  timings: readonly Timing[],
  peers: readonly string[],
  notes: ReadonlyMap<string, string> = new Map(),
): void {
  const width = Math.max(34, ...timings.map(({ name }) => name.length + 2));
  console.log(
    `\n${title}\n  ${''.padEnd(width)}${['cpu µs/op', ...peers.map((peer) => `x ${peer}`)].map((head) => head.padStart(22)).join('')}`,
  );
  for (const { name, micros } of timings) {
    const ratios = peers.map((peer) => {
      const other = timings.find((timing) => timing.name === peer);
      return other === undefined ? '' : median(micros.map((own, round) => (other.micros[round] as number) / own)).toFixed(2);
    });
    const cells = [median(micros).toFixed(2), ...ratios].map((cell) => cell.padStart(22));
    console.log(`  ${name.padEnd(width)}${cells.join('')}   ${notes.get(name) ?? ''}`);
  }
}
