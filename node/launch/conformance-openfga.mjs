/** `npm run conformance:openfga -- --url URL DIR`: bundles the runner of OpenFGA's suites and runs it against a cluster; no build is needed. */
import { mkdtempSync, rmSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { pathToFileURL } from 'url';
import { ensureInstalled, requireSupportedNode, root } from './install.mjs';

requireSupportedNode();
ensureInstalled();
const { build } = await import('esbuild');
const folder = mkdtempSync(join(tmpdir(), 'vouch-openfga-'));
try {
  const sources = join(root, 'test', 'conformance', 'openfga');
  // The verifier of proofs is a process of its own.
  const entryPoints = [join(sources, 'main.ts'), join(sources, 'verifier.ts')];
  // The SDK is made of CommonJS modules, which require Node's own at run time.
  const banner = { js: "import { createRequire } from 'module'; const require = createRequire(import.meta.url);" };
  const outExtension = { '.js': '.mjs' };
  await build({
    entryPoints,
    outdir: folder,
    outExtension,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
    banner,
  });
  await import(pathToFileURL(join(folder, 'main.mjs')).href);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
