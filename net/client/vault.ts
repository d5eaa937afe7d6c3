/** One vault as a client sees it: tuples, entities, transactions, proofs and blocks. */
import type { ExpandTree } from '../../core/authz/expand.ts';
import type { LogConsistency, LogInclusion, TransactionInclusion } from '../../core/chain/inclusion.ts';
import type { KeptBlock } from '../../core/client/chain-protocol.ts';
import type { ChangePlace, ModelEntry } from '../../core/client/model-protocol.ts';
import type { Answer } from '../../core/client/operation.ts';
import {
  type Anchor,
  type Consistency,
  NEWEST,
  type ReadPoint,
  type TupleRow,
  type VaultEntry,
  type VaultQuery,
} from '../../core/client/protocol.ts';
import { HEIGHT_ZERO, type Height, type Micros } from '../../core/ids.ts';
import { LIST_ROWS_MAX } from '../../core/limits.ts';
import { type ModelJson, modelText } from '../../core/model/text.ts';
import type { PointQuestion, Question } from '../../core/proof/statement.ts';
import type {
  EntityCondition,
  Operation,
  Retention,
  Transaction,
  TupleCondition,
  TupleKey,
} from '../../core/state/transaction.ts';
import type { AcceptedCheckpoints } from './accepted-checkpoints.ts';
import { AuthzReader, type BatchVerdict, type Check, type Judging, type Listed } from './authz.ts';
import { type ChainPins, ChainReader, type Proven } from './chain.ts';
import type { AskOptions, ClientDriver } from './driver.ts';
import { expectAnswer, VouchError } from './error.ts';
import { type Ics23Export, ics23Export } from './ics23-export.ts';
import type { ChangesOptions, ChangesPage, StoredModel } from './models.ts';
import { type ProvenFindings, provenQuestions } from './proven-questions.ts';
import { type StateReceipt, stateReceipt } from './state-receipt.ts';
import { type WatchedBlock, type WatchOptions, watchBlocks } from './watch.ts';

/** Who asks and why, for the audit trail; inside the transaction's hash. */
export interface Audit {
  readonly actor?: string;
  readonly reason?: string;
}

export interface Patience {
  /** Milliseconds; the client's default unless given. */
  readonly deadlineMs?: number;
}

export interface Provable {
  /** Whether the receipt is to carry the transaction's inclusion in the chain, verified here. Default false. */
  readonly proof?: boolean;
}

export interface Fitting {
  /**
   * Which authorization model the tuples that are written must fit, or `invalid_tuple` is thrown and nothing written: an id, or '' for the
   * newest, if there is one. Default: none is asked.
   */
  readonly model?: string;
}

export interface WriteOptions extends Audit, Patience, Provable, Fitting {
  /** What a tuple that is there already means. Default 'error'. */
  readonly onDuplicate?: 'error' | 'ignore';
  readonly condition?: TupleCondition;
  /** Microseconds since 1970; 0, the default, is never. */
  readonly expiresAt?: number;
}

export interface DeleteOptions extends Audit, Patience, Provable {
  /** What a tuple that is not there means. Default 'error'. */
  readonly onMissing?: 'error' | 'ignore';
}

export interface ReadOptions extends Patience {
  /** Default linearizable. What may be behind must be asked for by name: `{ boundedMs }`, or 'eventual'. */
  readonly consistency?: Consistency;
  /** The vault as it was: after the block at a height, or at a time (microseconds since 1970). */
  readonly at?: { readonly height: number } | { readonly timeMicros: number };
}

/** Hashes the caller trusts, 64 hex digits; an answer that is not anchored in them throws `proof_invalid`. */
export interface ProofOptions extends ReadOptions {
  readonly block?: string;
  readonly root?: string;
}

/** signatures: how many nodes must have signed the checkpoint of a receipt. */
export interface ReceiptOptions extends ProofOptions {
  readonly signatures?: number;
}

/** The hashes count only with verified. */
export interface CheckOptions extends ProofOptions, Judging {
  /** Ask for a certificate and evaluate it here; an answer whose certificate does not hold throws `proof_invalid`. */
  readonly verified?: boolean;
}

/** A transaction that was applied. */
export interface Receipt {
  /** The block it stands in; where nothing changed, the newest one. */
  readonly height: Height;
  readonly changed: boolean;
  /** Id of the authorization model that it wrote; empty: none. */
  readonly model: string;
  /** The newest block, at or behind height. */
  readonly anchor: Anchor;
  /**
   * With `proof`: that the transaction, with its actor and reason, stands in the block, and the block in the log. Undefined where
   * nothing changed, or where the answer was lost and the vault had dropped the block's transactions before it came again.
   */
  readonly proven: Proven<TransactionInclusion> | undefined;
}

/** Empty texts match everything; the filters that an index serves are in docs/reference. */
export interface TupleFilter {
  readonly resource?: string;
  readonly relation?: string;
  readonly subject?: string;
}

export interface Page {
  readonly rows: readonly TupleRow[];
  /** Where the next page begins; empty at the end. */
  readonly next: Uint8Array;
  readonly anchor: Anchor;
}

export interface Entity {
  /** Undefined where there is none, or it has expired. */
  readonly value: Uint8Array | undefined;
  readonly version: Height;
  readonly expiresAt: number;
  readonly anchor: Anchor;
  /** With `verified`: the proof, as it is kept. */
  readonly proven: ProvenFindings | undefined;
}

const FROM_THE_START: ChangePlace = { height: HEIGHT_ZERO, position: 0 };

/** A checkpoint with signatures. */
export interface SignedCheckpoint {
  readonly note: string;
  readonly height: Height;
  /** Nodes that have signed it. */
  readonly signatures: number;
}

/** What a vault keeps of its past. */
export interface KeptPast {
  readonly retention: Retention;
  /** The oldest height that can be read. */
  readonly oldest: Height;
  /** Time of that block, microseconds since 1970. */
  readonly oldestTimeMicros: number;
  readonly anchor: Anchor;
}

/** How new the log must be; it names its own heights. */
export type ChainReadOptions = Omit<ReadOptions, 'at'>;

export class Vault {
  /** Id, names, group: what the directory says. */
  readonly entry: VaultEntry;
  private readonly driver: ClientDriver;
  private readonly pinned: AcceptedCheckpoints | undefined;

  constructor(driver: ClientDriver, entry: VaultEntry, pinned: AcceptedCheckpoints | undefined) {
    this.driver = driver;
    this.entry = entry;
    this.pinned = pinned;
  }

  /**
   * Applies operations in order, all or none. Throws VouchError: a RejectCode where one could not be applied; `proof_invalid` where
   * a proof was asked for and does not hold: what came is not to be believed, and the transaction may have been applied.
   */
  async transact(operations: readonly Operation[], options: Audit & Patience & Provable & Fitting = {}): Promise<Receipt> {
    const transaction: Transaction = { actor: options.actor ?? '', reason: options.reason ?? '', operations };
    const { group, organization, id: vault } = this.entry;
    const { model, proof = false } = options;
    const request = { kind: 'transact', group, organization, vault, transaction, model, proof } as const;
    const { outcome, anchor, inclusion } = expectAnswer(await this.driver.ask(request, patience(options)), 'transacted');
    if (outcome.ok) {
      const { height, changed, model: written } = outcome;
      const proven = inclusion === undefined ? undefined : this.chain(options).written(inclusion, transaction, height);
      return { height, changed, model: written, anchor, proven };
    }
    throw new VouchError(outcome.code, `Operation ${outcome.operation} could not be applied, so none was.`, outcome.operation);
  }

  write(tuples: readonly TupleKey[], options: WriteOptions = {}): Promise<Receipt> {
    const { condition, expiresAt = 0, onDuplicate = 'error' } = options;
    const operations = tuples.map((tuple): Operation => ({ op: 'writeTuple', tuple, condition, expiresAt, onDuplicate }));
    return this.transact(operations, options);
  }

  delete(tuples: readonly TupleKey[], options: DeleteOptions = {}): Promise<Receipt> {
    const { onMissing = 'error' } = options;
    return this.transact(
      tuples.map((tuple): Operation => ({ op: 'deleteTuple', tuple, onMissing })),
      options,
    );
  }

  /**
   * Whether the subject has the relation to the object, by the vault's authorization model; in a vault without models, whether the exact
   * tuple is there. Throws VouchError: `condition_failed` where a condition lacks a parameter, `too_complex`, `invalid_argument` where
   * the model does not know what is asked about; `proof_invalid` with `verified`.
   */
  check(tuple: TupleKey, options: CheckOptions = {}): Promise<Check> {
    return this.authz(options).check(tuple, { ...options, ...heightOf(options) });
  }

  /** Up to 50 checks, all of one block; each has a verdict or an error of its own. */
  checkAll(
    checks: readonly (TupleKey & Omit<Judging, 'model'>)[],
    options: ReadOptions & Pick<Judging, 'model'> = {},
  ): Promise<readonly BatchVerdict[]> {
    return this.authz(options).checkAll(checks, options.model ?? '');
  }

  /** Every object of a type to which the subject has the relation. Throws as `check`, and `no_model` in a vault without models. */
  listObjects(
    question: { readonly type: string; readonly relation: string; readonly subject: string },
    options: CheckOptions = {},
  ): Promise<Listed> {
    return this.authz(options).listObjects(question, { ...options, ...heightOf(options) });
  }

  /**
   * Every subject of some kinds that has the relation to the object; `type:*` stands for everybody of a type. Throws as listObjects.
   * @param question.filters relation: empty for plain subjects of the type
   */
  listUsers(
    question: {
      readonly resource: string;
      readonly relation: string;
      readonly filters: readonly { readonly type: string; readonly relation: string }[];
    },
    options: CheckOptions = {},
  ): Promise<Listed> {
    return this.authz(options).listUsers(question, { ...options, ...heightOf(options) });
  }

  /** What a relation of an object consists of, one level deep. */
  expand(
    question: { readonly resource: string; readonly relation: string },
    options: ReadOptions & Pick<Judging, 'model' | 'contextual'> = {},
  ): Promise<{ readonly tree: ExpandTree; readonly model: string; readonly anchor: Anchor }> {
    return this.authz(options).expand(question, options);
  }

  private authz(options: ReadOptions): AuthzReader {
    return new AuthzReader((query, proof) => this.query(query, options, proof ? 'with proof' : 'without proof'), this.entry);
  }

  /**
   * What a proof shows to each question, checked here: tuples there or not, complete sets of them, entities. One proof serves all of
   * them. Throws VouchError `proof_too_large` where that does not fit one proof, `proof_invalid` where it does not hold.
   * @param questions 1 to 1000
   */
  async prove(questions: readonly Question[], options: ProofOptions = {}): Promise<ProvenFindings> {
    const result = await this.query({ kind: 'proof', questions }, options, 'with proof');
    return provenQuestions(this.entry, questions, result, { ...options, ...heightOf(options) });
  }

  /**
   * Existence or absence of one leaf as an ICS-23 proof for verifiers that others wrote, checked here. A leaf that is there may have
   * expired, and absence shows the whole values of the two leaves beside it, of which nobody asked: who may read all of the vault may
   * have it. Throws VouchError `proof_unavailable` where the vault is empty, `proof_invalid` where the proof does not hold.
   */
  async proveIcs23(question: PointQuestion, options: ReadOptions = {}): Promise<Ics23Export> {
    return ics23Export(this.entry, question, await this.query({ kind: 'ics23', question }, options));
  }

  /** One page of live tuples in key order. */
  async read(
    filter: TupleFilter,
    options: ReadOptions & { readonly limit?: number; readonly after?: Uint8Array } = {},
  ): Promise<Page> {
    const { resource = '', relation = '', subject = '' } = filter;
    const { limit = LIST_ROWS_MAX, after = new Uint8Array(0) } = options;
    const { rows, next, anchor } = await this.query({ kind: 'list', resource, relation, subject, limit, after }, options);
    return { rows, next, anchor };
  }

  /** All live tuples of a filter, page by page. Pages may stand at different heights unless `at` says which. */
  async *rows(filter: TupleFilter, options: ReadOptions = {}): AsyncGenerator<TupleRow, void> {
    let after = new Uint8Array(0);
    do {
      const page = await this.read(filter, { ...options, after });
      yield* page.rows;
      after = Uint8Array.from(page.next);
    } while (after.length > 0);
  }

  /**
   * Writes an authorization model, for good: the receipt says its id, and it is the newest from then on. Throws `invalid_model` where it makes
   * no sense. @param model JSON as OpenFGA's SDKs and transformers have it
   */
  async writeModel(model: ModelJson, options: Audit & Patience & Provable = {}): Promise<Receipt> {
    const text = modelText(model);
    if (!text.ok) throw new VouchError('invalid_model', text.reason);
    return this.transact([{ op: 'writeModel', model: text.value }], options);
  }

  /** An authorization model; undefined where there is none. @param id empty: the newest */
  async model(id: string = '', options: ReadOptions = {}): Promise<StoredModel | undefined> {
    const found = await this.query({ kind: 'model', id }, options);
    if (found.model === undefined) return undefined;
    return { id: found.id, json: found.model, version: found.version, anchor: found.anchor };
  }

  /** Ids of the authorization models, the newest first, page by page. */
  async *models(options: ReadOptions = {}): AsyncGenerator<ModelEntry, void> {
    let after = '';
    do {
      const page = await this.query({ kind: 'models', limit: LIST_ROWS_MAX, after }, options);
      yield* page.models;
      after = page.next;
    } while (after !== '');
  }

  /**
   * One page of what was written and deleted of tuples, in the order of writing; `next` says where to go on, also when more comes later.
   * Expiries are not told: a tuple says when it ends. Throws `pruned_height` where the vault does not keep what came behind `after`.
   */
  async changes(options: ChangesOptions = {}): Promise<ChangesPage> {
    const { type = '', after = FROM_THE_START, limit = LIST_ROWS_MAX, ...rest } = options;
    const { changes, next, more, anchor } = await this.query({ kind: 'changes', type, after, limit }, rest);
    return { changes, next, more, anchor };
  }

  /** What is there; with `verified` as a proof shows it, checked here. Throws VouchError `proof_invalid` where that does not hold. */
  async getEntity(key: string, options: CheckOptions = {}): Promise<Entity> {
    if (options.verified !== true) {
      const { value, version, expiresAt, anchor } = await this.query({ kind: 'entity', key }, options);
      return { value, version, expiresAt, anchor, proven: undefined };
    }
    const proven = await this.prove([{ kind: 'entity', key }], options);
    const [finding] = proven.findings;
    const found = finding?.kind === 'entity' ? finding.found : undefined;
    const { value, version = 0, expiresAt = 0 } = found ?? {};
    return { value, version: Number(version) as Height, expiresAt: Number(expiresAt), anchor: proven.anchor, proven };
  }

  setEntity(
    key: string,
    value: Uint8Array,
    options: Audit & Patience & Provable & { readonly expiresAt?: number; readonly condition?: EntityCondition } = {},
  ): Promise<Receipt> {
    const { expiresAt = 0, condition } = options;
    return this.transact([{ op: 'setEntity', key, value, expiresAt, condition }], options);
  }

  deleteEntity(
    key: string,
    options: Audit & Patience & Provable & { readonly condition?: EntityCondition } = {},
  ): Promise<Receipt> {
    return this.transact([{ op: 'deleteEntity', key, condition: options.condition }], options);
  }

  /**
   * The newest block's checkpoint, signed by the nodes of the vault's group: a C2SP signed note. A client with pinned keys accepts it
   * under them, as an extension of what it accepted before, or throws `checkpoint_refused`, `rollback`, `fork` or `inconsistent`; without, it is unchecked.
   * @param options.signatures of so many nodes at least; default as many as the policy needs, else a majority
   */
  async checkpoint(
    options: Patience & { readonly consistency?: Consistency; readonly signatures?: number } = {},
  ): Promise<SignedCheckpoint> {
    const { signatures: wanted = this.pinned?.signatures ?? 0, ...rest } = options;
    const expected = this.pinned?.expect(this.entry);
    const { note, size, signatures } = await this.query({ kind: 'checkpoint', signatures: wanted }, rest);
    await expected?.take(note, async (from, to) => {
      const query = { kind: 'logConsistency', from: from as Height, to: to as Height } as const;
      return (await this.query(query, patience(rest))).consistency.path;
    });
    return { note, height: size, signatures };
  }

  /**
   * What the vault says to the questions, under a checkpoint that its nodes have signed, as one file that holds for years without us.
   * Checked here; with pinned keys as `checkpoint` does, and then `authenticated`. Throws VouchError `proof_invalid` where it does not hold.
   * @param questions 1 to 1000 @param options.signatures see `checkpoint`
   */
  async receipt(questions: readonly Question[], options: ReceiptOptions = {}): Promise<StateReceipt> {
    const { signatures, ...reading } = options;
    const proven = await this.prove(questions, reading);
    // Linearizable: it is of a block at or behind the one that was read.
    const wanted = signatures === undefined ? {} : { signatures };
    const { note, height: size } = await this.checkpoint({ ...patience(reading), ...wanted });
    const inclusion = { kind: 'logInclusion', height: proven.anchor.height, size } as const;
    const found = await this.query(inclusion, patience(reading));
    return stateReceipt(this.entry, { questions, proven, note, inclusion: found.inclusion }, this.pinned?.policy);
  }

  /** What the vault keeps of its past, and from where on it can be read. */
  async retention(options: Patience & { readonly consistency?: Consistency } = {}): Promise<KeptPast> {
    const { retention, oldest, oldestTime, anchor } = await this.query({ kind: 'retention' }, options);
    return { retention, oldest, oldestTimeMicros: oldestTime, anchor };
  }

  /**
   * Sets what the vault keeps of its past, from this block on: all of it, so many newest heights, or a time up to the newest
   * block. What is older is gone for good, reads of it throw `pruned_height`; headers and proofs of the log stay.
   */
  setRetention(retention: Retention, options: Audit & Patience = {}): Promise<Receipt> {
    return this.transact([{ op: 'setRetention', retention }], options);
  }

  /**
   * A block: its anchor, its transactions' canonical bytes, and the newest height. pruned: the vault does not keep its
   * transactions any more. @param height 0 = the newest.
   */
  async block(height: number = 0, options: ReadOptions = {}): Promise<Extract<Answer, { readonly kind: 'block' }>> {
    return await this.query({ kind: 'block', height: height as Height }, options);
  }

  /**
   * A block's place in the vault's log, of every block however old. Throws `proof_invalid` where it does not hold.
   * @param options.log the root of the log at a size, of a checkpoint: the block is proven against it.
   */
  logInclusion(height: number, options: ChainReadOptions & ChainPins = {}): Promise<Proven<LogInclusion>> {
    return this.chain(options).inclusion(height, options);
  }

  /** That the log of `to` blocks (0: all there are) extends that of `from`; compare the roots with those that you trust. */
  logConsistency(from: number, to: number = 0, options: ChainReadOptions = {}): Promise<LogConsistency> {
    return this.chain(options).consistency(from, to);
  }

  /**
   * A transaction of a block with its place in the chain. Throws `pruned_height` where the vault does not keep it any more.
   * @param index which one of the block, from 0.
   */
  transactionProof(
    height: number,
    index: number,
    options: ChainReadOptions & ChainPins = {},
  ): Promise<Proven<TransactionInclusion>> {
    return this.chain(options).transaction(height, index, options);
  }

  /** Every block from a height on, in order; of those that the vault has pruned the header alone. */
  blocks(from: number = 1, options: ChainReadOptions = {}): AsyncGenerator<KeptBlock, void> {
    return this.chain(options).blocks(from);
  }

  /**
   * Blocks as they come, from a height on and without end, each following the one before; with `proof` each with its place in the log.
   * A client of one node's last height must not ask a node that is behind: until it has caught up, nothing comes.
   * @param from the first one; default the next that comes
   */
  async *watch(from?: number, options: Patience & WatchOptions = {}): AsyncGenerator<WatchedBlock, void> {
    const first = from ?? (await this.block(0, options)).newest + 1;
    yield* watchBlocks(this.chain({ ...options, consistency: 'eventual' }), first, options);
  }

  private chain(options: ChainReadOptions): ChainReader {
    return new ChainReader((query) => this.query(query, options), this.entry);
  }

  private async query<K extends VaultQuery['kind']>(
    query: Extract<VaultQuery, { readonly kind: K }>,
    options: ReadOptions,
    proof: 'with proof' | 'without proof' = 'without proof',
  ): Promise<Extract<Answer, { readonly kind: K }>> {
    const { group, organization, id: vault } = this.entry;
    const consistency = options.consistency ?? 'linearizable';
    const at = readPoint(options);
    const request = { kind: 'query', group, organization, vault, query, consistency, at, proof: proof === 'with proof' } as const;
    return expectAnswer(await this.driver.ask(request, patience(options)), query.kind);
  }
}

function readPoint({ at }: ReadOptions): ReadPoint {
  if (at === undefined) return NEWEST;
  if ('height' in at) return { kind: 'height', height: at.height as Height };
  return { kind: 'time', time: at.timeMicros as Micros };
}

/** What of the options the driver wants to know. */
export function patience(options: Patience): AskOptions {
  return options.deadlineMs === undefined ? {} : { deadlineMs: options.deadlineMs };
}

/** The height that an answer has to be of, where one was asked for. */
function heightOf({ at }: ReadOptions): { readonly height?: number } {
  return at !== undefined && 'height' in at ? { height: at.height } : {};
}
