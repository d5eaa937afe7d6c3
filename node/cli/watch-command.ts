/** `vouch watch`: a vault's blocks as they come. Where the node goes away the command goes on behind the last block it showed. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import { verifyChainAnswer } from '../../core/chain/chain-answer.ts';
import { nativeHasher } from '../hasher.ts';
import type { WatchedBlock, WatchedTransaction } from '../http/watch-routes.ts';
import { vaultPath, withVaultOptions } from './data-commands.ts';
import { CliFailure, usageFailure } from './failure.ts';
import { type Interruption, interruptible } from './interruption.ts';
import { print, printJson, say } from './output.ts';
import { Remote, type RemoteOptions, RemoteRefusal } from './remote.ts';
import { shown } from './shown.ts';

interface WatchOptions extends RemoteOptions {
  readonly vault?: string;
  readonly from?: string;
  readonly count?: string;
  readonly proof?: boolean;
}

/** How long nobody may answer before the command gives up. */
const PATIENCE_MS = 60_000;
const RETRY_MS = 500;

export function addWatchCommand(program: Command): void {
  withVaultOptions(program.command('watch').description('print a vault’s blocks as they come, until Ctrl-C'))
    .option('--from <height>', 'begin with this block (default: the next one)')
    .option('--count <n>', 'end after so many blocks')
    .option('--proof', 'have each block proven to stand in the log, and verify that')
    .addHelpText('after', '\nExample:\n  vouch watch --vault docs --from 1 --json')
    .action((options: WatchOptions) => interruptible((interruption) => watch(options, interruption)));
}

function countOf(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^[1-9][0-9]{0,14}$/.test(text)) return Number(text);
  throw usageFailure(`${flag} is a whole number from 1, not "${text}".`);
}

async function watch(options: WatchOptions, interruption: Interruption): Promise<void> {
  let next = countOf('--from', options.from);
  let left = countOf('--count', options.count) ?? Number.POSITIVE_INFINITY;
  const remote = new Remote({ ...options, signal: interruption.signal });
  const path = await vaultPath(remote, options);
  let until = performance.now() + PATIENCE_MS;
  while (left > 0) {
    try {
      for await (const block of blocks(remote, path, next, options, interruption)) {
        if (next !== undefined && block.height !== next)
          throw new CliFailure(`The node sent block ${block.height} after ${next - 1}.`);
        show(block, path, options);
        next = block.height + 1;
        left -= 1;
        until = performance.now() + PATIENCE_MS;
        if (left === 0) return;
      }
    } catch (error) {
      interruption.check();
      const isRefused = error instanceof RemoteRefusal && error.status < 500;
      if (
        isRefused ||
        !(error instanceof CliFailure || error instanceof TypeError) ||
        performance.now() > until ||
        next === undefined
      )
        throw error;
      say(`vouch: ${error instanceof CliFailure ? error.message : 'the connection broke'} Going on from block ${next}.`);
    }
    await delay(RETRY_MS, undefined, { signal: interruption.signal });
  }
}

/** The lines of one connection. */
async function* blocks(
  remote: Remote,
  path: string,
  from: number | undefined,
  options: WatchOptions,
  interruption: Interruption,
): AsyncGenerator<WatchedBlock, void> {
  const query = from === undefined ? '' : `?from=${from}`;
  const headers = options.proof === true ? { 'vouch-proof': '1' } : {};
  const { body } = await remote.stream(`/v1${path}/blocks/watch${query}`, interruption.signal, headers);
  let rest = '';
  for await (const text of body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split('\n');
    rest = lines.pop() as string;
    for (const line of lines) {
      if (line === '') continue;
      const parsed = JSON.parse(line) as WatchedBlock & { readonly error?: { readonly message: string; readonly code: string } };
      if (parsed.error !== undefined) throw new CliFailure(`${parsed.error.message} (${parsed.error.code})`);
      yield parsed;
    }
  }
}

function show(block: WatchedBlock, path: string, options: WatchOptions): void {
  if (options.proof === true) {
    const store = path.slice(path.lastIndexOf('/') + 1);
    const expected = { store, height: block.height, block: block.block_hash, hasher: nativeHasher };
    const verdict = verifyChainAnswer(block.inclusion, expected);
    if (!verdict.ok)
      throw new CliFailure(`The node's proof of block ${block.height} does not hold (${verdict.stage}): ${verdict.reason}`);
  }
  if (options.json === true) return printJson(block);
  print(`block ${block.height} ${block.time} ${block.block_hash}${block.pruned ? ' (its transactions are not kept)' : ''}`);
  for (const transaction of block.transactions) for (const line of transactionLines(transaction)) print(line);
}

function transactionLines({ kind, actor = '', reason = '', operations = [] }: WatchedTransaction): readonly string[] {
  const who = [actor === '' ? '' : ` by ${shown(actor)}`, reason === '' ? '' : `: ${shown(reason)}`].join('');
  return [`  ${kind}${who}`, ...operations.map(({ op, ...fields }) => `    ${op} ${shown(JSON.stringify(fields))}`)];
}
