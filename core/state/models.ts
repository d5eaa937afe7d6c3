/**
 * The authorization models of a vault as one of its blocks left them. Ids sort in the order of writing and carry the time of their
 * block, so the newest model as of a block is one step in the order of ids (keys.ts, table 12). A model is never changed or deleted: what
 * was compiled once holds at every height that has it.
 */
import { assert, defined } from '../assert.ts';
import { concatBytes } from '../bytes/compare.ts';
import type { ModelEntry, ModelQuery } from '../client/model-protocol.ts';
import type { ClientResult } from '../client/protocol.ts';
import type { Height, VaultId } from '../ids.ts';
import { LIST_ROWS_MAX, MODELS_COMPILED_BYTES_MAX } from '../limits.ts';
import type { Model } from '../model/model.ts';
import { parseModel } from '../model/parse.ts';
import { ReverseModel } from '../model/reverse.ts';
import { modelOfOrderKey } from './key-reader.ts';
import { Table } from './keys.ts';
import { lastModelIdAt } from './model-id.ts';
import type { ModelLeaf } from './rows.ts';
import { ulidBytes } from './ulid-field.ts';
import type { Vault } from './vault.ts';
import type { VaultView } from './vault-view.ts';

/** A model, ready to be evaluated. */
export interface CompiledModel {
  readonly id: string;
  readonly model: Model;
  readonly reverse: ReverseModel;
  /** RFC 8785 text, as it is committed. */
  readonly json: string;
  /** Height of the block that wrote it. */
  readonly version: Height;
}

const ORDER: Uint8Array = Uint8Array.of(Table.modelOrder);

/** Models of a group that were compiled lately, the longest unused one first. It decides nothing: what is not there is compiled again. */
export class CompiledModels {
  private readonly models: Map<string, CompiledModel> = new Map();
  /** Of vaults that were asked: the newest model as of a block that was the newest. */
  private readonly newest: Map<VaultId, { readonly height: Height; readonly model: string }> = new Map();
  private readonly bytesMax: number;
  private bytes: number = 0;

  /** @param bytesMax of their texts, in all; the newest one stays, however long. */
  constructor(bytesMax: number = MODELS_COMPILED_BYTES_MAX) {
    this.bytesMax = bytesMax;
  }

  /** One that was compiled lately. */
  find(vault: Vault, id: string): CompiledModel | undefined {
    const name = `${vault.id}${id}`;
    const known = this.models.get(name);
    if (known === undefined) return undefined;
    this.models.delete(name);
    this.models.set(name, known);
    return known;
  }

  /** Compiles one that is not there. */
  add(vault: Vault, id: string, leaf: ModelLeaf): CompiledModel {
    const compiled = compile(id, leaf);
    this.models.set(`${vault.id}${id}`, compiled);
    this.bytes += compiled.json.length;
    this.trim();
    return compiled;
  }

  /** The id that was noted for the vault's newest block. */
  newestOf({ id, height }: Vault): string | undefined {
    const noted = this.newest.get(id);
    return noted?.height === height ? noted.model : undefined;
  }

  /** Every check by the newest model asks for it; a block may bring another. @param model its id, empty = none */
  noteNewest({ id }: Vault, height: Height, model: string): void {
    this.newest.set(id, { height, model });
  }

  /** The vault is not there any more. */
  forget(vault: Vault): void {
    this.newest.delete(vault.id);
    for (const name of this.models.keys()) if (name.startsWith(vault.id)) this.remove(name);
  }

  private trim(): void {
    for (const name of this.models.keys()) {
      if (this.bytes <= this.bytesMax || this.models.size === 1) return;
      this.remove(name);
    }
  }

  private remove(name: string): void {
    this.bytes -= defined(this.models.get(name), 'a listed model is there').json.length;
    this.models.delete(name);
  }
}

function compile(id: string, { model: json, version }: ModelLeaf): CompiledModel {
  const parsed = parseModel(JSON.parse(json));
  assert(parsed.ok, 'a model was read before it was appended');
  return { id, model: parsed.value, reverse: new ReverseModel(parsed.value), json, version };
}

/** The stored model as of the view; undefined where there was none of this id then. @param id a canonical ULID */
export function modelLeafAt(view: VaultView, id: string): ModelLeaf | undefined {
  const leaf = view.vault.leaves.model(id);
  return leaf !== undefined && leaf.version <= view.height ? leaf : undefined;
}

/** Id of the newest model as of the view; empty where there was none. */
export function newestModelId(view: VaultView): string {
  const { vault, height, isNewest } = view;
  const known = isNewest ? vault.models.newestOf(vault) : undefined;
  if (known !== undefined) return known;
  const id = idsBefore(view, undefined).next().value ?? '';
  if (isNewest) vault.models.noteNewest(vault, height, id);
  return id;
}

/** A model as of the view, compiled. @param id empty: the newest. @returns undefined where there was none then */
export function modelAt(view: VaultView, id: string): CompiledModel | undefined {
  const { vault, height } = view;
  const name = id === '' ? newestModelId(view) : id;
  if (name === '') return undefined;
  const known = vault.models.find(vault, name);
  if (known !== undefined) return known.version <= height ? known : undefined;
  const leaf = modelLeafAt(view, name);
  return leaf === undefined ? undefined : vault.models.add(vault, name, leaf);
}

/** Ids as of the view, the newest first. @param before undefined: from the newest on */
function* idsBefore(view: VaultView, before: string | undefined): Generator<string, void> {
  const { rows } = view.vault.leaves;
  const last = lastModelIdAt(view.time);
  const end = before === undefined || before > last ? concatBytes(ulidBytes(last), Uint8Array.of(0)) : ulidBytes(before);
  const cursor = rows.scan({ from: ORDER, to: concatBytes(ORDER, end), reverse: true });
  while (cursor.advance()) yield modelOfOrderKey(cursor.key());
}

/** A page of the models as of the view, the newest first. */
export function listModels(view: VaultView, { limit, after }: Extract<ModelQuery, { kind: 'models' }>): ClientResult {
  const rowsMax = Math.max(1, Math.min(limit, LIST_ROWS_MAX));
  const models: ModelEntry[] = [];
  const { vault, anchor } = view;
  for (const id of idsBefore(view, after === '' ? undefined : after)) {
    const last = models.at(-1);
    if (models.length === rowsMax) return { kind: 'models', models, next: last?.id ?? '', anchor };
    const { version } = defined(modelLeafAt(view, id), 'a model in the order has its row');
    models.push({ id, version, writtenAt: vault.timeAt(version) });
  }
  return { kind: 'models', models, next: '', anchor };
}
