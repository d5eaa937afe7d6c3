/** Seeds in a browser: the simulator's public entry in one bundle, in a page that has nothing else and loads nothing. */
import { build } from 'esbuild';
import type { Browser, Page } from 'playwright-core';
import type { Rows } from './rows.ts';

export interface BrowserSeeds {
  readonly browser: Browser;
  /** The folder that holds sim/public, as sources or compiled. */
  readonly root: string;
  /** sim/public.ts or sim/public.js, relative to it. */
  readonly entry: string;
  readonly profile: string;
  readonly seeds: readonly string[];
  /** Called behind each seed. */
  readonly onSeed?: () => void;
}

/** @returns the trace hash of each seed. @throws where the page asks for anything, or a run throws. */
export async function rowsInBrowser({ browser, root, entry, profile, seeds, onSeed }: BrowserSeeds): Promise<Rows> {
  const page = await browser.newPage();
  try {
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await page.setContent('<!doctype html><title>vouch/sim</title>');
    await page.addScriptTag({ content: await bundleSim(root, entry) });
    const rows = new Map<string, string>();
    for (const seed of seeds) {
      rows.set(seed, await traceHashOf(page, seed, profile));
      onSeed?.();
    }
    if (asked.length > 0) throw new Error(`The page asked for ${asked.join(', ')}.`);
    return rows;
  } finally {
    await page.close();
  }
}

/** One call for each seed: a page that is busy for minutes would be taken for dead. */
async function traceHashOf(page: Page, seed: string, profile: string): Promise<string> {
  const options = `{ seed: ${JSON.stringify(seed)}, profile: ${JSON.stringify(profile)}, scenario: undefined, stopwatch: () => 0 }`;
  return String(await page.evaluate(`vouchSim.runSeed(${options}).report.traceHash`));
}

async function bundleSim(root: string, entry: string): Promise<string> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    bundle: true,
    write: false,
    minify: true,
    format: 'iife',
    globalName: 'vouchSim',
    platform: 'browser',
    target: 'es2022',
    logLevel: 'silent',
  });
  const text = outputFiles[0]?.text;
  if (text === undefined) throw new Error(`The bundle of ${entry} is empty.`);
  return text;
}
