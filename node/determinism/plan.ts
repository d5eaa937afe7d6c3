/** What `npm run determinism` is asked for. */
import { parseArgs } from 'node:util';

export const USAGE = `Usage: npm run determinism -- [options]

Runs the same seeds under Node.js 20, 22 and 24 and in headless Chromium, and compares their trace hashes.

  --seeds N            seeds under each Node.js (default: 2000)
  --from S             the first seed (default: 1); a long matrix can be run in slices
  --profile NAME       lite or swarm (default: lite)
  --jobs N             seeds at the same time (default: 1)
  --node PATH[,PATH]   binaries to run instead, the first one is compared with; may be repeated
  --browser-seeds N    of the seeds, how many run in Chromium, too (default: 50; 0: none)
  --help

Ends with 0 where all are equal, 4 where a seed differs, 1 where it could not be run, 2 where the command line is wrong.`;

export interface Plan {
  readonly seeds: number;
  readonly from: number;
  readonly profile: 'lite' | 'swarm';
  readonly jobs: number;
  /** Empty: those of npm. */
  readonly nodes: readonly string[];
  readonly browserSeeds: number;
}

/** @returns undefined where help was asked for, a sentence where the command line is wrong. */
export function planOf(argv: readonly string[]): Plan | undefined | string {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        seeds: { type: 'string', default: '2000' },
        from: { type: 'string', default: '1' },
        profile: { type: 'string', default: 'lite' },
        jobs: { type: 'string', default: '1' },
        node: { type: 'string', multiple: true, default: [] },
        'browser-seeds': { type: 'string', default: '50' },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) return undefined;
    const { profile } = values;
    if (profile !== 'lite' && profile !== 'swarm') return `--profile is lite or swarm, not "${profile}".`;
    const seeds = numberOf('seeds', values.seeds, 1);
    return {
      seeds,
      from: numberOf('from', values.from, 1),
      profile,
      jobs: numberOf('jobs', values.jobs, 1),
      nodes: values.node.flatMap((paths) => paths.split(',')).filter((path) => path !== ''),
      browserSeeds: Math.min(numberOf('browser-seeds', values['browser-seeds'], 0), seeds),
    };
  } catch (error) {
    return (error as Error).message;
  }
}

function numberOf(name: string, text: string, min: number): number {
  if (/^\d{1,7}$/.test(text) && Number(text) >= min) return Number(text);
  throw new Error(`--${name} is a whole number from ${min}, not "${text}".`);
}
