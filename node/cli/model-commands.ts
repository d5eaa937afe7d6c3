/** `vouch model write | get | list`: authorization models of a vault. In files and on the terminal they are written in OpenFGA's language. */
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { AnchorJson } from '../http/answer.ts';
import { type ReadMode, readHeaders, vaultPath, withReadOptions, withVaultOptions } from './data-commands.ts';
import { CliFailure, usageFailure } from './failure.ts';
import { print, printJson } from './output.ts';
import { Remote } from './remote.ts';

/** A model as OpenFGA's API has it. */
type ModelJson = Readonly<Record<string, unknown>>;

type StoredModel = ModelJson & { readonly id: string };

/** @returns the command `vouch model`, for what else is done with models. */
export function addModelCommands(program: Command): Command {
  const model = program.command('model').description('authorization models');
  withVaultOptions(model.command('write').description('write a model; it is the newest from then on').argument('<file>'))
    .addHelpText(
      'after',
      '\nA file is in OpenFGA’s language (.fga) or JSON (.json).\n\nExample:\n  vouch model write --vault docs model.fga',
    )
    .action(write);
  withReadOptions(model.command('get').description('show a model, the newest one unless named').argument('[id]'))
    .addHelpText('after', '\nExample:\n  vouch model get --vault docs\n  vouch model get --vault docs --at 7 --json')
    .action(get);
  withReadOptions(model.command('list').description('list the models, the newest first'))
    .addHelpText('after', '\nExample:\n  vouch model list --vault docs')
    .action(list);
  return model;
}

/** The language is loaded only where it is needed: it is larger than all the rest of the command line. */
async function language() {
  return (await import('@openfga/syntax-transformer')).transformer;
}

async function write(file: string, options: ReadMode): Promise<void> {
  const model = await readModelFile(file);
  const remote = new Remote(options);
  const path = `${await vaultPath(remote, options)}/authorization-models`;
  const answer = await remote.post<AnchorJson & { authorization_model_id: string }>(path, model);
  if (options.json) return printJson(answer);
  print(`Wrote model ${answer.authorization_model_id} at height ${answer.height}, block ${answer.block_hash}`);
}

/** @throws CliFailure with what the file lacks. */
async function readModelFile(file: string): Promise<ModelJson> {
  if (!/\.(?:fga|json)$/.test(file)) throw usageFailure(`${file} is neither .fga nor .json: a model is written in one of these.`);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new CliFailure(`${file} cannot be read: ${(error as Error).message}`);
  }
  try {
    if (file.endsWith('.json')) return JSON.parse(text) as ModelJson;
    return (await language()).transformDSLToJSONObject(text) as unknown as ModelJson;
  } catch (error) {
    throw new CliFailure(`${file} is no model: ${(error as Error).message}`);
  }
}

interface ModelPage extends AnchorJson {
  readonly authorization_models: readonly StoredModel[];
  readonly continuation_token: string;
}

async function get(id: string | undefined, options: ReadMode): Promise<void> {
  const headers = readHeaders(options);
  const remote = new Remote(options);
  const path = `${await vaultPath(remote, options)}/authorization-models`;
  const model =
    id === undefined ? await newest(remote, path, headers) : await named(remote, `${path}/${encodeURIComponent(id)}`, headers);
  if (options.json) return printJson(model);
  print(`# ${model.id}`);
  print((await language()).transformJSONStringToDSL(JSON.stringify(model)).trimEnd());
}

async function named(remote: Remote, path: string, headers: Readonly<Record<string, string>>): Promise<StoredModel> {
  return (await remote.get<{ authorization_model: StoredModel }>(path, headers)).authorization_model;
}

async function newest(remote: Remote, path: string, headers: Readonly<Record<string, string>>): Promise<StoredModel> {
  const [model] = (await remote.get<ModelPage>(`${path}?page_size=1`, headers)).authorization_models;
  if (model !== undefined) return model;
  throw new CliFailure('This vault has no authorization model. Write one: vouch model write FILE');
}

async function list(options: ReadMode): Promise<void> {
  const headers = readHeaders(options);
  const remote = new Remote(options);
  const path = `${await vaultPath(remote, options)}/authorization-models?page_size=50`;
  const found: StoredModel[] = [];
  let token = '';
  do {
    const page = await remote.get<ModelPage>(`${path}&continuation_token=${encodeURIComponent(token)}`, headers);
    token = page.continuation_token;
    found.push(...page.authorization_models);
  } while (token !== '');
  if (options.json) return printJson(found);
  for (const { id, type_definitions } of found) print(`${id}  ${typesOf(type_definitions)}`);
}

function typesOf(definitions: unknown): string {
  const names = (Array.isArray(definitions) ? definitions : []).map((definition) => (definition as { type?: unknown }).type);
  return `${names.length} ${names.length === 1 ? 'type' : 'types'}: ${names.join(', ')}`;
}
