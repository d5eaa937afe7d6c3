/** `vouch receipt`: what a vault says of some tuples, with a checkpoint that its nodes have signed, in a file that holds without us. */
import type { Command } from 'commander';
import { verifyReceipt } from '../../core/receipt/verify.ts';
import { nativeHasher } from '../hasher.ts';
import type { ReceiptJson } from '../http/receipt-routes.ts';
import { nativeVerifier } from '../keys/native-ed25519.ts';
import { countOf } from './checkpoint-command.ts';
import { CliFailure, usageFailure } from './failure.ts';
import { print, printJson } from './output.ts';
import { demandWritable, writeText } from './output-file.ts';
import { Remote, type RemoteOptions, withRemoteOptions } from './remote.ts';
import { parseTuple } from './tuple-notation.ts';
import { readPolicy, receiptLines } from './verify-receipt.ts';

interface ReceiptOptions extends RemoteOptions {
  readonly vault?: string;
  readonly output?: string;
  readonly minSignatures?: string;
  readonly keys?: string;
}

export function addReceiptCommand(program: Command): void {
  withRemoteOptions(
    program.command('receipt').description('prove tuples, or that they are not there, in a file for vouch verify --keys'),
  )
    .argument('<tuple...>')
    .option('--vault <vault>', 'name or id')
    .requiredOption('-o, --output <file>', 'write the receipt there, such as anne.tlog-proof')
    .option('--min-signatures <k>', 'under a checkpoint of at least so many nodes; else of a majority')
    .option('--keys <file>', 'check it against this policy before it is written')
    .addHelpText(
      'after',
      '\nExample:\n  vouch receipt --vault docs document:1#viewer@user:anne --keys policy.txt -o anne.tlog-proof',
    )
    .action(receipt);
}

async function receipt(tuples: readonly string[], options: ReceiptOptions): Promise<void> {
  const { vault, output, minSignatures, keys, ...remoteOptions } = options;
  if (vault === undefined) throw usageFailure('Name the vault: --vault NAME.');
  const questions = tuples.map((text) => ({ kind: 'tuple', tuple: parseTuple(text) }) as const);
  const policy = keys === undefined ? undefined : readPolicy(keys);
  demandWritable(output);
  const remote = new Remote(remoteOptions);
  const store = await remote.vaultId(vault);
  const statements = questions.map(({ tuple: { resource, relation, subject } }) => ({
    tuple: { user: subject, relation, object: resource },
  }));
  const signatures = minSignatures === undefined ? 0 : countOf('--min-signatures', minSignatures);
  const made = await remote.post<ReceiptJson>(`/v1/stores/${store}/receipts?signatures=${signatures}`, { statements });
  // What is written is what was asked, and holds: the node's word is not enough.
  const verdict = verifyReceipt(made.receipt, {
    hasher: nativeHasher,
    verifier: nativeVerifier,
    questions,
    store,
    ...(policy === undefined ? {} : { policy }),
  });
  if (!verdict.ok)
    throw new CliFailure(`The node's receipt does not hold (${verdict.stage}): ${verdict.reason}. Ask another node.`);
  writeText(output as string, made.receipt);
  if (options.json) return printJson({ height: made.height, size: made.size, signatures: made.signatures, file: output });
  for (const line of receiptLines(verdict)) print(line);
}
