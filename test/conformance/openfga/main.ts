/**
 * `npm run conformance:openfga -- --url URL DIR`: drives a running cluster through the published SDK of OpenFGA over every suite of the
 * folder. The last line is `N passed, N failed, N skipped`; status 1 where one failed. With --self-test one assertion in 50 is expected
 * otherwise than it should be, and exactly those must fail.
 */
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type ProvenCase, verifyElsewhere } from './proven.ts';
import { runSuites, type Tally, tallyOf } from './run.ts';
import { suitesBelow } from './suites.ts';

const USAGE =
  'Usage: npm run conformance:openfga -- --url URL DIR [--only TEXT] [--self-test] [--proofs]   (DIR: a folder of *.yaml suites)';

interface Arguments {
  readonly url: string;
  readonly folder: string;
  readonly only: string;
  readonly selfTest: boolean;
  readonly proofs: boolean;
}

function argumentsOf(argv: readonly string[]): Arguments | undefined {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        url: { type: 'string' },
        only: { type: 'string' },
        'self-test': { type: 'boolean' },
        proofs: { type: 'boolean' },
      },
    });
    const [folder] = positionals;
    if (values.url === undefined || folder === undefined || positionals.length > 1) return undefined;
    return {
      url: values.url.replace(/\/$/, ''),
      folder,
      only: values.only ?? '',
      selfTest: values['self-test'] === true,
      proofs: values.proofs === true,
    };
  } catch {
    return undefined;
  }
}

function print({ failures, reasons }: Tally): void {
  for (const failure of failures) console.log(`  failed    ${failure}`);
  for (const [reason, count] of reasons) console.log(`  skipped   ${count} for this reason: ${reason}`);
}

async function main(argv: readonly string[]): Promise<number> {
  const given = argumentsOf(argv);
  if (given === undefined) {
    console.error(USAGE);
    return 2;
  }
  const { url, folder, only, selfTest, proofs } = given;
  if (!existsSync(folder)) {
    console.log(`${folder}: the folder is not there; nothing was run`);
    console.log('0 passed, 0 failed, 1 skipped');
    return 0;
  }
  const suites = suitesBelow(folder).filter(({ name }) => name.includes(only));
  console.log(`${suites.length} suites against ${url}`);
  const outcomes = await runSuites(suites, { url, flip: selfTest, proofs });
  const tally = tallyOf(outcomes);
  print(tally);
  const isProven = !proofs || (await verify(outcomes.flatMap(({ proven }) => proven)));
  if (selfTest) {
    const { flips, wrongFlips } = tally;
    for (const name of wrongFlips) console.log(`  not as flipped: ${name}`);
    console.log(
      `self-test: ${flips} assertions flipped, ${tally.failed} failed, ${wrongFlips.length === 0 ? 'exactly those' : 'not those'}`,
    );
  }
  console.log(`${tally.passed} passed, ${tally.failed} failed, ${tally.skipped} skipped`);
  if (selfTest) return tally.wrongFlips.length === 0 && tally.flips > 0 ? 0 : 1;
  return isProven && tally.failed === 0 && tally.passed > 0 ? 0 : 1;
}

/** Everything that came with a proof, by a verifier in another process. @returns whether all of it holds */
async function verify(cases: readonly ProvenCase[]): Promise<boolean> {
  const { verified, refused, otherWays, failures, bytesP50 } = await verifyElsewhere(cases);
  for (const failure of failures.slice(0, 20)) console.log(`  unproven  ${failure}`);
  console.log(
    `proofs: ${verified} of ${cases.length} verified, ${refused} forgeries refused, ${otherWays} other ways to an allow, ${failures.length} failures, ${bytesP50} bytes p50`,
  );
  return failures.length === 0 && verified === cases.length && cases.length > 0;
}

process.exitCode = await main(process.argv.slice(2));
