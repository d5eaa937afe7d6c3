/** `vouch check`: has a user a relation to an object? With a certificate what is shown is what was evaluated here, not what the node says. */
import type { Command } from 'commander';
import { explain } from '../../core/authz/explain.ts';
import type { CertificateAnswer } from '../../core/certificate/answer.ts';
import { verifyAnswer } from '../../core/proof/answer.ts';
import { verifyCheck } from '../../core/verify/check.ts';
import { nativeHasher } from '../hasher.ts';
import { heightAsked, type ReadMode, readHeaders, vaultPath, withReadOptions } from './data-commands.ts';
import { CliFailure, usageFailure } from './failure.ts';
import { type Judging, judgingBody, underOf, withJudgingOptions } from './judging-options.ts';
import { print, printJson } from './output.ts';
import { demandWritable, writeText } from './output-file.ts';
import { Remote } from './remote.ts';
import { parseTuple } from './tuple-notation.ts';

interface CheckOptions extends ReadMode, Judging {
  readonly proof?: string;
  readonly explain?: boolean;
}

interface CheckJson {
  readonly allowed: boolean;
  readonly height: number;
  readonly statement?: CertificateAnswer['statement'];
}

/** What an answer with a proof comes to, evaluated here. */
interface Held {
  readonly allowed: boolean;
  readonly why: readonly string[];
}

export function addCheckCommand(program: Command): void {
  const command = program
    .command('check')
    .description('has the user the relation to the object? exit 0 = allowed, 1 = denied, 2 = no answer')
    .argument('<object#relation@user>');
  withJudgingOptions(withReadOptions(command))
    .option('--proof <file>', 'ask for a certificate, evaluate it here, and write the answer for vouch verify')
    .option('--explain', 'say why, as the certificate shows it')
    .addHelpText(
      'after',
      `
By the vault's newest authorization model, or --model. In a vault without models: is the exact tuple there?

Example:
  vouch check --vault docs document:1#viewer@user:anne --proof answer.json
  vouch check --vault docs document:1#viewer@user:anne --explain --context '{"ip":"10.0.0.1"}'`,
    )
    .action(async (text: string, options: CheckOptions) => {
      try {
        await check(text, options);
      } catch (error) {
        // Scripts take 1 for "denied".
        throw error instanceof CliFailure ? usageFailure(error.message) : error;
      }
    });
}

async function check(text: string, options: CheckOptions): Promise<void> {
  const { resource, relation, subject } = parseTuple(text);
  demandWritable(options.proof);
  const isProven = options.proof !== undefined || options.explain === true;
  const body = { tuple_key: { user: subject, relation, object: resource }, ...judgingBody(options) };
  const headers = { ...readHeaders(options), ...(isProven ? { 'vouch-proof': '1' } : {}) };
  const remote = new Remote(options);
  const path = await vaultPath(remote, options);
  const answer = await remote.post<CheckJson>(`${path}/check`, body, headers);
  const held = isProven
    ? verified(answer, { resource, relation, subject }, { options, path })
    : { allowed: answer.allowed, why: [] };
  if (options.proof !== undefined) writeText(options.proof, `${JSON.stringify(answer, undefined, 2)}\n`);
  if (options.json) printJson(options.explain ? { ...answer, explanation: held.why } : answer);
  else {
    print(`${held.allowed ? 'allowed' : 'denied'} at height ${answer.height}`);
    if (options.explain) for (const line of held.why) print(line);
  }
  if (!held.allowed) process.exitCode = 1;
}

function verified(
  answer: CheckJson,
  tuple: { readonly resource: string; readonly relation: string; readonly subject: string },
  { options, path }: { readonly options: CheckOptions; readonly path: string },
): Held {
  const known = { tuple, store: path.slice(path.lastIndexOf('/') + 1), ...heightAsked(options), hasher: nativeHasher };
  const model = answer.statement?.model;
  if (model === undefined) {
    const verdict = verifyAnswer(answer, known);
    if (!verdict.ok) throw invalid(verdict);
    if (verdict.allowed && verdict.condition !== undefined)
      throw new CliFailure(`The tuple holds under the condition '${verdict.condition.name}', which only a model can judge.`);
    if (options.model !== undefined)
      throw new CliFailure(`The answer is by no model, not by ${options.model}. Ask another node.`);
    const { resource, relation, subject } = tuple;
    const line = `${resource}#${relation}@${subject} is ${verdict.allowed ? '' : 'not '}there; this vault has no authorization model`;
    return { allowed: verdict.allowed, why: [line] };
  }
  const verdict = verifyCheck(answer, { ...known, ...underOf(options, model) });
  if (!verdict.ok) throw invalid(verdict);
  return { allowed: verdict.allowed, why: verdict.why === undefined ? [] : explain(verdict.why) };
}

function invalid({ stage, reason }: { readonly stage: string; readonly reason: string }): CliFailure {
  return new CliFailure(`The node's certificate does not hold (${stage}): ${reason}. Ask another node.`);
}
