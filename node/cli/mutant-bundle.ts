/** Bundles core and sim with one known bug in a copy of its file. The sources on disk are never touched. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { type Mutant, mutate } from '../../sim/mutants/mutant.ts';
import { CliFailure } from './failure.ts';

/**
 * Runs in the child: an order comes as the argument, the result leaves as one line. Its stopwatch is the processor's time, so that a
 * busy machine shrinks no worse.
 */
const ENTRY = `
import { hunt } from './sim/mutants/hunt.ts';
const stopwatch = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1000; };
process.stdout.write(JSON.stringify(hunt(JSON.parse(process.argv[2]), stopwatch)) + '\\n');
`;

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
  entry: string = ENTRY,
  shape: Pick<BuildOptions, 'format' | 'banner' | 'define' | 'external' | 'plugins'> = {},
): Promise<void> {
  const root = packageRoot();
  const target = join(root, mutant.file);
  const source = await readFile(target, 'utf8').catch(() => {
    throw new CliFailure(`${mutant.id}: there is no ${mutant.file} to change.`);
  });
  const mutated = mutate(mutant, source);
  if (!mutated.ok) throw new CliFailure(`${mutated.reason}.`);
  let isLoaded = false;
  const plugin: Plugin = {
    name: 'mutant',
    setup(bundle) {
      bundle.onLoad({ filter: /\.ts$/ }, ({ path }) => {
        if (path !== target) return undefined;
        isLoaded = true;
        return { contents: mutated.source, loader: 'ts' };
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
  if (!isLoaded) throw new CliFailure(`${mutant.id}: ${mutant.file} is not part of what is run.`);
}
