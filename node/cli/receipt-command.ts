/** `vouch receipt`: what a vault says to some questions, with a checkpoint that its nodes have signed, in a file that holds without us. */
import type { Command } from 'commander';
import { decodeCheckpoint } from '../../core/note/checkpoint.ts';
import { nodesNeeded } from '../../core/note/nodes-needed.ts';
import { isPinned, type Policy } from '../../core/note/policy.ts';
import { questionJson } from '../../core/proof/statement-json.ts';
import { decodeReceipt } from '../../core/receipt/format.ts';
import { verifyReceipt } from '../../core/receipt/verify.ts';
import { nativeHasher } from '../hasher.ts';
import type { ReceiptJson } from '../http/receipt-routes.ts';
import { nativeVerifier } from '../keys/native-ed25519.ts';
import { keptReceiptLines, readKeptAnswer, receiptOfAnswer } from './answer-receipt.ts';
import { countOf } from './checkpoint-command.ts';
import { heightAsked, type ReadMode, readHeaders, vaultPath, withReadOptions } from './data-commands.ts';
import { CliFailure, usageFailure } from './failure.ts';
import { print, printJson } from './output.ts';
import { demandWritable, writeText } from './output-file.ts';
import { withOutsideWitnesses } from './outside-witnesses.ts';
import { withQuestionOptions } from './proof-command.ts';
import { type QuestionOptions, questionsOf } from './question-notation.ts';
import { Remote } from './remote.ts';
import { readPolicy, receiptLines } from './verify-receipt.ts';

interface ReceiptOptions extends ReadMode, QuestionOptions {
  readonly output: string;
  readonly minSignatures?: string;
  readonly keys?: string;
  readonly answer?: string;
}

export function addReceiptCommand(program: Command): void {
  const command = program
    .command('receipt')
    .description(
      'prove tuples, complete sets and entities of a vault, or an answer that was kept, in a file that vouch verify --keys believes, offline',
    )
    .argument('[tuple...]', 'is the tuple there?');
  withReadOptions(withQuestionOptions(command))
    .requiredOption('-o, --output <file>', 'write the receipt there, such as anne.tlog-proof')
    .option(
      '--min-signatures <k>',
      'under a checkpoint of at least so many nodes; else of a majority, or of as many as the policy of --keys needs',
    )
    .option(
      '--keys <file>',
      'ask the witnesses of this policy that have a URL, and check the receipt against it before it is written',
    )
    .option(
      '--answer <file>',
      'of the answer in this file, which --proof of check, list-objects or list-users has written, or proof -o',
    )
    .addHelpText(
      'after',
      `
Example:
  vouch receipt --vault docs document:1#viewer@user:anne --keys policy.txt -o anne.tlog-proof
  vouch check --vault docs document:1#viewer@user:anne --proof check.json
  vouch receipt --vault docs --answer check.json --keys policy.txt -o check.tlog-proof`,
    )
    .action(receipt);
}

async function receipt(tuples: readonly string[], options: ReceiptOptions): Promise<void> {
  const { output, minSignatures, keys, json } = options;
  const questions = questionsOf(tuples, options);
  if (options.answer !== undefined) {
    if (questions.length > 0) throw usageFailure('--answer holds its questions already: name none beside it.');
    return ofAnswer(options.answer, options);
  }
  if (questions.length === 0) {
    throw usageFailure(
      'Name what is to be proven: a tuple, --viewers, --object, --subject, --entity, or an --answer that is proven.',
    );
  }
  const policy = keys === undefined ? undefined : readPolicy(keys);
  demandWritable(output);
  const least = minSignatures === undefined ? undefined : countOf('--min-signatures', minSignatures);
  const remote = new Remote(options);
  const path = `/v1${await vaultPath(remote, options)}`;
  const body = { statements: questions.map(questionJson) };
  const ask = (signatures: number): Promise<ReceiptJson> =>
    remote.post(`${path}/receipts?signatures=${signatures}`, body, readHeaders(options));
  let made = await ask(least ?? 0);
  const needed = policy === undefined || least !== undefined || !isOfPinned(policy, made.receipt) ? 0 : nodesNeeded(policy);
  if (made.signatures < needed) made = await ask(needed); // the policy wants more than a majority
  const text = policy === undefined ? made.receipt : await withOutsideWitnesses(remote, path, policy, made.receipt);
  // What is written is what was asked, and holds: the node's word is not enough.
  const verdict = verifyReceipt(text, {
    hasher: nativeHasher,
    verifier: nativeVerifier,
    questions,
    store: path.slice(path.lastIndexOf('/') + 1),
    ...heightAsked(options),
    ...(policy === undefined ? {} : { policy }),
  });
  if (!verdict.ok) throw new CliFailure(`The receipt does not hold (${verdict.stage}): ${verdict.reason}.`);
  writeText(output, text);
  if (json) return printJson({ height: made.height, size: made.size, signatures: made.signatures, file: output });
  for (const line of receiptLines(verdict)) print(line);
}

/** A receipt of what a file proves. */
async function ofAnswer(file: string, options: ReceiptOptions): Promise<void> {
  const { output, minSignatures, keys, json } = options;
  if (options.at !== undefined) throw usageFailure('An answer has its block already: leave --at out.');
  const kept = readKeptAnswer(file);
  const policy = keys === undefined ? undefined : readPolicy(keys);
  demandWritable(output);
  const least = minSignatures === undefined ? undefined : countOf('--min-signatures', minSignatures);
  const remote = new Remote(options);
  const path = `/v1${await vaultPath(remote, options)}`;
  const made = await receiptOfAnswer(remote, path, kept, least ?? 0);
  const needed = policy === undefined || least !== undefined || !isOfPinned(policy, made) ? 0 : nodesNeeded(policy);
  const enough = needed > 0 ? await receiptOfAnswer(remote, path, kept, needed) : made;
  const text = policy === undefined ? enough : await withOutsideWitnesses(remote, path, policy, enough);
  const store = path.slice(path.lastIndexOf('/') + 1);
  const lines = keptReceiptLines(text, kept, { store, ...(policy === undefined ? {} : { policy }) });
  writeText(output, text);
  if (json) return printJson({ height: kept.height, file: output });
  for (const line of lines) print(line);
}

/** Whether the log is one that the policy is for; where not, no number of signatures helps, and the verdict says so. */
function isOfPinned(policy: Policy, text: string): boolean {
  const receipt = decodeReceipt(text);
  const checkpoint = receipt.ok ? decodeCheckpoint(receipt.value.note.text) : receipt;
  return checkpoint.ok && isPinned(policy, checkpoint.value.origin);
}
