/** `vouch list-objects | list-users`: to which objects a user has a relation, and who has one to an object, by the vault's model. */
import type { Command } from 'commander';
import type { CertificateAnswer } from '../../core/certificate/answer.ts';
import { verifyListObjects, verifyListUsers } from '../../core/verify/check.ts';
import { nativeHasher } from '../hasher.ts';
import { heightAsked, type ReadMode, readHeaders, vaultPath, withReadOptions } from './data-commands.ts';
import { CliFailure, usageFailure } from './failure.ts';
import { type Judging, judgingBody, underOf, withJudgingOptions } from './judging-options.ts';
import { print, printJson } from './output.ts';
import { demandWritable, writeText } from './output-file.ts';
import { Remote } from './remote.ts';

interface ListOptions extends ReadMode, Judging {
  readonly proof?: string;
  readonly type?: readonly string[];
}

type Verdict =
  | { readonly ok: true; readonly members: readonly string[] }
  | { readonly ok: false; readonly stage: string; readonly reason: string };

function withListOptions(command: Command): Command {
  return withJudgingOptions(withReadOptions(command)).option(
    '--proof <file>',
    'ask for a certificate, evaluate it here, and write the answer for vouch verify',
  );
}

export function addListCommands(program: Command): void {
  withListOptions(
    program
      .command('list-objects')
      .description('every object of a type to which the user has the relation')
      .argument('<type>')
      .argument('<relation>')
      .argument('<user>'),
  )
    .addHelpText('after', '\nExample:\n  vouch list-objects --vault docs document viewer user:anne --proof objects.json')
    .action(listObjects);
  withListOptions(
    program
      .command('list-users')
      .description('every user that has the relation to the object')
      .argument('<object#relation>')
      .option('--type <type>', 'of users: user, or usersets: group#member; may be given more than once (default: user)', collect),
  )
    .addHelpText('after', '\nExample:\n  vouch list-users --vault docs document:1#viewer --type user --type group#member')
    .action(listUsers);
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

async function listObjects(type: string, relation: string, user: string, options: ListOptions): Promise<void> {
  const body = { type, relation, user, ...judgingBody(options) };
  const question = { type, relation, subject: user };
  await list('list-objects', body, options, (answer, store) => {
    const { model } = answer.statement;
    const verdict = verifyListObjects(answer, {
      ...underOf(options, model),
      question,
      store,
      ...heightAsked(options),
      hasher: nativeHasher,
    });
    return verdict.ok ? { ok: true, members: verdict.objects } : verdict;
  });
}

async function listUsers(relationOf: string, options: ListOptions): Promise<void> {
  const match = /^([^#:]+):([^#]+)#([^#]+)$/.exec(relationOf);
  if (match === null)
    throw usageFailure(`Name the relation as object#relation, for example document:1#viewer, not "${relationOf}".`);
  const [, type, id, relation] = match as unknown as readonly [string, string, string, string];
  const filters = (options.type ?? ['user']).map((text) => {
    const [of = '', userset = ''] = text.split('#');
    return { type: of, relation: userset };
  });
  const body = {
    object: { type, id },
    relation,
    user_filters: filters.map((filter) => (filter.relation === '' ? { type: filter.type } : filter)),
    ...judgingBody(options),
  };
  const question = { resource: `${type}:${id}`, relation, filters };
  await list('list-users', body, options, (answer, store) => {
    const { model } = answer.statement;
    const verdict = verifyListUsers(answer, {
      ...underOf(options, model),
      question,
      store,
      ...heightAsked(options),
      hasher: nativeHasher,
    });
    return verdict.ok ? { ok: true, members: verdict.users } : verdict;
  });
}

async function list(
  route: 'list-objects' | 'list-users',
  body: unknown,
  options: ListOptions,
  verify: (answer: CertificateAnswer, store: string) => Verdict,
): Promise<void> {
  demandWritable(options.proof);
  const remote = new Remote(options);
  const path = await vaultPath(remote, options);
  const headers = { ...readHeaders(options), ...(options.proof === undefined ? {} : { 'vouch-proof': '1' }) };
  const answer = await remote.post<CertificateAnswer & { readonly users?: readonly unknown[] }>(
    `${path}/${route}`,
    body,
    headers,
  );
  if (options.proof === undefined) {
    if (options.json) return printJson(answer);
    const members = route === 'list-objects' ? (answer.objects ?? []) : (answer.users ?? []).map(userText);
    for (const member of [...members].sort()) print(member);
    return;
  }
  // What is shown is what the certificate shows, not what the node says.
  const verdict = verify(answer, path.slice(path.lastIndexOf('/') + 1));
  if (!verdict.ok)
    throw new CliFailure(`The node's certificate does not hold (${verdict.stage}): ${verdict.reason}. Ask another node.`);
  writeText(options.proof, `${JSON.stringify(answer, undefined, 2)}\n`);
  if (options.json) return printJson(answer);
  for (const member of verdict.members) print(member);
}

/** As OpenFGA writes users: `{object}`, `{userset}` or `{wildcard}`. */
function userText(user: unknown): string {
  if (typeof user === 'string') return user;
  const { object, userset, wildcard } = user as {
    readonly object?: { readonly type: string; readonly id: string };
    readonly userset?: { readonly type: string; readonly id: string; readonly relation: string };
    readonly wildcard?: { readonly type: string };
  };
  if (object !== undefined) return `${object.type}:${object.id}`;
  if (userset !== undefined) return `${userset.type}:${userset.id}#${userset.relation}`;
  return `${wildcard?.type ?? ''}:*`;
}
