/** Bundles core and sim with one known bug in a copy of its file. The sources on disk are never touched. */
import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { type Mutant, mutate, replacementsOf } from '../../sim/mutants/mutant.ts';
import { CliFailure } from './failure.ts';

/** Runs in the child: an order comes as the argument, the result leaves as one line. */
function entryOf({ scenario }: Mutant): string {
  const isGeneric = scenario === undefined;
  return `
import { hunt } from './sim/mutants/hunt.ts';
import { nativePrimitives as primitives } from './node/cli/native-primitives.ts';
${isGeneric ? '' : "import { SCENARIOS } from './scenarios/registry.ts';"}
const stopwatch = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1000; };
const scenario = ${isGeneric ? 'undefined' : `SCENARIOS.find(({ name }) => name === ${JSON.stringify(scenario)})`};
process.stdout.write(JSON.stringify(hunt({ ...JSON.parse(process.argv[2]), scenario }, { stopwatch, primitives })) + '\\n');
`;
}

/** The package's root: this file runs from dist/node/cli or, in tests, from node/cli. */
export function packageRoot(): string {
  const here = fileURLToPath(new URL('.', import.meta.url));
  return /[\\/]dist[\\/]node[\\/]cli[\\/]?$/.test(here) ? join(here, '..', '..', '..') : join(here, '..', '..');
}

/**
 * @param entry what the bundle does when it is run; imports are relative to the package's root.
 * @param shape what of the bundle is another than that of a script without imports; its plugins come behind the mutant's own.
 */
export async function bundleMutant(
  mutant: Mutant,
  outfile: string,
  entry: string = entryOf(mutant),
  shape: Pick<BuildOptions, 'format' | 'banner' | 'define' | 'external' | 'plugins'> = {},
): Promise<void> {
  const root = packageRoot();
  const changed = await changedFiles(mutant, root);
  const loaded = new Set<string>();
  const plugin: Plugin = {
    name: 'mutant',
    setup(bundle) {
      bundle.onLoad({ filter: /\.ts$/ }, ({ path }) => {
        const contents = changed.get(path);
        if (contents === undefined) return undefined;
        loaded.add(path);
        return { contents, loader: 'ts' };
      });
    },
  };
  await build({
    stdin: { contents: entry, resolveDir: root, loader: 'ts' },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    ...shape,
    outfile,
    logLevel: 'silent',
    plugins: [plugin, ...(shape.plugins ?? [])],
  });
  for (const path of changed.keys()) {
    if (!loaded.has(path)) throw new CliFailure(`${mutant.id}: ${relative(root, path)} is not part of what is run.`);
  }
}

/** What the bundle holds in the place of files, by path. */
async function changedFiles(mutant: Mutant, root: string): Promise<ReadonlyMap<string, string>> {
  const changed = new Map<string, string>();
  for (const replacement of replacementsOf(mutant)) {
    const path = join(root, replacement.file);
    const source = await readFile(path, 'utf8').catch(() => {
      throw new CliFailure(`${mutant.id}: there is no ${replacement.file} to change.`);
    });
    const mutated = mutate(mutant.id, replacement, source);
    if (!mutated.ok) throw new CliFailure(`${mutated.reason}.`);
    changed.set(path, mutated.source);
  }
  return changed;
}
