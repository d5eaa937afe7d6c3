/**
 * `vouch/verify` as one minified file: weighed, made of core and @noble alone, and of use where there is nothing but the language, and
 * in a browser. It says what the sources say of the same answers, honest and changed.
 */
import { createContext, runInContext } from 'node:vm';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verifyAnswer } from '../../core/proof/answer.ts';
import { bundleVerify, IMPORTS, type VerifyBundle } from '../../node/launch/bundle-verify.mjs';
import { type Answer, answerFor, withBuckets, world } from '../support/answers.ts';
import { chromiumPath, launchChromium } from '../support/chromium.ts';

let script: VerifyBundle;
let browser: Browser | undefined;

beforeAll(async () => {
  script = await bundleVerify('iife');
});
afterAll(async () => {
  await browser?.close();
});

/** Answers, and changes of each of them that are refused at every stage. */
function corpus(): readonly unknown[] {
  const honest = world();
  const answers: readonly Answer[] = ['alice', 'bob', 'carol', 'dave', 'mallory'].map((name) =>
    answerFor(honest, { subject: `user:${name}` }),
  );
  const changed = answers.flatMap((answer): readonly unknown[] => {
    const spoilt = (text: string): string => (text[30] === 'a' ? 'b' : 'a') + text.slice(1);
    return [
      { ...answer, allowed: !answer.allowed },
      { ...answer, height: 10 },
      { ...answer, proof: spoilt(answer.proof) },
      { ...answer, header: spoilt(answer.header) },
      { ...answer, block_hash: spoilt(answer.block_hash) },
      { ...answer, statement: { ...answer.statement, tuple: { ...answer.statement.tuple, user: 'user:eve' } } },
      { ...answer, statement: { ...answer.statement, v: 2 } },
    ];
  });
  return [...answers, ...answers.map((answer) => withBuckets(answer, honest)), ...changed, null, [], 'answer'];
}

/** What the sources say of them; one text, as it comes from elsewhere too. */
function expected(): string {
  return JSON.stringify(corpus().map((answer) => verifyAnswer(answer)));
}

/** Runs in the bundle's world. */
const PROGRAM = 'JSON.stringify(corpus.map((answer) => vouchVerify.verifyAnswer(answer)))';

describe('the bundle of vouch/verify', () => {
  test('weighs at most 32 KiB, and 13 KiB with gzip, where answers are verified; more of it does not grow unseen', async () => {
    expect(IMPORTS[0]).toEqual({ names: ['verifyAnswer'], minified: 32 * 1024, gzip: 13 * 1024 });
    for (const { names, minified, gzip } of IMPORTS) {
      const { minifiedBytes, gzipBytes } = await bundleVerify('esm', names);
      console.log(
        `vouch/verify, ${names.join(', ')}: ${minifiedBytes} bytes of ${minified} minified, ${gzipBytes} of ${gzip} with gzip`,
      );
      expect([names, minifiedBytes <= minified, gzipBytes <= gzip]).toEqual([names, true, true]);
    }
  });

  test('is made of core and @noble alone and loads nothing, of Node or otherwise', () => {
    expect(script.imports).toEqual([]);
    expect(script.inputs.length).toBeGreaterThan(10);
    expect(script.inputs.filter((path) => !/^(?:core|node_modules\/@noble)\//.test(path))).toEqual([]);
    expect(/\brequire\(|\bimport\(|\bprocess\.|\bBuffer\b|["']node:/.exec(script.text)?.[0]).toBeUndefined();
  });

  test('verifies where there is nothing but the language', () => {
    const context = createContext({ input: JSON.stringify(corpus()) });
    runInContext(script.text, context);
    expect(runInContext(`const corpus = JSON.parse(input); ${PROGRAM}`, context)).toBe(expected());
    expect(expected().match(/"ok":true/g)?.length).toBe(10);
  });

  test('verifies in a browser', async (context) => {
    if (chromiumPath === undefined) return context.skip('no Chromium here: the bundle was not run in a browser');
    browser = await launchChromium(chromiumPath);
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => complaints.push(`asks for ${request.url()}`));
    await page.setContent('<!doctype html><title>vouch/verify</title>');
    await page.addScriptTag({ content: script.text });
    expect(await page.evaluate(`(() => { const corpus = ${JSON.stringify(corpus())}; return ${PROGRAM}; })()`)).toBe(expected());
    expect(complaints).toEqual([]);
  });
});
