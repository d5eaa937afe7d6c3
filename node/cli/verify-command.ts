/** `vouch verify FILE`: checks an answer with its proof, a receipt or a proof of a fork, offline. Nothing is asked of any node. */
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { CliFailure, usageFailure } from './failure.ts';
import { withQuestionOptions } from './proof-command.ts';
import { parseTuple } from './tuple-notation.ts';
import { type AskedOptions, onlyTuple, verifyAnswerJson } from './verify-answer.ts';
import { isForkProof, isReceipt, verifyForkText, verifyReceiptText } from './verify-receipt.ts';

interface VerifyOptions extends AskedOptions {
  readonly root?: string;
  readonly block?: string;
  readonly keys?: string;
}

const HELP = `
An answer of vouch proof must answer exactly the questions that are given here, if any are.

Example:
  vouch verify answer.json --tuple document:1#viewer@user:anne --block 5a3f…
  vouch verify anne.tlog-proof --keys policy.txt`;

export function addVerifyCommand(program: Command): void {
  const command = program
    .command('verify')
    .description('check an answer with its proof, or a receipt, offline; exit 0 = it holds, 1 = it does not')
    .argument('<file>', 'an answer saved by vouch check --proof or vouch proof, or got over HTTP; a receipt; a proof of a fork')
    .option('--tuple <tuple>', 'the answer must be about this tuple', (value: string, before: string[] = []) => [
      ...before,
      value,
    ]);
  withQuestionOptions(command)
    .option('--root <hex>', 'trust this tree root')
    .option('--block <hex>', 'trust this block hash')
    .option('--keys <file>', 'of a receipt: the policy with the pinned origin, keys and quorum')
    .option('--json', 'print JSON')
    .addHelpText('after', HELP)
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
  const text = readText(file);
  if (isReceipt(text) || isForkProof(text)) {
    if (root !== undefined || block !== undefined)
      throw usageFailure('A receipt carries its own anchor: give --keys, not --root or --block.');
    const tuple = onlyTuple(options);
    const signed = {
      ...(options.keys === undefined ? {} : { keys: options.keys }),
      ...(tuple === undefined ? {} : { tuple: parseTuple(tuple) }),
      ...(options.json === undefined ? {} : { json: options.json }),
    };
    return isReceipt(text) ? verifyReceiptText(text, signed) : verifyForkText(text, signed);
  }
  if (options.keys !== undefined)
    throw usageFailure(`${file} is no receipt, so no key has signed it: --keys says nothing about it.`);
  const trusted = { ...(root === undefined ? {} : { root }), ...(block === undefined ? {} : { block }) };
  verifyAnswerJson(parseAnswer(file, text), options, trusted);
}
