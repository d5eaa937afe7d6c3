/**
 * The second half of `npm run build`: what `vouch start` loads, dist/node/run-node.js, as one file with everything it imports. Why: a
 * node that loads its 400 modules and those of its libraries one by one starts in 0.8 s of the processor, and in 0.2 s as one file.
 * Decision: docs/decisions/0078-a-node-in-one-file.md.
 */
import { join } from 'path';
import { root } from './install.mjs';

const { build } = await import('esbuild');
const folder = join(root, 'dist', 'node');
const entry = join(folder, 'run-node.js');

/** Left where it is: tests put a layer in the place of the operating system's file calls (node/torture/power-cut-layer.ts). */
const sharedFiles = {
  name: 'shared-files',
  setup(bundle) {
    bundle.onResolve({ filter: /\/disk\/file-system\.js$|\.\/file-system\.js$/ }, () => ({
      path: './disk/file-system.js',
      external: true,
    }));
  },
};

await build({
  entryPoints: [entry],
  outfile: entry,
  allowOverwrite: true,
  bundle: true,
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
  plugins: [sharedFiles],
  logLevel: 'warning',
});
