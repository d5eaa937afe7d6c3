/** `vouch verify FILE`: checks an answer with its proof, a receipt or a proof of a fork, offline. Nothing is asked of any node. */
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { verifyAnswer } from '../../core/proof/answer.ts';
import { nativeHasher } from '../hasher.ts';
import { CliFailure, usageFailure } from './failure.ts';
import { print, printJson } from './output.ts';
import { formatTuple, parseTuple } from './tuple-notation.ts';
import { isForkProof, isReceipt, verifyForkText, verifyReceiptText } from './verify-receipt.ts';

interface VerifyOptions {
  readonly tuple?: string;
  readonly root?: string;
  readonly block?: string;
  readonly keys?: string;
  readonly json?: boolean;
}

export function addVerifyCommand(program: Command): void {
  program
    .command('verify')
    .description('check an answer with its proof, or a receipt, offline; exit 0 = it holds, 1 = it does not')
    .argument(
      '<file>',
      'an answer saved by vouch check --proof or got with the header Vouch-Proof: 1; a receipt; a proof of a fork',
    )
    .option('--tuple <tuple>', 'the answer must be about this tuple')
    .option('--root <hex>', 'trust this tree root')
    .option('--block <hex>', 'trust this block hash')
    .option('--keys <file>', 'of a receipt: the policy with the pinned origin, keys and quorum')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExample:\n  vouch verify answer.json --tuple document:1#viewer@user:anne --block 5a3f…\n  vouch verify anne.tlog-proof --keys policy.txt',
    )
    .action(verify);
}

function anchor(text: string | undefined, flag: string): string | undefined {
  if (text === undefined) return undefined;
  const lower = text.toLowerCase();
  if (!/^[0-9a-f]{64}$/.test(lower)) throw usageFailure(`${flag} is 64 hex digits, not "${text}".`);
  return lower;
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw usageFailure(`${file} cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'unknown reason'}.`);
  }
}

function parseAnswer(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new CliFailure(`REJECTED (decode): ${file} is not JSON.`);
  }
}

function verify(file: string, options: VerifyOptions): void {
  const root = anchor(options.root, '--root');
  const block = anchor(options.block, '--block');
  const tuple = options.tuple === undefined ? undefined : parseTuple(options.tuple);
  const text = readText(file);
  if (isReceipt(text) || isForkProof(text)) {
    if (root !== undefined || block !== undefined)
      throw usageFailure('A receipt carries its own anchor: give --keys, not --root or --block.');
    const signed = {
      ...(options.keys === undefined ? {} : { keys: options.keys }),
      ...(tuple === undefined ? {} : { tuple }),
      ...(options.json === undefined ? {} : { json: options.json }),
    };
    return isReceipt(text) ? verifyReceiptText(text, signed) : verifyForkText(text, signed);
  }
  if (options.keys !== undefined)
    throw usageFailure(`${file} is no receipt, so no key has signed it: --keys says nothing about it.`);
  const result = verifyAnswer(parseAnswer(file, text), {
    hasher: nativeHasher,
    ...(tuple === undefined ? {} : { tuple }),
    ...(root === undefined ? {} : { root }),
    ...(block === undefined ? {} : { block }),
  });
  if (options.json) printJson(result);
  if (!result.ok) throw new CliFailure(`REJECTED (${result.stage}): ${result.reason}`);
  if (options.json) return;
  const { resource, relation, subject } = result.tuple;
  const named = formatTuple({ object: resource, relation, user: subject });
  const { condition } = result;
  const present = condition === undefined ? 'PRESENT (allow)' : `PRESENT under the condition '${condition.name}' (not evaluated)`;
  print(`${result.allowed ? present : 'ABSENT (deny)'}: ${named} at height ${result.height}`);
  print(ANCHORED[result.anchored]);
}

const ANCHORED = {
  block: 'Anchored: the block hash is the one given by --block.',
  root: 'Anchored: the root is the one given by --root.',
  none: 'Consistent with its own header, NOT authenticated: compare the block hash with one you trust (--block or --root).',
} as const;
