/** `npm run determinism`: see USAGE in plan.ts. Loaded by node/launch/determinism.mjs, which builds first. */
import { fileURLToPath } from 'node:url';
import { BinaryError, installedBinaries, type NodeBinary, namedBinaries } from './binaries.ts';
import { rowsInBrowser } from './browser.ts';
import { chromiumPath, launchChromium } from './chromium.ts';
import { type Plan, planOf, USAGE } from './plan.ts';
import { compare, type Difference, mismatches, type Place, tableOf } from './rows.ts';
import { rowsUnder, type SwarmOptions, swarmArguments } from './swarm-rows.ts';

/** The folder of package.json; from dist/node/determinism. */
const ROOT: string = fileURLToPath(new URL('../../../', import.meta.url));
const MAIN: string = fileURLToPath(new URL('../cli/main.js', import.meta.url));
const ENTRY = 'dist/sim/public.js';
const DIFFERENCES_SHOWN = 20;

async function run(plan: Plan): Promise<number> {
  const binaries = plan.nodes.length > 0 ? namedBinaries(plan.nodes) : installedBinaries(ROOT, console.error);
  const swarm: SwarmOptions = { main: MAIN, profile: plan.profile, from: plan.from, seeds: plan.seeds, jobs: plan.jobs };
  const seeds = Array.from({ length: plan.seeds }, (_, i) => String(plan.from + i));
  console.error(`Seeds ${plan.from} to ${plan.from + plan.seeds - 1}: vouch ${swarmArguments(swarm).join(' ')}`);
  const places: Place[] = [];
  for (const binary of binaries) {
    const started = performance.now();
    const rows = await rowsUnder(binary, swarm);
    console.error(`Node ${binary.version}: ${rows.size} seeds in ${Math.round((performance.now() - started) / 1000)} s`);
    places.push({ name: `Node ${binary.version}`, rows });
  }
  const [reference, ...others] = places as [Place, ...Place[]];
  const wanted = others.map((place) => ({ place, wanted: seeds }));
  const chosen = seeds.slice(0, plan.browserSeeds);
  const inBrowser = await browserPlace(plan, chosen);
  if (inBrowser !== undefined) wanted.push({ place: inBrowser, wanted: chosen });
  const comparison = compare(reference, wanted);
  for (const line of tableOf(comparison)) console.log(line);
  if (reference.rows.size !== seeds.length) {
    console.error(`${reference.name} ran ${reference.rows.size} of ${seeds.length} seeds.`);
    return 1;
  }
  const found = mismatches(comparison);
  for (const difference of found.slice(0, DIFFERENCES_SHOWN)) console.log(sentenceOf(difference, plan, binaries));
  if (found.length > DIFFERENCES_SHOWN) console.log(`… and ${found.length - DIFFERENCES_SHOWN} more`);
  console.log(`${found.length} mismatches`);
  return found.length === 0 ? 0 : 4;
}

async function browserPlace(plan: Plan, seeds: readonly string[]): Promise<Place | undefined> {
  if (seeds.length === 0) return undefined;
  if (chromiumPath === undefined) {
    console.error('No Chromium is here (VOUCH_CHROMIUM names one): no seed runs in a browser.');
    return undefined;
  }
  const browser = await launchChromium(chromiumPath);
  try {
    const started = performance.now();
    const rows = await rowsInBrowser({ browser, root: ROOT, entry: ENTRY, profile: plan.profile, seeds });
    const name = `Chromium ${browser.version()}`;
    console.error(`${name}: ${rows.size} seeds in ${Math.round((performance.now() - started) / 1000)} s`);
    return { name, rows };
  } finally {
    await browser.close();
  }
}

/** With the commands that show the first event that differs. */
function sentenceOf({ seed, place, hash, expected }: Difference, plan: Plan, binaries: readonly NodeBinary[]): string {
  const what = `seed ${seed}: ${hash ?? 'no row'} under ${place}, ${expected ?? 'no row'} under the first`;
  const [first] = binaries;
  const other = binaries.find(({ version }) => place === `Node ${version}`);
  if (first === undefined || other === undefined) return what;
  const log = ({ path }: NodeBinary, file: string): string =>
    `${path} dist/node/cli/main.js sim bisect ${seed} --profile ${plan.profile} --log ${file}`;
  return `${what}\n  ${log(first, 'a.log')}\n  ${log(other, 'b.log')}\n  cmp a.log b.log`;
}

const plan = planOf(process.argv.slice(2));
if (plan === undefined) console.log(USAGE);
else if (typeof plan === 'string') {
  console.error(`${plan}\n\n${USAGE}`);
  process.exitCode = 2;
} else {
  try {
    process.exitCode = await run(plan);
  } catch (error) {
    console.error(error instanceof BinaryError ? error.message : (error as Error).stack);
    process.exitCode = 1;
  }
}
