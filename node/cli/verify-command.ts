/** `vouch verify FILE`: checks an answer with its proof offline. Nothing is asked of any node. */
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { verifyAnswer } from '../../core/proof/answer.ts';
import { nativeHasher } from '../hasher.ts';
import { CliFailure, usageFailure } from './failure.ts';
import { print, printJson } from './output.ts';
import { formatTuple, parseTuple } from './tuple-notation.ts';

interface VerifyOptions {
  readonly tuple?: string;
  readonly root?: string;
  readonly block?: string;
  readonly json?: boolean;
}

export function addVerifyCommand(program: Command): void {
  program
    .command('verify')
    .description('check an answer with its proof, offline; exit 0 = it holds, 1 = it does not')
    .argument('<file>', 'an answer saved by vouch check --proof, or got with the header Vouch-Proof: 1')
    .option('--tuple <tuple>', 'the answer must be about this tuple')
    .option('--root <hex>', 'trust this tree root')
    .option('--block <hex>', 'trust this block hash')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  vouch verify answer.json --tuple document:1#viewer@user:anne --block 5a3f…')
    .action(verify);
}

function anchor(text: string | undefined, flag: string): string | undefined {
  if (text === undefined) return undefined;
  const lower = text.toLowerCase();
  if (!/^[0-9a-f]{64}$/.test(lower)) throw usageFailure(`${flag} is 64 hex digits, not "${text}".`);
  return lower;
}

function readAnswer(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw usageFailure(`${file} cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'unknown reason'}.`);
  }
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
  const result = verifyAnswer(readAnswer(file), {
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
