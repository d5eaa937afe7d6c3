/**
 * The sub-paths of `vouch/verify`, each as one minified file: light, made of core and @noble alone, and of use where there is nothing
 * but the language, and in a browser. They say what the sources say of the same answers, honest and changed.
 */
import { readFileSync } from 'node:fs';
import { createContext, runInContext } from 'node:vm';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verifyAnswer } from '../../core/proof/answer.ts';
import { chromiumPath, launchChromium } from '../../node/determinism/chromium.ts';
import {
  AIM,
  bundleVerify,
  IMPORTS,
  type Import,
  judgeWeight,
  SUB_PATHS,
  type SubPath,
  type VerifyBundle,
} from '../../node/launch/bundle-verify.mjs';
import { type Answer, answerFor, withBuckets, world } from '../support/answers.ts';

const ALL = Object.keys(SUB_PATHS) as SubPath[];
/** Those that verify answers. */
const VERDICTS: readonly SubPath[] = ['vouch/verify', 'vouch/verify/answers'];
const scripts = new Map<SubPath, VerifyBundle>();
let browser: Browser | undefined;

function scriptOf(subPath: SubPath): VerifyBundle {
  return scripts.get(subPath) as VerifyBundle;
}

beforeAll(async () => {
  for (const subPath of ALL) scripts.set(subPath, await bundleVerify(subPath, 'iife'));
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

describe('the weight of what a page imports', () => {
  test.each(IMPORTS.filter(({ limit }) => limit !== undefined))('$subPath $names: at most its limit', async (row) => {
    const { isFine, line } = judgeWeight(row, await bundleVerify(row.subPath, 'esm', row));
    console.log(line);
    expect(isFine, line).toBe(true);
  });

  test('one kind of answer is held to 32 KiB and 13 KiB with gzip; where that is missed the output says so', () => {
    expect(AIM).toEqual({ minifiedBytes: 32 * 1024, gzipBytes: 13 * 1024 });
    const [receipts] = IMPORTS as readonly [Import];
    expect(receipts).toMatchObject({ subPath: 'vouch/verify', names: '*' });
    const weight = { minifiedBytes: 48 * 1024, gzipBytes: 13 * 1024 };
    expect(judgeWeight(receipts, weight).line).toContain('is MISSED: 1.50 and 1.00 times that');
    const answers = IMPORTS.filter(({ subPath, names }) => subPath === 'vouch/verify/answers' && names !== '*');
    expect(answers.length).toBe(2);
    for (const row of answers) {
      expect(judgeWeight(row, AIM)).toEqual({ isFine: true, line: expect.stringMatching(/ is met$/) });
      expect(judgeWeight(row, { ...AIM, minifiedBytes: AIM.minifiedBytes + 1 }).isFine).toBe(false);
      expect(judgeWeight(row, { ...AIM, gzipBytes: AIM.gzipBytes + 1 }).isFine).toBe(false);
    }
  });

  test('no page loads a curve or a hash that it does not use', () => {
    const carriers = (what: RegExp) => ALL.filter((subPath) => scriptOf(subPath).inputs.some((path) => what.test(path)));
    expect(carriers(/@noble\/ed25519/)).toEqual(['vouch/verify']);
    const withHash = ['', '/answers', '/certificates', '/chain', '/check'].map((name) => `vouch/verify${name}`);
    expect(carriers(/@noble\/hashes\/sha2/)).toEqual(withHash);
    expect(carriers(/cel-js/)).toEqual(['vouch/verify/check']);
  });
});

describe('the sub-paths', () => {
  test('are those of the package, each with its types', () => {
    const { exports } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    const entries = ALL.map((subPath) => {
      const file = `./dist/core/verify/${SUB_PATHS[subPath].replace(/\.ts$/, '')}`;
      return [subPath.replace('vouch', '.'), { types: `${file}.d.ts`, default: `${file}.js` }];
    });
    const verify = Object.entries(exports).filter(([name]) => name.startsWith('./verify'));
    expect(verify).toEqual(entries);
  });

  test.each(ALL)('%s is made of core and @noble alone, or of CEL too, and loads nothing, of Node or otherwise', (subPath) => {
    const script = scriptOf(subPath);
    const others = subPath === 'vouch/verify/check' ? /^node_modules\/@marcbachmann\/cel-js\// : /^$/;
    expect(script.imports).toEqual([]);
    expect(script.inputs.length).toBeGreaterThan(10);
    expect(script.inputs.filter((path) => !/^(?:core|node_modules\/@noble)\//.test(path) && !others.test(path))).toEqual([]);
    // CEL's bytes are those of Node where there is one, and others elsewhere.
    const found = /\brequire\(|\bimport\(|\bprocess\.|\bBuffer\b|["']node:/.exec(script.text)?.[0];
    expect(found).toBe(subPath === 'vouch/verify/check' ? 'Buffer' : undefined);
  });
});

describe('the bundles that verify answers', () => {
  test.each(VERDICTS)('%s does where there is nothing but the language', (subPath) => {
    const context = createContext({ input: JSON.stringify(corpus()) });
    runInContext(scriptOf(subPath).text, context);
    expect(runInContext(`const corpus = JSON.parse(input); ${PROGRAM}`, context)).toBe(expected());
    expect(expected().match(/"ok":true/g)?.length).toBe(10);
  });

  test.for(VERDICTS)('%s does in a browser', async (subPath, context) => {
    if (chromiumPath === undefined) return context.skip('no Chromium here: the bundle was not run in a browser');
    browser ??= await launchChromium(chromiumPath);
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => complaints.push(`asks for ${request.url()}`));
    await page.setContent(`<!doctype html><title>${subPath}</title>`);
    await page.addScriptTag({ content: scriptOf(subPath).text });
    expect(await page.evaluate(`(() => { const corpus = ${JSON.stringify(corpus())}; return ${PROGRAM}; })()`)).toBe(expected());
    expect(complaints).toEqual([]);
  });
});
