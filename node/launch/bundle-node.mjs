/**
 * The second half of `npm run build`: what starts often is written once more as few files with everything that they import, in the place
 * of what the compiler wrote: dist/node/run-node.js, which `vouch start` loads, and dist/node/cli/main.js, every other command. Why: 400
 * modules and those of the libraries, loaded one by one, take 0.8 s of the processor; as one file 0.2 s.
 * Decision: docs/decisions/0078-a-node-in-one-file.md.
 */
import { readdirSync, rmSync } from 'fs';
import { join } from 'path';
import { root } from './install.mjs';

const { build } = await import('esbuild');
const dist = join(root, 'dist');
const node = join(dist, 'node');
const cli = join(node, 'cli');

/** Files that stay files of their own, and how the bundle imports them. */
function kept(files) {
  return {
    name: 'kept',
    setup(bundle) {
      bundle.onResolve({ filter: /^\.{1,2}\// }, ({ resolveDir, path }) => {
        const imported = files.get(join(resolveDir, path));
        return imported === undefined ? undefined : { path: imported, external: true };
      });
    },
  };
}

const common = {
  bundle: true,
  allowOverwrite: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  sourcemap: true,
  // Native helpers of ws that are there only where somebody has installed them.
  external: ['bufferutil', 'utf-8-validate'],
  // CommonJS inside of a module: what it calls by these names is not there by itself.
  banner: {
    js: "import { createRequire as vouchRequire } from 'node:module'; const require = vouchRequire(import.meta.url); const __filename = import.meta.filename ?? ''; const __dirname = import.meta.dirname ?? '';",
  },
  logLevel: 'warning',
};

await build({
  ...common,
  entryPoints: [join(node, 'run-node.js')],
  outfile: join(node, 'run-node.js'),
  // Tests put a layer in the place of the operating system's file calls (node/torture/power-cut-layer.ts).
  plugins: [kept(new Map([[join(node, 'disk', 'file-system.js'), './disk/file-system.js']]))],
});

// Parts that several of these share have names with a hash; those of the build before are of no use.
for (const name of readdirSync(cli)) if (/-[0-9A-Z]{8}\.js(?:\.map)?$/.test(name)) rmSync(join(cli, name));
await build({
  ...common,
  // `vouch/sim` is one of them: scenarios of users import it, and it has to be the very one that runs them. Workers are loaded by name.
  entryPoints: [join(cli, 'main.js'), join(cli, 'sim-worker.js'), join(cli, 'sim-run-worker.js'), join(dist, 'sim', 'public.js')],
  outbase: dist,
  outdir: dist,
  chunkNames: 'node/cli/[name]-[hash]', // beside the commands, whose code finds its neighbours from where it is
  splitting: true, // what a command loads only when it is asked for stays apart
  // The first is CommonJS that is imported when it is needed: within a bundle its exports would have no names. The second would be a
  // megabyte beside it, and is needed where somebody's own code is bundled.
  external: [...common.external, '@openfga/syntax-transformer', 'esbuild'],
  plugins: [kept(new Map([[join(node, 'run-node.js'), '../run-node.js']]))],
});
