/** Receipts in the bundle of `vouch/verify`, and fork proofs in that of `vouch/verify/forks`: they say of every one what the sources say, where there is nothing but the language and in a browser. */
import { createContext, runInContext } from 'node:vm';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { portableVerifier } from '../../core/note/ed25519.ts';
import { forkProof } from '../../core/note/fork-proof.ts';
import { verifyReceipt } from '../../core/receipt/verify.ts';
import { chromiumPath, launchChromium } from '../../node/determinism/chromium.ts';
import { nativeHasher } from '../../node/hasher.ts';
import { bundleVerify } from '../../node/launch/bundle-verify.mjs';
import { logOf, node, noteOf, party, policyText, textOf } from '../note/support.ts';
import { cosigned, ledger, policyFor, receiptText } from './support.ts';

const NODES = [node(1), node(2), node(3)];
const honest = ledger();
const good = receiptText(honest, cosigned(honest, NODES.slice(1)));
const RECEIPTS: readonly string[] = [
  good,
  receiptText(honest, cosigned(honest, NODES), 'user:mallory'),
  receiptText(honest, cosigned(honest, NODES.slice(0, 1))),
  receiptText(honest, cosigned(honest, [party('somebody', 99)])),
  ...[10, 80, 400, 900, 1500].map((at) => `${good.slice(0, at)}${good[at] === 'A' ? 'B' : 'A'}${good.slice(at + 1)}`),
  good.slice(0, -1),
  '',
];
const POLICY = policyText(2, NODES).replace(/^origin .*$/m, `origin ${honest.origin}`);
const fork = forkProof(nativeHasher, portableVerifier, {
  key: NODES[0]?.timed as never,
  older: noteOf(textOf(logOf(9)), NODES),
  newer: noteOf(textOf(logOf(9, 3)), NODES),
  hashes: [],
});
const FORK = fork.ok ? fork.value : '';

/** What the sources say of them, in words that compare. */
function expected(): string {
  const policy = policyFor(honest, 2, NODES);
  return JSON.stringify([
    ...RECEIPTS.map((receipt) => {
      const verdict = verifyReceipt(receipt, { policy });
      return verdict.ok ? [verdict.height, verdict.signers.map(({ witness }) => witness.name)] : [verdict.stage, verdict.reason];
    }),
    [NODES[0]?.name, 'two roots of one size'],
  ]);
}

/** The same, in the bundle's world. */
const PROGRAM = `
  const { parsePolicy, portableHasher, portableVerifier, verifyReceipt } = vouchVerify;
  const { checkForkProof } = vouchForks;
  const policy = parsePolicy(portableHasher, input.policy).value;
  const fork = checkForkProof(portableHasher, portableVerifier, input.fork).value;
  JSON.stringify([
    ...input.receipts.map((receipt) => {
      const verdict = verifyReceipt(receipt, { policy });
      return verdict.ok ? [verdict.height, verdict.signers.map(({ witness }) => witness.name)] : [verdict.stage, verdict.reason];
    }),
    [fork.key.name, fork.kind],
  ]);`;
const INPUT = JSON.stringify({ receipts: RECEIPTS, policy: POLICY, fork: FORK });

/** Both bundles, as a page loads them one after the other. */
let script = '';
let browser: Browser | undefined;
beforeAll(async () => {
  const bundles = [
    await bundleVerify('vouch/verify', 'iife'),
    await bundleVerify('vouch/verify/forks', 'iife', { globalName: 'vouchForks' }),
  ];
  script = bundles.map(({ text }) => text).join('\n');
});
afterAll(async () => browser?.close());

describe('receipts in the bundle of vouch/verify', () => {
  test('some hold and some do not', () => {
    expect(JSON.parse(expected()).slice(0, 3)).toEqual([
      [9, ['n2', 'n3']],
      [9, ['n1', 'n2', 'n3']],
      ['signatures', 'signed by n1; the policy needs 2 of n1, n2, n3'],
    ]);
  });

  test('verify where there is nothing but the language', () => {
    const context = createContext({ text: INPUT });
    runInContext(script, context);
    expect(runInContext(`const input = JSON.parse(text); ${PROGRAM}`, context)).toBe(expected());
  });

  test('verify in a browser', async (context) => {
    if (chromiumPath === undefined) return context.skip('no Chromium here: no receipt was verified in a browser');
    browser = await launchChromium(chromiumPath);
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => complaints.push(`asks for ${request.url()}`));
    await page.setContent('<!doctype html><title>vouch/verify</title>');
    await page.addScriptTag({ content: script });
    expect(await page.evaluate(`const input = ${INPUT}; ${PROGRAM}`)).toBe(expected());
    expect(complaints).toEqual([]);
  });
});
