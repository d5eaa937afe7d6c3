/** `npm run conformance:raft -- DIR...`: bundles the runner of etcd/raft's data-driven tests and runs it; no build is needed. */
import { mkdtempSync, rmSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { pathToFileURL } from 'url';
import { ensureInstalled, requireSupportedNode, root } from './install.mjs';

requireSupportedNode();
ensureInstalled();
const { build } = await import('esbuild');
const folder = mkdtempSync(join(tmpdir(), 'vouch-conformance-'));
try {
  const outfile = join(folder, 'main.mjs');
  const entry = join(root, 'test', 'conformance', 'raft', 'main.ts');
  await build({ entryPoints: [entry], outfile, bundle: true, platform: 'node', format: 'esm', logLevel: 'error' });
  await import(pathToFileURL(outfile).href);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
