/**
 * `npm run bundle:verify`: writes `vouch/verify` as one minified file for browsers, dist/verify.min.js, and says what it weighs, and what
 * a page takes of it that imports less. Ends with 1 where one is heavier than it may be. It works without a build: esbuild reads the
 * sources.
 */
import { mkdirSync, writeFileSync } from 'fs';
import { join } from 'path';
import { pathToFileURL } from 'url';
import { gzipSync } from 'zlib';
import { ensureInstalled, requireSupportedNode, root } from './install.mjs';

/** The bar, bytes. Met by what verifies answers to a check; why not by more: docs/decisions/0063-what-a-client-pins.md. */
export const MINIFIED_BYTES_MAX = 32 * 1024;
export const GZIP_BYTES_MAX = 13 * 1024;

/** What a page imports, and what that may weigh: the bar, or where it is missed what it weighs, rounded up, so that it does not grow unseen. */
export const IMPORTS = [
  { names: ['verifyAnswer'], minified: MINIFIED_BYTES_MAX, gzip: GZIP_BYTES_MAX },
  { names: ['verifyAnswer', 'verifyStatements'], minified: 34000, gzip: GZIP_BYTES_MAX },
  { names: ['parsePolicy', 'verifyReceipt'], minified: 56000, gzip: 21800 },
  { names: ['*'], minified: 69000, gzip: 25600 },
];

/**
 * The bundle of the sub-path.
 * @param format 'esm', or 'iife': the exports are then the global `vouchVerify`.
 * @param names what is imported of it.
 */
export async function bundleVerify(format, names = ['*']) {
  const { build } = await import('esbuild');
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    stdin: {
      contents: `export ${names[0] === '*' ? '*' : `{ ${names.join(', ')} }`} from './core/proof/public.ts';`,
      resolveDir: root,
    },
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
    inputs: Object.keys(output.inputs).filter((path) => path !== '<stdin>'),
    imports: output.imports.map((one) => one.path),
  };
}

async function main() {
  requireSupportedNode();
  ensureInstalled();
  mkdirSync(join(root, 'dist'), { recursive: true });
  for (const { names, minified, gzip } of IMPORTS) {
    const { text, minifiedBytes, gzipBytes } = await bundleVerify('esm', names);
    if (names[0] === '*') writeFileSync(join(root, 'dist', 'verify.min.js'), text);
    const name = names[0] === '*' ? 'everything (dist/verify.min.js)' : names.join(', ');
    const isMet = minifiedBytes <= MINIFIED_BYTES_MAX && gzipBytes <= GZIP_BYTES_MAX;
    console.log(
      `${name}: ${minifiedBytes} bytes, gzip ${gzipBytes}; the bar of ${MINIFIED_BYTES_MAX} and ${GZIP_BYTES_MAX} is ${isMet ? 'met' : 'MISSED'}`,
    );
    if (minifiedBytes <= minified && gzipBytes <= gzip) continue;
    console.error(`It may weigh ${minified} and ${gzip}.`);
    process.exitCode = 1;
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) main();
