/**
 * The page in a browser: it opens from a file without a network, keys move the instant, the nodes follow, the rule is shown.
 * Runs where a Chromium is installed (VOUCH_CHROMIUM names another place) and is reported as skipped where none is.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeEach, describe, expect, type TestContext, test } from 'vitest';
import { writeStoryPage } from '../../../node/cli/story-page.ts';
import { chromiumPath, launchChromium } from '../../../node/determinism/chromium.ts';
import { failingRun } from './failing-run.ts';

const folder = mkdtempSync(join(tmpdir(), 'vouch-page-'));
const file = join(folder, 'story.html');
let browser: Browser | undefined;
const complaints: string[] = [];

afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function open(context: TestContext): Promise<Page> {
  if (chromiumPath === undefined) return context.skip('no Chromium here: the page was not looked at');
  if (browser === undefined) {
    await writeStoryPage(file, await failingRun('L9', 'committed-is-immutable'), 'vouch sim replay 1');
    browser = await launchChromium(chromiumPath);
  }
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('request', (request) => {
    if (!request.url().startsWith('file:')) complaints.push(`asks for ${request.url()}`);
  });
  await page.goto(`file://${file}`);
  await page.locator('#panel-0 table').waitFor();
  return page;
}

/** How many pixels of the diagram are not of the colour that most are. */
async function inked(page: Page): Promise<number> {
  return page.evaluate(`(() => {
    const canvas = document.getElementById('diagram');
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    let inked = 0;
    for (let i = 3; i < data.length; i += 4) if (data[i] > 0) inked += 1;
    return inked;
  })()`);
}

describe('the page of a story', () => {
  beforeEach(() => {
    complaints.length = 0;
  });

  test('shows the rule and both facts, fits a laptop, asks nobody for anything', async (context) => {
    const page = await open(context);
    expect(await page.locator('#rule').textContent()).toMatch(/^A committed entry never changes/);
    expect(await page.locator('.facts p').count()).toBe(2);
    const size = await page.evaluate('[document.documentElement.scrollWidth, document.documentElement.scrollHeight]');
    expect(size).toEqual([1280, 800]);
    expect(await inked(page)).toBeGreaterThan(10_000);
    expect(statSync(file).size).toBeLessThan(2_000_000);
    expect(complaints).toEqual([]);
  });

  test('goes back step by step with the arrow keys, and the nodes follow', async (context) => {
    const page = await open(context);
    await page.locator('#scrubber').focus();
    const nodes = page.locator('#panel-0');
    const atViolation = await nodes.textContent();
    const time = await page.locator('#time').textContent();
    for (let i = 0; i < 5; i += 1) await page.keyboard.press('Shift+ArrowLeft');
    await expect.poll(() => page.locator('#time').textContent()).not.toBe(time);
    await expect.poll(() => nodes.textContent()).not.toBe(atViolation);
    await page.keyboard.press('v');
    await expect.poll(() => nodes.textContent()).toBe(atViolation);
    expect(complaints).toEqual([]);
  });

  test('has tabs for steps, clients and words that the keyboard reaches', async (context) => {
    const page = await open(context);
    await page.locator('#tab-0').focus();
    await page.keyboard.press('ArrowRight');
    await expect.poll(() => page.locator('#panel-1 .steps li').count()).toBeGreaterThan(5);
    await page.keyboard.press('ArrowRight');
    await expect.poll(() => page.locator('#panel-2 .operations li').count()).toBeGreaterThan(5);
    await page.keyboard.press('ArrowRight');
    await expect.poll(() => page.locator('#panel-3').isVisible()).toBe(true);
    expect(await page.locator('#panel-3').textContent()).toContain('These two cannot both be');
  });

  test('draws less when a kind of message is filtered away, and more when it is zoomed out', async (context) => {
    const page = await open(context);
    await page.keyboard.press('0');
    await page.waitForTimeout(100);
    const all = await inked(page);
    for (const kind of ['entries', 'acknowledgements', 'reads', 'heartbeats', 'votes', 'clients'])
      await page.locator(`input[value=${kind}]`).uncheck();
    await expect.poll(() => inked(page)).toBeLessThan(all);
    expect(complaints).toEqual([]);
  });
});
