/**
 * `npm run bundle:verify`: writes every sub-path of `vouch/verify` as one minified file for browsers, dist/verify*.min.js, and says what
 * it weighs, and what a page takes of it that imports less. Ends with 1 where one is heavier than it may be. It works without a build:
 * esbuild reads the sources.
 */
import { mkdirSync, writeFileSync } from 'fs';
import { join } from 'path';
import { pathToFileURL } from 'url';
import { gzipSync } from 'zlib';
import { ensureInstalled, requireSupportedNode, root } from './install.mjs';

/** What a verifier in a browser should weigh, bytes. Why not all of them do: docs/decisions/0074-what-a-page-loads.md. */
export const AIM = { minifiedBytes: 32 * 1024, gzipBytes: 13 * 1024 };

/** What the evaluator with its expression language should weigh. Why it does not: docs/decisions/0090-what-a-verified-check-weighs.md. */
export const CHECK_AIM = { minifiedBytes: 120 * 1024, gzipBytes: 48 * 1024 };

/** The sub-paths, and their files in core/verify. */
export const SUB_PATHS = {
  'vouch/verify': 'public.ts',
  'vouch/verify/answers': 'answers.ts',
  'vouch/verify/certificates': 'certificates.ts',
  'vouch/verify/chain': 'chain.ts',
  'vouch/verify/check': 'check.ts',
  'vouch/verify/forks': 'forks.ts',
  'vouch/verify/notes': 'notes.ts',
  'vouch/verify/tree': 'tree.ts',
};

/**
 * What a page imports, and what that may weigh where verdicts are given: the aim, or where it is missed what it weighs, rounded up to the
 * next half KiB, so that it does not grow unseen.
 */
export const IMPORTS = [
  { subPath: 'vouch/verify', names: '*', limit: { minifiedBytes: 56 * 1024, gzipBytes: 22 * 1024 } },
  {
    subPath: 'vouch/verify',
    names: 'parsePolicy, portableHasher, verifyReceipt',
    limit: { minifiedBytes: 51.5 * 1024, gzipBytes: 20.5 * 1024 },
  },
  { subPath: 'vouch/verify/answers', names: '*', limit: { minifiedBytes: 32.5 * 1024, gzipBytes: 12.5 * 1024 } },
  { subPath: 'vouch/verify/answers', names: 'verifyAnswer', limit: AIM },
  { subPath: 'vouch/verify/answers', names: 'verifyStatements', limit: AIM },
  {
    subPath: 'vouch/verify/certificates',
    names: '*',
    limit: { minifiedBytes: 64 * 1024, gzipBytes: 22.5 * 1024 },
    aim: CHECK_AIM,
  },
  { subPath: 'vouch/verify/chain', names: '*' },
  {
    subPath: 'vouch/verify/check',
    names: '*',
    limit: { minifiedBytes: 164.5 * 1024, gzipBytes: 52 * 1024 },
    aim: CHECK_AIM,
  },
  { subPath: 'vouch/verify/forks', names: '*' },
  { subPath: 'vouch/verify/notes', names: '*' },
  { subPath: 'vouch/verify/tree', names: '*' },
];

/**
 * The bundle of a sub-path.
 * @param format 'esm', or 'iife': the exports are then a global of the name given.
 * @param names what is imported of it, parted by commas; '*' is everything.
 */
export async function bundleVerify(subPath, format, { names = '*', globalName = 'vouchVerify' } = {}) {
  const { build } = await import('esbuild');
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    stdin: {
      contents: `export ${names === '*' ? names : `{ ${names} }`} from './core/verify/${SUB_PATHS[subPath]}';`,
      resolveDir: root,
    },
    bundle: true,
    write: false,
    minify: true,
    metafile: true,
    format,
    ...(format === 'iife' ? { globalName } : {}),
    platform: 'browser',
    target: 'es2022',
    legalComments: 'inline', // the licence of what is bundled stays, without a list of it
    logLevel: 'silent',
  });
  const text = outputFiles[0].text;
  const [output] = Object.values(metafile.outputs);
  return {
    text,
    minifiedBytes: Buffer.byteLength(text),
    gzipBytes: gzipSync(text, { level: 9 }).length,
    /** Files of which something is in it, and what it would load. */
    inputs: Object.keys(output.inputs).filter((path) => path !== '<stdin>' && output.inputs[path].bytesInOutput > 0),
    imports: output.imports.map((one) => one.path),
  };
}

/** What there is to say of a weight, and whether it may be that. */
export function judgeWeight({ subPath, names, limit, aim = AIM }, { minifiedBytes, gzipBytes }) {
  const weight = `${subPath}${names === '*' ? '' : ` { ${names} }`}: ${minifiedBytes} bytes minified, ${gzipBytes} with gzip`;
  if (limit === undefined) return { isFine: true, line: weight };
  const isFine = minifiedBytes <= limit.minifiedBytes && gzipBytes <= limit.gzipBytes;
  const isMet = minifiedBytes <= aim.minifiedBytes && gzipBytes <= aim.gzipBytes;
  const times = [minifiedBytes / aim.minifiedBytes, gzipBytes / aim.gzipBytes].map((ratio) => ratio.toFixed(2)).join(' and ');
  const verdict = `the aim of ${aim.minifiedBytes} and ${aim.gzipBytes} is ${isMet ? 'met' : `MISSED: ${times} times that`}`;
  return { isFine, line: `${weight}, of at most ${limit.minifiedBytes} and ${limit.gzipBytes}; ${verdict}` };
}

async function main() {
  requireSupportedNode();
  ensureInstalled();
  mkdirSync(join(root, 'dist'), { recursive: true });
  for (const row of IMPORTS) {
    const bundle = await bundleVerify(row.subPath, 'esm', row);
    const name = `${row.subPath.slice('vouch/'.length).replace('/', '-')}.min.js`;
    if (row.names === '*') writeFileSync(join(root, 'dist', name), bundle.text);
    const { isFine, line } = judgeWeight(row, bundle);
    console.log(row.names === '*' ? `${line} (dist/${name})` : line);
    if (!isFine) process.exitCode = 1;
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) main();
