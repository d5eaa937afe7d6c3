/**
 * The page of a story by keyboard alone, in a browser: nothing here touches a pointer. Runs where a Chromium is installed
 * (VOUCH_CHROMIUM names another place) and is reported as skipped where none is.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, describe, expect, type TestContext, test } from 'vitest';
import { writeStoryPage } from '../../../node/cli/story-page.ts';
import { chromiumPath, launchChromium } from '../../../node/determinism/chromium.ts';
import { failingRun } from './failing-run.ts';

/** More elements than the page has. */
const TABS_MAX = 60;

const folder = mkdtempSync(join(tmpdir(), 'vouch-keys-'));
const file = join(folder, 'story.html');
let browser: Browser | undefined;

afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function open(context: TestContext, width: number = 1280): Promise<Page> {
  if (chromiumPath === undefined) return context.skip('no Chromium here: no key was pressed');
  if (browser === undefined) {
    await writeStoryPage(file, await failingRun('X3', 'linearizable'), 'vouch sim replay 1');
    browser = await launchChromium(chromiumPath);
  }
  const page = await browser.newPage({ viewport: { width, height: 800 } });
  await page.goto(`file://${file}`);
  await page.locator('#panel-0 table').waitFor();
  return page;
}

async function press(page: Page, ...keys: readonly string[]): Promise<void> {
  for (const key of keys) await page.keyboard.press(key);
  await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
}

const text = async (page: Page, selector: string): Promise<string> => (await page.locator(selector).textContent()) ?? '';
const seconds = async (page: Page): Promise<number> => Number.parseFloat(await text(page, '#time'));

interface Stop {
  readonly id: string;
  readonly name: string;
  readonly isMarked: boolean;
}

/** What has the focus: where it is, what it is called, and whether that can be seen. */
const FOCUSED = `(() => {
  const at = document.activeElement;
  const label = at.labels?.[0]?.textContent;
  return {
    id: at.id || at.closest('[id]')?.id + '/' + (at.value ?? at.tagName),
    name: (at.getAttribute('aria-label') || label || at.getAttribute('aria-labelledby') || at.textContent || at.title || '').trim(),
    isMarked: getComputedStyle(at).outlineStyle !== 'none',
  };
})()`;

describe('by keyboard alone', () => {
  test('Tab goes through everything and out again, each stop has a name and can be seen', async (context) => {
    const page = await open(context);
    const stops: Stop[] = [];
    for (let i = 0; i < TABS_MAX; i += 1) {
      await page.keyboard.press('Tab');
      if ((await page.evaluate('document.activeElement === document.body')) === true) break;
      stops.push((await page.evaluate(FOCUSED)) as Stop);
    }
    expect(stops.length).toBeLessThan(TABS_MAX);
    const ids = stops.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of [
      'families/votes',
      'happenings/faults',
      'nodes/0',
      'group',
      'theme',
      'diagram',
      'scrubber',
      'search',
      'tab-0',
    ])
      expect(ids).toContain(id);
    expect(stops.filter(({ name, isMarked }) => name === '' || !isMarked)).toEqual([]);
  });

  test('arrows step, Home and End go to the ends, v comes back, and it is said what happens', async (context) => {
    const page = await open(context);
    const opened = await seconds(page);
    const told = await text(page, '#announced');
    await press(page, 'ArrowLeft');
    const before = await seconds(page);
    expect(before).toBeLessThan(opened);
    expect(await text(page, '#announced')).not.toBe(told);
    await press(page, 'Shift+ArrowLeft');
    expect(await seconds(page)).toBeLessThan(before);
    await press(page, 'Home');
    expect(await seconds(page)).toBe(0);
    await press(page, 'End');
    expect(await seconds(page)).toBeGreaterThanOrEqual(opened);
    await press(page, 'v');
    expect(await seconds(page)).toBe(opened);
    expect(await page.locator('#announced').getAttribute('aria-live')).toBe('polite');
  });

  test('? lists the keys, Escape closes it, and the focus is where it was', async (context) => {
    const page = await open(context);
    await press(page, 'Tab', 'Tab');
    const focused = await page.evaluate(FOCUSED);
    await press(page, '?');
    expect(await page.locator('#help').isVisible()).toBe(true);
    expect(await page.locator('#help-keys tr').count()).toBeGreaterThan(8);
    const time = await text(page, '#time');
    await press(page, 'ArrowLeft');
    expect(await text(page, '#time')).toBe(time);
    await press(page, 'Escape');
    expect(await page.locator('#help').isVisible()).toBe(false);
    expect(await page.evaluate(FOCUSED)).toEqual(focused);
  });

  test('3 shows the order that explains all but one answer, and where it fails', async (context) => {
    const page = await open(context);
    await press(page, '3');
    expect(await page.locator('#panel-2').isVisible()).toBe(true);
    expect(await text(page, '#panel-2 .broken')).toMatch(/There is one order of all operations/);
    const last = page.locator('.order li').last();
    expect(await last.textContent()).toMatch(/✗.*has no place in any order/);
    const points = (await page.evaluate(
      `[...document.querySelectorAll('.order .point')].map((point) => parseFloat(point.style.left))`,
    )) as number[];
    expect(points.length).toBe((await page.locator('.order li').count()) - 1);
    expect(points).toEqual(points.toSorted((a, b) => a - b));
  });

  test('/ searches the steps, Enter goes on, and Escape ends it', async (context) => {
    const page = await open(context);
    await press(page, '/');
    await page.keyboard.type('leader of term');
    await press(page, 'Enter');
    expect(await text(page, '#matches')).toMatch(/^\d+ of \d+$/);
    expect(await text(page, '#panel-1 .match.here >> nth=0')).toContain('leader of term');
    const first = await text(page, '#time');
    await press(page, 'Shift+Enter');
    const [, all = '0'] = /of (\d+)$/.exec(await text(page, '#matches')) ?? [];
    if (Number(all) > 1) expect(await text(page, '#time')).not.toBe(first);
    await press(page, 'Escape');
    expect(await text(page, '#matches')).toBe('');
    expect(await page.evaluate('document.activeElement.id')).toBe('diagram');
    await press(page, '/');
    await page.keyboard.type('no such words');
    await press(page, 'Enter');
    expect(await text(page, '#matches')).toBe('none');
  });

  test('m marks an instant, and states are shown with what they were there', async (context) => {
    const page = await open(context);
    expect(await text(page, '.since')).toContain('the step before');
    await press(page, 'm', 'Home');
    expect(await text(page, '.since')).toContain('the marked instant');
    expect(await page.locator('td.new del').count()).toBeGreaterThan(3);
    await press(page, 'm');
    expect(await text(page, '.since')).toContain('the step before');
  });

  test('nodes and kinds of steps are filtered, and arrows pass over what is not wanted', async (context) => {
    const page = await open(context);
    await press(page, '2');
    for (const name of ['families', 'happenings'] as const) {
      const boxes = page.locator(`#${name} input`);
      for (let i = 0; i < (await boxes.count()); i += 1) {
        if (name === 'happenings' && (await boxes.nth(i).getAttribute('value')) === 'state') continue;
        await boxes.nth(i).focus();
        await press(page, 'Space');
      }
    }
    const sentences = page.locator('#panel-1 .steps li');
    expect(await sentences.count()).toBeGreaterThan(3);
    const about = (await sentences.allTextContents()).filter((sentence) => !/node \d/.test(sentence));
    expect(about).toEqual([]);
    await page.locator('#nodes input[value="0"]').focus();
    await press(page, 'Space', 'ArrowLeft', 'ArrowLeft');
    expect(await text(page, '#panel-1 .here')).not.toMatch(/^[\d.]+ snode 0/);
    await press(page, '1');
    expect(await page.locator('#panel-0 th.node b').allTextContents()).not.toContain('node 0');
  });

  test('t changes light and dark', async (context) => {
    const page = await open(context);
    const ground = () => page.evaluate('getComputedStyle(document.body).backgroundColor');
    const before = await ground();
    await press(page, 't');
    expect(await ground()).not.toBe(before);
  });

  test.for([1280, 700, 420])('nothing is wider than a window of %i', async (width, context) => {
    const page = await open(context, width);
    for (const key of ['1', '2', '3', '4']) {
      await press(page, key);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
    }
  });
});
