/** A node with a known bug in a copy of its file, as one script that starts as `vouch start` does. The sources on disk are never touched. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { MUTANTS } from '../../../sim/mutants/catalogue.ts';
import type { Mutant } from '../../../sim/mutants/mutant.ts';
import { nearest } from '../did-you-mean.ts';
import { usageFailure } from '../failure.ts';
import { bundleMutant, packageRoot } from '../mutant-bundle.ts';

/** What ChildNode and the runner give to `vouch start`, and no more. */
const ENTRY = `
import { parseArgs } from 'node:util';
import { loadStart } from './node/cli/start-options.ts';
import { runNode } from './node/run-node.ts';
const text = { type: 'string' };
const options = { data: text, listen: text, advertise: text, join: text, leases: text, 'batch-max': text, 'key-file': text };
const { values } = parseArgs({ args: process.argv.slice(3), options });
const { settings, masterKey } = loadStart({ ...values, batchMax: values['batch-max'], keyFile: values['key-file'] });
const end = await runNode(settings, masterKey);
setTimeout(() => process.exit(), 3000).unref();
if (end.kind !== 'stopped') {
  process.stderr.write('vouch: ' + end.message + '\\n');
  process.exitCode = 1;
}
`;

/** CommonJS inside of a module: what it calls by this name is not there by itself. */
const BANNER =
  "import { createRequire as vouchRequire } from 'node:module'; const require = vouchRequire(import.meta.url); const __filename = import.meta.filename ?? ''; const __dirname = import.meta.dirname ?? '';";

/** @throws CliFailure where there is no such bug, or nothing to plant it in. */
export function requireMutant(id: string): Mutant {
  const mutant = MUTANTS.find((known) => known.id === id);
  const ids = MUTANTS.map((known) => known.id);
  if (mutant === undefined) throw usageFailure(`--mutant knows no "${id}".${nearest(id, ids)} Known: ${ids.join(', ')}.`);
  if (!existsSync(join(packageRoot(), 'node', 'run-node.ts')))
    throw usageFailure(
      '--mutant changes the sources of a node, and this package has none: run it in a checkout of the repository.',
    );
  return mutant;
}

/** @param outfile ends with .mjs */
export async function bundlePlantedNode(mutant: Mutant, outfile: string): Promise<void> {
  const dist = join(packageRoot(), 'dist', 'node');
  await bundleMutant(mutant, outfile, ENTRY, {
    format: 'esm',
    banner: { js: BANNER },
    // Where files of the package are looked for: as if the bundle stood where the unchanged node does.
    define: { 'import.meta.url': JSON.stringify(pathToFileURL(join(dist, 'run-node.js')).href) },
    external: ['bufferutil', 'utf-8-validate'],
    plugins: [
      {
        name: 'file-calls',
        setup(bundle) {
          // Its own file, which the fault layer changes before the node comes to it.
          bundle.onResolve({ filter: /\/file-system\.ts$/ }, () => ({
            path: pathToFileURL(join(dist, 'disk', 'file-system.js')).href,
            external: true,
          }));
        },
      },
    ],
  });
}
