/** The rows of a swarm under one Node.js binary, in a process of its own. */
import { spawn } from 'node:child_process';
import type { NodeBinary } from './binaries.ts';
import type { Rows } from './rows.ts';

export interface SwarmOptions {
  /** The compiled command line. */
  readonly main: string;
  readonly profile: string;
  readonly from: number;
  readonly seeds: number;
  readonly jobs: number;
}

/** Arguments of the command line, as anybody would type them. */
export function swarmArguments({ profile, from, seeds, jobs }: SwarmOptions): readonly string[] {
  const numbers = ['--from', String(from), '--seeds', String(seeds), '--jobs', String(jobs)];
  return ['sim', 'swarm', '--profile', profile, '--rows', '--json', ...numbers];
}

/** @throws where the process ends without its rows. A seed that fails has its row, too. */
export async function rowsUnder(binary: NodeBinary, options: SwarmOptions): Promise<Rows> {
  const child = spawn(binary.path, [options.main, ...swarmArguments(options)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject).on('close', resolve);
  });
  const last = output.trim().split('\n').pop() ?? '';
  try {
    const { rows } = JSON.parse(last) as { rows: readonly { readonly seed: string | number; readonly traceHash: string }[] };
    return new Map(rows.map(({ seed, traceHash }) => [String(seed), traceHash]));
  } catch {
    throw new Error(`The swarm under ${binary.version} ended with ${status} and without its rows: ${last.slice(0, 200)}`);
  }
}
