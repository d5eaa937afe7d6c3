/**
 * Authorization: checks in process, over HTTP on three real nodes, and what certificates weigh and take to verify. Usage:
 * npm run bench:authz -- [--quick] [--only SECTION]; --help says more.
 */
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { certificatesSection } from './authz/certificates.ts';
import { inProcessSection } from './authz/in-process.ts';
import { overHttpSection } from './authz/over-http.ts';
import { FULL, QUICK, type Section } from './authz/section.ts';
import { machineClass } from './harness.ts';
import { runInProcess, sendBar } from './sections.ts';
import { type Bar, printBars } from './storage/bars.ts';

/** In the order in which they run. */
const SECTIONS: Readonly<Record<string, (section: Section) => void | Promise<void>>> = {
  'in-process': inProcessSection,
  http: overHttpSection,
  certificates: certificatesSection,
};

const HELP = `npm run bench:authz -- [--quick] [--only SECTION]

Checks by an authorization model with folders and nested groups: answered by one tuple, over four hops, and denied; and certificates of
OpenFGA's own suites, whose folder VOUCH_OPENFGA_CORPUS names.
  full     1,000,000 tuples in process, a cluster with 20,000; some minutes
  --quick  50,000 and 5,000, whose bars are shown and not judged
  --only   one of: ${Object.keys(SECTIONS).join(', ')}

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
    const bar = (one: Bar): void => sendBar({ ...one, isJudged: one.isJudged && !values.quick });
    await SECTIONS[values.section]?.({ sizes: values.quick ? QUICK : FULL, bar });
    return 0;
  }
  if (values.only !== undefined && SECTIONS[values.only] === undefined) {
    console.error(`There is no section "${values.only}"; there are ${Object.keys(SECTIONS).join(', ')}.`);
    return 2;
  }
  console.log(`${machineClass()}; load ${loadavg()[0]?.toFixed(1)}${values.quick ? '; quick' : ''}`);
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
