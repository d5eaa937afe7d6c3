/**
 * Storage beside its peers in one run: point reads, scans, memory, durable commits, bytes on disk, opening.
 * Usage: npm run bench:storage -- [--quick] [--only SECTION] [--directory DIR]; --help says more. Bars: bench/storage/*.ts.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { machineClass } from './harness.ts';
import { runInProcess, sendBar } from './sections.ts';
import { type Bar, printBars } from './storage/bars.ts';
import { commitsSection } from './storage/commits.ts';
import { diskBytesSection, openOnce } from './storage/disk-bytes.ts';
import { memorySection } from './storage/memory.ts';
import { ensurePeers, peerVersions } from './storage/peers.ts';
import { pointReadsSection } from './storage/point-reads.ts';
import { FULL, QUICK, type Section } from './storage/section.ts';

/** In the order in which they run. */
const SECTIONS: Readonly<Record<string, (section: Section) => void | Promise<void>>> = {
  reads: (section) => pointReadsSection(section, section.sizes.readsSmall),
  'reads-large': (section) => pointReadsSection(section, section.sizes.large),
  memory: memorySection,
  commits: commitsSection,
  disk: diskBytesSection,
};

const HELP = `npm run bench:storage -- [--quick] [--only SECTION] [--directory DIR]

Measures storage beside lmdb, better-sqlite3, classic-level and sorted-btree (bench/peers; installed\ninto .vouch/bench-peers when missing).
  full     50,000 and 1,000,000 tuples, 4 GB of disk; all bars are judged. Minutes for each section but the last,
           which loads a million tuples and opens them again four times: as long as a node takes for that
  --quick  50,000 and 100,000 tuples (20,000 on disk), two minutes; bars of other sizes are shown and not judged
  --only   one of: ${Object.keys(SECTIONS).join(', ')}
  --directory  where files are made and removed again; default: the system's temporary directory

Every section runs in a process of its own. Candidates take turns in short rounds; a ratio is the median of the rounds' ratios.
Ends with 0 when every judged bar is met, 1 when one is missed, 2 when something could not be measured.`;

interface Options {
  readonly quick: boolean;
  readonly directory: string;
}

/** Runs one section in a process of its own. @returns its bars. */
function runSection(name: string, { quick, directory }: Options): Promise<readonly Bar[]> {
  const own = mkdtempSync(join(directory, 'vouch-storage-'));
  const args = ['--section', name, own, ...(quick ? ['--quick'] : [])];
  return runInProcess(name, args, ['--expose-gc']).finally(() => rmSync(own, { recursive: true, force: true }));
}

async function measureAll(options: Options, only: string | undefined): Promise<number> {
  const problem = ensurePeers();
  if (problem !== undefined) {
    console.error(problem);
    return 2;
  }
  console.log(machineClass());
  console.log(`peers: ${peerVersions()}${options.quick ? '; quick' : ''}`);
  const bars: Bar[] = [];
  for (const name of only === undefined ? Object.keys(SECTIONS) : [only]) {
    try {
      bars.push(...(await runSection(name, options)));
    } catch (error) {
      console.error((error as Error).message);
      return 2;
    }
  }
  return printBars(bars) === 0 ? 0 : 1;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      directory: { type: 'string', default: tmpdir() },
      section: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const [place = ''] = positionals;
  if (values.section === 'open') {
    await openOnce(place);
    return 0;
  }
  const sizes = values.quick ? QUICK : FULL;
  if (values.section !== undefined) {
    await SECTIONS[values.section]?.({ sizes, directory: place, bar: sendBar });
    return 0;
  }
  if (values.only !== undefined && SECTIONS[values.only] === undefined) {
    console.error(`There is no section "${values.only}"; there are ${Object.keys(SECTIONS).join(', ')}.`);
    return 2;
  }
  return measureAll({ quick: values.quick, directory: values.directory }, values.only);
}

const status: number = await main().catch((error: Error) => {
  console.error(error.stack);
  return 2;
});
process.exit(status); // a section that failed has left a node running
