/** `vouch proof`: several questions of a vault, answered with one proof in a file for `vouch verify`. */
import type { Command } from 'commander';
import type { Ics23Answer } from '../../core/ics23/answer.ts';
import { verifyIcs23Answer } from '../../core/ics23/verify-answer.ts';
import { isPointQuestion, type Question } from '../../core/proof/statement.ts';
import { questionJson } from '../../core/proof/statement-json.ts';
import { verifyStatements } from '../../core/proof/statements.ts';
import type { StatementsAnswer } from '../../core/proof/statements-answer.ts';
import { nativeHasher } from '../hasher.ts';
import { heightAsked, type ReadMode, readHeaders, vaultPath, withReadOptions } from './data-commands.ts';
import { CliFailure, usageFailure } from './failure.ts';
import { print, printJson } from './output.ts';
import { demandWritable, writeText } from './output-file.ts';
import { findingLines, ics23Lines, type QuestionOptions, questionsOf } from './question-notation.ts';
import { Remote } from './remote.ts';

interface ProofOptions extends ReadMode, QuestionOptions {
  readonly output?: string;
  readonly ics23?: boolean;
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

/** Adds the options that are questions; each may be given more than once. */
export function withQuestionOptions(command: Command): Command {
  return command
    .option('--viewers <object#relation[@kind]>', 'every user of the relation; kind: wildcard, userset or plain', collect)
    .option('--object <object>', 'every tuple of the object', collect)
    .option('--subject <[relation@]user>', 'everything granted directly to the user', collect)
    .option('--entity <key>', 'the entity', collect)
    .option('--model <id>', 'the authorization model', collect);
}

export function addProofCommand(program: Command): void {
  const command = program
    .command('proof')
    .description('prove tuples, complete sets, entities and models of a vault, with one proof for all of them')
    .argument('[tuple...]', 'is the tuple there?');
  withReadOptions(withQuestionOptions(command))
    .option('-o, --output <file>', 'write the answer with its proof here, for vouch verify')
    .option('--ics23', 'of one tuple, entity or model: the proof in the form of ICS-23, for verifiers that others wrote')
    .addHelpText(
      'after',
      '\nExample:\n  vouch proof --vault docs document:1#viewer@user:anne --viewers document:1#viewer --subject user:anne -o proof.json',
    )
    .action(proof);
}

async function proof(tuples: string[], options: ProofOptions): Promise<void> {
  const questions = questionsOf(tuples, options);
  if (questions.length === 0)
    throw usageFailure('Name what is to be proven: a tuple, --viewers, --object, --subject, --entity or --model.');
  demandWritable(options.output);
  if (options.ics23) return exportIcs23(questions, options);
  const headers = readHeaders(options);
  const remote = new Remote(options);
  const path = `/v1${await vaultPath(remote, options)}`;
  const answer = await remote.post<StatementsAnswer>(`${path}/proofs`, { statements: questions.map(questionJson) }, headers);
  // What is shown is what the proof shows, not what the node says.
  const store = path.slice(path.lastIndexOf('/') + 1);
  const verdict = verifyStatements(answer, { questions, store, ...heightAsked(options), hasher: nativeHasher });
  if (!verdict.ok)
    throw new CliFailure(`The node's proof does not hold (${verdict.stage}): ${verdict.reason}. Ask another node.`);
  if (options.output !== undefined) writeText(options.output, `${JSON.stringify(answer, undefined, 2)}\n`);
  if (options.json) return printJson(answer);
  for (const { question, finding } of verdict.statements) for (const line of findingLines(question, finding)) print(line);
  print(`at height ${verdict.height}, block ${verdict.blockHash}`);
}

async function exportIcs23(questions: readonly Question[], options: ProofOptions): Promise<void> {
  const [question] = questions;
  if (questions.length !== 1 || question === undefined || !isPointQuestion(question))
    throw usageFailure('ICS-23 knows single leaves: with --ics23 name one tuple, --entity or --model.');
  const headers = readHeaders(options);
  const remote = new Remote(options);
  const answer = await remote.post<Ics23Answer>(`/v1${await vaultPath(remote, options)}/ics23`, questionJson(question), headers);
  const verdict = verifyIcs23Answer(answer, { question, hasher: nativeHasher });
  if (!verdict.ok)
    throw new CliFailure(`The node's ICS-23 proof does not hold (${verdict.stage}): ${verdict.reason}. Ask another node.`);
  if (options.output !== undefined) writeText(options.output, `${JSON.stringify(answer, undefined, 2)}\n`);
  if (options.json) return printJson(answer);
  for (const line of ics23Lines(verdict)) print(line);
}
