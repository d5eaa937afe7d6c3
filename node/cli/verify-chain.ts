/** `vouch verify FILE` of a block or a transaction: that it stands in a vault's chain, and what the transaction says. */
import { unreachable } from '../../core/assert.ts';
import { toHex } from '../../core/bytes/text.ts';
import { type ChainAnswerVerdict, verifyChainAnswer } from '../../core/chain/chain-answer.ts';
import type { Operation } from '../../core/state/transaction.ts';
import { decodeLedgerTransaction } from '../../core/state/transaction-codec.ts';
import { nativeHasher } from '../hasher.ts';
import { timestamp } from '../http/answer.ts';
import { retentionText } from '../http/retention-text.ts';
import { CliFailure, usageFailure } from './failure.ts';
import { print, printJson } from './output.ts';
import { shown } from './shown.ts';
import { formatTuple } from './tuple-notation.ts';

export interface VerifyChainOptions {
  readonly block: string | undefined;
  /** SIZE:HEX */
  readonly log: string | undefined;
  readonly json: boolean;
}

type Found = Extract<ChainAnswerVerdict, { readonly ok: true }>;

const ANCHORED: Readonly<Record<Found['anchored'], string>> = {
  log: 'Authenticated by the root of the log that was given.',
  block: 'Authenticated by the block hash that was given.',
  none: 'Consistent with itself, NOT authenticated: give a block hash (--block), or a root of the log (--log), that you have from elsewhere.',
};

export function verifyChain(answer: unknown, { block, log, json }: VerifyChainOptions): void {
  const result = verifyChainAnswer(answer, {
    hasher: nativeHasher,
    ...(block === undefined ? {} : { block }),
    ...(log === undefined ? {} : { log: logRootOf(log) }),
  });
  if (!result.ok) {
    if (json) printJson(result);
    throw new CliFailure(`REJECTED (${result.stage}): ${shown(result.reason)}`);
  }
  if (json) return printJson(asJson(result));
  const { height, time, store, organization, transaction } = result;
  const what = transaction === undefined ? `block ${height}` : `a transaction of block ${height}`;
  print(`IN THE CHAIN: ${what} of ${timestamp(Number(time))}, vault ${store} of organization ${organization}`);
  if (transaction !== undefined) for (const line of linesOf(transaction)) print(shown(line));
  print(ANCHORED[result.anchored]);
}

function logRootOf(text: string): { readonly size: number; readonly root: string } {
  const parts = /^([1-9][0-9]{0,14}):([0-9a-fA-F]{64})$/.exec(text);
  if (parts === null) throw usageFailure(`--log is SIZE:HEX, the number of blocks and the root over them, not "${text}".`);
  return { size: Number(parts[1]), root: (parts[2] as string).toLowerCase() };
}

function asJson({ height, time, blockHash, anchored, organization, store, transaction }: Found): unknown {
  const lines = transaction === undefined ? {} : { says: linesOf(transaction) };
  return {
    ok: true,
    height,
    time: timestamp(Number(time)),
    block_hash: toHex(blockHash),
    organization,
    store,
    anchored,
    ...lines,
  };
}

/** What a transaction says, one thing a line. */
function linesOf(bytes: Uint8Array): readonly string[] {
  const decoded = decodeLedgerTransaction(bytes);
  if (!decoded.ok)
    throw new CliFailure(`REJECTED (transaction): what stands in the chain is no transaction (${decoded.reason}).`);
  const ledger = decoded.value;
  if (ledger.kind === 'createVault') return ['creates the vault'];
  if (ledger.kind === 'expire') return ['removes what had expired by then'];
  const { actor, reason, operations } = ledger.transaction;
  return [
    `actor   ${actor === '' ? '(not given)' : actor}`,
    `reason  ${reason === '' ? '(not given)' : reason}`,
    ...operations.map(lineOf),
  ];
}

function lineOf(operation: Operation): string {
  switch (operation.op) {
    case 'writeTuple':
    case 'deleteTuple': {
      const { resource, relation, subject } = operation.tuple;
      return `${operation.op === 'writeTuple' ? 'writes ' : 'deletes'} ${formatTuple({ object: resource, relation, user: subject })}`;
    }
    case 'setEntity':
      return `sets    entity ${operation.key} (${operation.value.length} bytes)`;
    case 'deleteEntity':
      return `deletes entity ${operation.key}`;
    case 'setRetention':
      return `keeps   ${retentionText(operation.retention)}`;
    case 'writeModel':
      return `writes  an authorization model (${operation.model.length} characters)`;
    default:
      return unreachable(operation);
  }
}
