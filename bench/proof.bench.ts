/**
 * Roots and proofs beside other authenticated trees in one run. Usage: npm run bench:proof -- [--quick] [--only SECTION]; --help says
 * more. What a bar is, and at which size: bench/proof/*.ts.
 */
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { machineClass } from './harness.ts';
import { bytesSection } from './proof/bytes.ts';
import { proofsSection } from './proof/proofs.ts';
import { rootsSection, scaleSection } from './proof/roots.ts';
import { FULL, QUICK, type Section } from './proof/section.ts';
import { runInProcess, sendBar } from './sections.ts';
import { type Bar, printBars } from './storage/bars.ts';
import { ensurePeers, peerVersions, TREES } from './storage/peers.ts';

/** In the order in which they run. */
const SECTIONS: Readonly<Record<string, (section: Section) => void | Promise<void>>> = {
  bytes: bytesSection,
  'roots-10k': (section) => rootsSection(section, 10_000),
  'roots-100k': (section) => rootsSection(section, 100_000),
  'roots-large': scaleSection,
  'proofs-10k': (section) => proofsSection(section, 10_000),
  'proofs-100k': (section) => proofsSection(section, 100_000),
};

const HELP = `npm run bench:proof -- [--quick] [--only SECTION]

Measures roots and proofs, reverse leaves on, with the native and the portable hasher, beside @ethereumjs/mpt with SHA-256 and
@chainsafe/persistent-merkle-tree (bench/peers; installed into .vouch/bench-peers when missing).
  full     10,000, 100,000 and 1,000,000 tuples; a quarter of an hour and 3 GB of memory, most of both for the peers
  --quick  short rounds, and 100,000 in the place of 1,000,000, whose bars are shown and not judged
  --only   one of: ${Object.keys(SECTIONS).join(', ')}

k counts leaves or tuples (two leaves each), as each row says; every root is computed over dirty paths; "flat" rows include the state
root. Candidates take turns in short rounds of processor time; a ratio is the median of the rounds' ratios.
Ends with 0 when every judged bar is met, 1 when one is missed, 2 when something could not be measured.`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      section: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  if (values.section !== undefined) {
    await SECTIONS[values.section]?.({ sizes: values.quick ? QUICK : FULL, bar: sendBar });
    return 0;
  }
  if (values.only !== undefined && SECTIONS[values.only] === undefined) {
    console.error(`There is no section "${values.only}"; there are ${Object.keys(SECTIONS).join(', ')}.`);
    return 2;
  }
  const problem = ensurePeers();
  if (problem !== undefined) {
    console.error(problem);
    return 2;
  }
  console.log(`${machineClass()}; load ${loadavg()[0]?.toFixed(1)}`);
  console.log(`peers: ${peerVersions(TREES)}${values.quick ? '; quick' : ''}`);
  const bars: Bar[] = [];
  for (const name of values.only === undefined ? Object.keys(SECTIONS) : [values.only]) {
    const args = ['--section', name, ...(values.quick ? ['--quick'] : [])];
    bars.push(...(await runInProcess(name, args, ['--max-old-space-size=8192'])));
  }
  const missed = printBars(bars);
  console.log(`load at the end ${loadavg()[0]?.toFixed(1)}`);
  return missed === 0 ? 0 : 1;
}

process.exitCode = await main().catch((error: Error) => {
  console.error(error.stack);
  return 2;
});
