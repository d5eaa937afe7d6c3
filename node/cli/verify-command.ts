/** `vouch verify FILE`: checks an answer with its proof, a receipt, a checkpoint or a proof of a fork, offline. Nothing is asked of any node. */
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { isCertificateReceipt } from '../../core/certificate/receipt.ts';
import { isChainAnswer } from '../../core/chain/chain-answer.ts';
import { CliFailure, usageFailure } from './failure.ts';
import { withQuestionOptions } from './proof-command.ts';
import { questionsOf } from './question-notation.ts';
import { isAsked, verifyAnswerJson } from './verify-answer.ts';
import { asksOfModel, type CertificateOptions, verifyCertificateReceiptText } from './verify-certificate.ts';
import { verifyChain } from './verify-chain.ts';
import { isNote, verifyNoteText } from './verify-note.ts';
import { isForkProof, isReceipt, verifyForkText, verifyReceiptText } from './verify-receipt.ts';

interface VerifyOptions extends CertificateOptions {
  readonly root?: string;
  readonly block?: string;
  readonly keys?: string;
  readonly log?: string;
}

const HELP = `
An answer of vouch proof, and a receipt, must answer exactly the questions that are given here, if any are. Of a check that a model decides
--tuple, --context, --contextual and --model name all that it is decided by: what is not given was not there.

Example:
  vouch verify answer.json --tuple document:1#viewer@user:anne --block 5a3f…
  vouch verify check.json --tuple document:1#can_view@user:anne --model 01J… --block 5a3f… --explain
  vouch verify anne.tlog-proof --keys policy.txt
  vouch verify docs.note --keys policy.txt`;

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

export function addVerifyCommand(program: Command): void {
  const command = program
    .command('verify')
    .description('check an answer with its proof, a receipt or a checkpoint, offline; exit 0 = it holds, 1 = it does not')
    .argument(
      '<file>',
      'an answer saved by vouch check --proof or vouch proof, or got over HTTP; a block or a transaction of the log; a receipt; a checkpoint; a proof of a fork',
    )
    .option('--tuple <tuple>', 'the answer must be about this tuple', collect);
  withQuestionOptions(command)
    .option('--context <json>', 'of what a model decides: the context of the check that --tuple names; none unless given')
    .option(
      '--contextual <tuple>',
      'a tuple that the check takes for granted, perhaps with a condition behind it: "tuple if name {json}"; none unless given',
      collect,
    )
    .option('--explain', 'of a check that a model decides: say why')
    .option('--root <hex>', 'trust this tree root')
    .option('--block <hex>', 'trust this block hash')
    .option('--keys <file>', 'of a receipt or a checkpoint: the policy with the pinned origin, keys and quorum')
    .option('--log <size:hex>', 'of a block or a transaction: trust this root of the log at that size')
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
    throw new CliFailure(`REJECTED (decode): ${file} is not JSON, nor any other file that vouch verify knows.`);
  }
}

function verify(file: string, options: VerifyOptions): void {
  const root = anchor(options.root, '--root');
  const block = anchor(options.block, '--block');
  const text = readText(file);
  if (text.startsWith('VOUCHAUD')) throw usageFailure(`${file} is an audit file: vouch audit verify ${file}.`);
  const check = isReceipt(text)
    ? verifyReceiptText
    : isForkProof(text)
      ? verifyForkText
      : isNote(text)
        ? verifyNoteText
        : undefined;
  if (check !== undefined) {
    if (root !== undefined || block !== undefined || options.log !== undefined)
      throw usageFailure('What is signed carries its own anchor: give --keys, not --root, --block or --log.');
    if (isCertificateReceipt(text)) return verifyCertificateReceiptText(text, options, options.keys);
    if (asksOfModel(options))
      throw usageFailure('No model decides what the file says: --context, --contextual and --explain say nothing about it.');
    const signed = {
      questions: questionsOf(options.tuple ?? [], options),
      ...(options.keys === undefined ? {} : { keys: options.keys }),
      ...(options.json === undefined ? {} : { json: options.json }),
    };
    return check(text, signed);
  }
  if (options.keys !== undefined)
    throw usageFailure(`${file} is no receipt and no checkpoint, so no key has signed it: --keys says nothing about it.`);
  const answer = parseAnswer(file, text);
  if (isChainAnswer(answer)) {
    if (root !== undefined || isAsked(options)) {
      throw usageFailure(`${file} is about the chain: --root, --tuple and other questions are of answers about the state.`);
    }
    return verifyChain(answer, { block, log: options.log, json: options.json === true });
  }
  if (options.log !== undefined) throw usageFailure(`${file} is an answer about the state: --log is of blocks and transactions.`);
  const trusted = { ...(root === undefined ? {} : { root }), ...(block === undefined ? {} : { block }) };
  verifyAnswerJson(answer, options, trusted);
}
