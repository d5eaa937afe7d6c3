/** What the campaign is asked to do, and what it means by its exit status. */
import { resolve } from 'node:path';

export const USAGE: string = `Usage: npm run torture -- [--minutes N] [--seed S] [--journal FILE] [--dir DIR] [--port P] [--record DIR]
                             [--floor-… N] [--stop-at-floors]

Three real nodes under writes of the SDK. Processes are killed with SIGKILL, one, two or all at a time; half of them lose what no sync covers, as
at a power cut; files of one stopped node at a time are damaged. In the end every acknowledged write is looked for on every node.

  --minutes N                how long, the last look not included (default 10)
  --seed S                   of every decision (default: drawn, and printed)
  --journal FILE             what happens, as JSON lines (default: torture.jsonl in the directory)
  --dir DIR                  where the nodes' data goes (default: a temporary directory, removed after a pass)
  --port P                   the first of three ports (default: free ones)
  --record DIR               every node records what it is given to tapes there, and in the end each tape is replayed
  --floor-kills N            processes killed at least (default 300)
  --floor-cluster-kills N    times that all were killed at once (default 40)
  --floor-writes N           acknowledged writes (default 50000)
  --floor-damages N          damaged files (default 50)
  --stop-at-floors           ends as soon as all floors are reached

Exit status: 0 nothing was lost · 1 an acknowledged write is lost, nodes differ, damage was neither repaired nor refused, or a tape
does not replay to what it was · 2 the command line is wrong · 3 the cluster did not come back in time · 5 a floor was not reached, so that the run shows less than it should.
The last line has the figures.`;

export const Exit = { pass: 0, lost: 1, usage: 2, stuck: 3, short: 5 } as const;

export interface Plan {
  readonly minutes: number;
  readonly seed: number;
  readonly journal: string | undefined;
  readonly directory: string | undefined;
  readonly port: number | undefined;
  /** Where the nodes' tapes go; undefined: none are written. */
  readonly record: string | undefined;
  readonly stopsAtFloors: boolean;
  readonly floors: Floors;
}

export interface Floors {
  readonly kills: number;
  readonly clusterKills: number;
  readonly writes: number;
  readonly damages: number;
}

const NUMBERS: Readonly<Record<string, number | undefined>> = {
  minutes: 10,
  seed: undefined,
  port: undefined,
  'floor-kills': 300,
  'floor-cluster-kills': 40,
  'floor-writes': 50_000,
  'floor-damages': 50,
};
const TEXTS: readonly string[] = ['journal', 'dir', 'record'];

/** @param drawn the seed where none is given. @returns the plan, or a sentence about what is wrong; undefined = help is asked for. */
export function planOf(args: readonly string[], drawn: number): Plan | string | undefined {
  const numbers: Record<string, number | undefined> = { ...NUMBERS };
  const texts: Record<string, string> = {};
  let stopsAtFloors = false;
  for (let i = 0; i < args.length; i += 2) {
    const argument = args[i] as string;
    if (argument === '--help' || argument === '-h') return undefined;
    if (argument === '--stop-at-floors') {
      stopsAtFloors = true;
      i -= 1; // it has no value
      continue;
    }
    const name = argument.slice(2);
    const value = args[i + 1];
    if (!argument.startsWith('--') || !(name in numbers || TEXTS.includes(name))) return `There is no option ${argument}.`;
    if (value === undefined) return `${argument} needs a value.`;
    if (TEXTS.includes(name)) texts[name] = value;
    else {
      const number = Number(value);
      const isGood = name === 'minutes' ? number > 0 : Number.isSafeInteger(number) && number >= 0;
      if (!isGood || value.trim() === '') return `${argument} is a number, not "${value}".`;
      numbers[name] = number;
    }
  }
  return {
    minutes: numbers.minutes as number,
    seed: numbers.seed ?? drawn,
    journal: texts.journal,
    directory: texts.dir,
    port: numbers.port,
    record: texts.record === undefined ? undefined : resolve(texts.record),
    stopsAtFloors,
    floors: {
      kills: numbers['floor-kills'] as number,
      clusterKills: numbers['floor-cluster-kills'] as number,
      writes: numbers['floor-writes'] as number,
      damages: numbers['floor-damages'] as number,
    },
  };
}
