/**
 * `npm run bundle:verify`: writes `vouch/verify` as one minified file for browsers, dist/verify.min.js, and says what it weighs.
 * Ends with 1 where it is heavier than it may be. It works without a build: esbuild reads the sources.
 */
import { mkdirSync, writeFileSync } from 'fs';
import { join } from 'path';
import { pathToFileURL } from 'url';
import { gzipSync } from 'zlib';
import { ensureInstalled, requireSupportedNode, root } from './install.mjs';

/** What the bundle may weigh, bytes. */
export const MINIFIED_BYTES_MAX = 32 * 1024;
export const GZIP_BYTES_MAX = 13 * 1024;

/**
 * The bundle of the sub-path.
 * @param format 'esm', or 'iife': the exports are then the global `vouchVerify`.
 */
export async function bundleVerify(format) {
  const { build } = await import('esbuild');
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: [join(root, 'core', 'proof', 'public.ts')],
    bundle: true,
    write: false,
    minify: true,
    metafile: true,
    format,
    ...(format === 'iife' ? { globalName: 'vouchVerify' } : {}),
    platform: 'browser',
    target: 'es2022',
    logLevel: 'silent',
  });
  const text = outputFiles[0].text;
  const [output] = Object.values(metafile.outputs);
  return {
    text,
    minifiedBytes: Buffer.byteLength(text),
    gzipBytes: gzipSync(text, { level: 9 }).length,
    /** Files that it is made of, and what it would load. */
    inputs: Object.keys(output.inputs),
    imports: output.imports.map((one) => one.path),
  };
}

async function main() {
  requireSupportedNode();
  ensureInstalled();
  const { text, minifiedBytes, gzipBytes } = await bundleVerify('esm');
  mkdirSync(join(root, 'dist'), { recursive: true });
  writeFileSync(join(root, 'dist', 'verify.min.js'), text);
  console.log(
    `dist/verify.min.js: ${minifiedBytes} bytes of at most ${MINIFIED_BYTES_MAX}, gzip ${gzipBytes} of at most ${GZIP_BYTES_MAX}`,
  );
  if (minifiedBytes > MINIFIED_BYTES_MAX || gzipBytes > GZIP_BYTES_MAX) process.exitCode = 1;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) main();
