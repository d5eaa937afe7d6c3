/** `vouch entity`: values by key, with preconditions, expiry and proofs. */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { fromBase64 } from '../../core/bytes/base64.ts';
import { verifyStatements } from '../../core/proof/statements.ts';
import type { StatementsAnswer } from '../../core/proof/statements-answer.ts';
import { nativeHasher } from '../hasher.ts';
import type { EntityJson } from '../http/entity-routes.ts';
import { expiryOf } from '../http/expiry.ts';
import type { TransactedJson } from '../http/transaction-routes.ts';
import { heightAsked, type ReadMode, readHeaders, vaultPath, withReadOptions, withVaultOptions } from './data-commands.ts';
import { CliFailure, usageFailure } from './failure.ts';
import { print, printJson } from './output.ts';
import { demandWritable, writeOutput, writeText } from './output-file.ts';
import { findingLines } from './question-notation.ts';
import { Remote, type RemoteOptions, RemoteRefusal } from './remote.ts';
import { checked } from './retention-command.ts';
import { shown } from './shown.ts';

interface ChangeOptions extends RemoteOptions {
  readonly vault?: string;
  readonly ifAbsent?: boolean;
  readonly ifPresent?: boolean;
  readonly ifVersion?: string;
  readonly ifValue?: string;
  readonly actor?: string;
  readonly reason?: string;
  readonly proof?: string;
}

interface SetOptions extends ChangeOptions {
  readonly file?: string;
  readonly expires?: string;
}

interface GetOptions extends ReadMode {
  readonly output?: string;
  readonly proof?: string;
}

function withChangeOptions(command: Command): Command {
  return withVaultOptions(command)
    .option('--if-absent', 'only if nothing is there')
    .option('--if-present', 'only if something is there')
    .option('--if-version <height>', 'only if it was last written by this block; 0 = nothing is there')
    .option('--if-value <text>', 'only if the value is this text')
    .option('--actor <text>', 'who does it, for the audit trail')
    .option('--reason <text>', 'why, for the audit trail')
    .option('--proof <file>', 'write here that the transaction is in the chain, for vouch verify');
}

export function addEntityCommands(program: Command): void {
  const entity = program.command('entity').description('entities: values by key, versioned, provable, with preconditions');
  withChangeOptions(entity.command('set').description('set a value').argument('<key>').argument('[text]', 'the value'))
    .option('--file <file>', 'the value is what this file holds; - for stdin')
    .option('--expires <time>', 'when it ends to be there: a time such as 30d from now, or 2030-01-31T12:00:00Z')
    .addHelpText(
      'after',
      '\nExample:\n  vouch entity set --vault docs policy/7 \'{"max":3}\' --if-absent\n  vouch entity set --vault docs session/9 open --expires 30m',
    )
    .action(set);
  withReadOptions(entity.command('get').description('print a value; exit 0 = it is there, 1 = it is not').argument('<key>'))
    .option('-o, --output <file>', 'write the value here')
    .option('--proof <file>', 'write here what is provably there or not, for vouch verify')
    .addHelpText('after', '\nExample:\n  vouch entity get --vault docs policy/7 --proof policy.json')
    .action(get);
  withChangeOptions(entity.command('delete').description('delete a value, if it is there').argument('<key>'))
    .addHelpText('after', '\nExample:\n  vouch entity delete --vault docs policy/7 --if-version 12')
    .action(remove);
}

async function entityPath(remote: Remote, key: string, options: RemoteOptions & { readonly vault?: string }): Promise<string> {
  if (key === '') throw usageFailure('The key is empty.');
  return `/v1${await vaultPath(remote, options)}/entities/${encodeURIComponent(key)}`;
}

function preconditionOf(options: ChangeOptions): object {
  const { ifAbsent, ifPresent, ifVersion, ifValue } = options;
  const given = [ifAbsent, ifPresent, ifVersion, ifValue].filter((one) => one !== undefined);
  if (given.length === 0) return {};
  if (given.length > 1) throw usageFailure('Of --if-absent, --if-present, --if-version and --if-value give one.');
  if (ifAbsent === true) return { precondition: { must_not_exist: true } };
  if (ifPresent === true) return { precondition: { must_exist: true } };
  if (ifValue !== undefined) return { precondition: { value_equals: base64(Buffer.from(ifValue)) } };
  if (ifVersion === undefined || !/^(?:0|[1-9][0-9]{0,14})$/.test(ifVersion))
    throw usageFailure(`--if-version is a height, not "${ifVersion}".`);
  return { precondition: { version_equals: Number(ifVersion) } };
}

function changeHeaders({ actor, reason, proof }: ChangeOptions): Record<string, string> {
  return {
    ...(actor === undefined ? {} : { 'vouch-actor': actor }),
    ...(reason === undefined ? {} : { 'vouch-reason': reason }),
    ...(proof === undefined ? {} : { 'vouch-proof': '1' }),
  };
}

function base64(bytes: Buffer): string {
  return bytes.toString('base64');
}

function givenValue(text: string | undefined, file: string | undefined): Buffer {
  if ((text === undefined) === (file === undefined)) throw usageFailure('Give the value: as a text, or with --file.');
  if (file === undefined) return Buffer.from(text as string);
  try {
    return readFileSync(file === '-' ? 0 : file);
  } catch (error) {
    throw usageFailure(`${file} cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'unknown reason'}.`);
  }
}

/** A time from now, or a time. */
function expiryFields(text: string | undefined): { readonly expires_in?: string; readonly expires_at?: string } {
  if (text === undefined) return {};
  const fields = /^[0-9]+(?:d|h|m|s|ms|us)$/.test(text) ? { expires_in: text } : { expires_at: text };
  checked('--expires', 'body.expires_at', text, () => expiryOf(fields, 'body'));
  return fields;
}

async function set(key: string, text: string | undefined, options: SetOptions): Promise<void> {
  const value = givenValue(text, options.file);
  const body = { value: base64(value), ...expiryFields(options.expires), ...preconditionOf(options) };
  demandWritable(options.proof);
  const remote = new Remote(options);
  const answer = await remote.put<TransactedJson>(await entityPath(remote, key, options), body, changeHeaders(options));
  told(answer, options, `Set ${shown(key)} to ${value.length} bytes`);
}

async function remove(key: string, options: ChangeOptions): Promise<void> {
  const body = preconditionOf(options);
  demandWritable(options.proof);
  const remote = new Remote(options);
  const answer = await remote.delete<TransactedJson>(await entityPath(remote, key, options), body, changeHeaders(options));
  told(answer, options, answer.changed ? `Deleted ${shown(key)}` : `There was no ${shown(key)}`);
}

function told(answer: TransactedJson, options: ChangeOptions, done: string): void {
  if (options.proof !== undefined && answer.inclusion !== undefined) writeJson(options.proof, answer.inclusion);
  if (options.json === true) return printJson(answer);
  print(`${done} at height ${answer.version}.`);
}

function writeJson(file: string, value: unknown): void {
  writeText(file, `${JSON.stringify(value, undefined, 2)}\n`);
}

async function get(key: string, options: GetOptions): Promise<void> {
  demandWritable(options.output, options.proof);
  const headers = readHeaders(options);
  const remote = new Remote(options);
  const path = await entityPath(remote, key, options);
  if (options.proof !== undefined) return getProven(remote, path, key, options);
  try {
    const found = await remote.get<EntityJson>(path, headers);
    if (options.json === true) return printJson(found);
    giveOut(fromBase64(found.value) ?? new Uint8Array(0), options);
  } catch (error) {
    if (!(error instanceof RemoteRefusal) || error.code !== 'entity_not_found') throw error;
    if (options.json === true) printJson({ key, value: null, ...error.body });
    throw new CliFailure(`${String(error.body.message)}`);
  }
}

/** What is printed is what the proof shows, not what the node says. */
async function getProven(remote: Remote, path: string, key: string, options: GetOptions): Promise<void> {
  const answer = await remote.get<StatementsAnswer>(path, { ...readHeaders(options), 'vouch-proof': '1' });
  const store = /\/stores\/([^/]+)\//.exec(path)?.[1] ?? '';
  const verdict = verifyStatements(answer, {
    questions: [{ kind: 'entity', key }],
    store,
    ...heightAsked(options),
    hasher: nativeHasher,
  });
  if (!verdict.ok)
    throw new CliFailure(`The node's proof does not hold (${verdict.stage}): ${verdict.reason}. Ask another node.`);
  writeJson(options.proof as string, answer);
  const [statement] = verdict.statements;
  const found = statement?.finding.kind === 'entity' ? statement.finding.found : undefined;
  if (found === undefined) process.exitCode = 1;
  if (options.output !== undefined && found !== undefined) giveOut(found.value, options);
  if (options.json === true) return printJson(answer);
  for (const { question, finding } of verdict.statements) for (const line of findingLines(question, finding)) print(line);
  print(`at height ${verdict.height}, block ${verdict.blockHash}`);
}

/** The bytes as they are where something reads them; as a line, and without what moves a cursor, on a terminal. */
function giveOut(value: Uint8Array, { output }: GetOptions): void {
  if (output !== undefined) return writeOutput(output, (file) => writeFileSync(file, value));
  if (process.stdout.isTTY) print(shown(new TextDecoder().decode(value)));
  else process.stdout.write(value);
}
