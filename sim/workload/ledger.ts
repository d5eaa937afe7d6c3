/**
 * The generic workload: grants, revokes and checks of tuples, entity registers with conditions, and atomic transactions
 * over both, on few keys, so that operations meet. Every value written is unique, so a read says which write it saw.
 */

import { toUtf8 } from '../../core/bytes/text.ts';
import type { Hasher } from '../../core/capability.ts';
import type { Answer, OperationOutcome, Route } from '../../core/client/operation.ts';
import { NEWEST, type ReadPoint, type VaultEntry, type VaultQuery } from '../../core/client/protocol.ts';
import type { Height, Micros } from '../../core/ids.ts';
import type { EntityCondition, Operation, Retention, TransactionOutcome, TupleKey } from '../../core/state/transaction.ts';
import type { Knobs } from '../knobs.ts';
import { type Choices, type Draws, Fate } from '../tape.ts';
import type { Behaviour, Plan } from './client.ts';
import { headerTime } from './header-time.ts';
import { type Asked, DEFAULT_MODE, type History, type Invocation, type ReadMode, type Told } from './history.ts';
import type { Layout } from './layout.ts';
import { drawQuestions, shownBy } from './questions.ts';

/** Told of every definite answer, for oracles that judge single answers. */
export type AnswerListener = (
  asked: Asked,
  vault: VaultEntry,
  answer: Answer,
  when: { readonly invokedAt: number; readonly time: number; readonly mode: ReadMode },
) => void;

/** Shared by all clients of a run. */
export interface LedgerContext {
  readonly knobs: Knobs;
  readonly layout: Layout;
  readonly history: History;
  /** Of the nodes: proofs are read with it. */
  readonly hasher: Hasher;
  /** What a right wall clock shows at a time of the run, microseconds since 1970. */
  readonly wallAt: (time: number) => number;
  /** Whether clients still start operations. */
  isOpen: () => boolean;
  /** Whether faults have stopped: from then on the tape decides what is done, but not whether. */
  isCalm: () => boolean;
  readonly onAnswer: AnswerListener;
  /** A read was refused because the vault does not keep what it asked for. */
  readonly onPruned: (vault: VaultEntry, at: ReadPoint, oldest: number | undefined) => void;
}

const OPERATION_TIMEOUT_MICROS = 6_000_000;
const RESOURCE = 'document:';
/**
 * Time to live behind the newest block seen, microseconds. The short ones matter where the leader's clock is behind the log,
 * so that time goes on by one a block.
 */
const EXPIRY_MICROS: readonly number[] = [0, 1, 6, 30, 20_000, 200_000, 1_000_000];

/** What bounded reads allow, milliseconds. */
const BOUNDS_MS: readonly number[] = [0, 5, 100, 1000];
/** Times that are read, from the newest block seen, microseconds: before it, at it, and behind it. */
const TIME_OFFSETS: readonly number[] = [-1_000_000, -1, 0, 1, 20_000];
/** By the client's own clock, which is right: that long ago, so that what is being written has such times. */
const AGE_MAX_MICROS = 5_000;

/** What a vault is told to keep: so little that most of the past is gone, or a few hundred blocks, or everything again. */
const RETENTIONS: readonly Retention[] = [
  { kind: 'all' },
  { kind: 'heights', heights: 1 },
  { kind: 'heights', heights: 3 },
  { kind: 'heights', heights: 30 },
  { kind: 'duration', micros: 1 },
  { kind: 'duration', micros: 20_000 },
  { kind: 'duration', micros: 1_000_000 },
];

/** Relation and subject of the tuples of one resource: every kind of subject is there, so trees and indexes have shape. */
const SLOTS: readonly (readonly [string, string])[] = [
  ['owner', 'user:anne'],
  ['viewer', 'user:*'],
  ['viewer', 'group:eng#member'],
  ['viewer', 'user:bob'],
];

/** The tuple behind a key number: four to a resource. */
export function tupleOf(key: number): TupleKey {
  const [relation, subject] = SLOTS[key % SLOTS.length] as readonly [string, string];
  return { resource: `${RESOURCE}${Math.floor(key / SLOTS.length)}`, relation, subject };
}

export function entityOf(key: number): string {
  return `register/${key}`;
}

/** Label under which each operation of a client has its fate. */
export function operationsOf(client: number): string {
  return `client/${client}/operations`;
}

export class LedgerBehaviour implements Behaviour {
  private readonly context: LedgerContext;
  private readonly client: number;
  private readonly choices: Choices;
  private readonly fates: Draws;
  private readonly thinking: Draws;
  /** The choices of the operation at hand. */
  private draws: Draws;
  private planned: number = 0;
  private written: number = 0;
  /** Values seen last, per entity: what a compare-and-set expects. */
  private readonly seen: Map<string, Uint8Array> = new Map();
  /** The model that was acknowledged last, per vault. */
  private readonly models: Map<number, { readonly id: string; readonly written: string }> = new Map();
  /** Newest block seen, per vault: its height, and its time, which expiries and reads at a time are reckoned from. */
  private readonly newestHeight: Map<number, number> = new Map();
  private readonly newestTime: Map<number, number> = new Map();

  constructor(context: LedgerContext, client: number, choices: Choices) {
    this.context = context;
    this.client = client;
    this.choices = choices;
    this.fates = choices.under(operationsOf(client));
    this.draws = this.fates;
    this.thinking = choices.under(`client/${client}/think`);
  }

  think(): number {
    // Bursts with pauses between them: half of the operations follow at once, so that they meet.
    const mean = this.context.knobs.thinkMeanMicros;
    return this.thinking.below(2) === 0 ? this.thinking.below(500) : this.thinking.exponential(2 * mean);
  }

  next(lane: number, time: number): Plan | 'skipped' | undefined {
    const { knobs, layout } = this.context;
    if (!this.context.isOpen()) return undefined;
    const fate = this.context.isCalm() ? Fate.happens : this.fates.fate();
    if (fate === Fate.end) return undefined;
    // A label per operation: one that is skipped shifts no other.
    this.planned += 1;
    if (fate === Fate.skipped) return 'skipped';
    this.draws = this.choices.once(`client/${this.client}/${this.planned}`);
    const vault = this.draws.below(layout.vaults.length);
    if (this.draws.chance(knobs.readShare)) return this.read(lane, vault, time);
    return this.write(lane, vault, time);
  }

  private read(lane: number, vault: number, time: number): Plan {
    const { knobs } = this.context;
    if (knobs.modelShare > 0 && this.draws.chance(knobs.modelShare)) return this.readModel(lane, vault, time);
    const key = this.draws.below(knobs.keys);
    const kind = this.draws.below(8);
    const proof = this.draws.chance(knobs.proofShare);
    if (proof && this.draws.below(2) === 0) return this.proof(lane, vault, time);
    if (kind === 0) {
      const { resource } = tupleOf(key);
      const query = { kind: 'list', resource, relation: '', subject: '', limit: 100, after: new Uint8Array(0) } as const;
      return this.query(lane, vault, { kind: 'list', resource }, query, false, time);
    }
    if (kind < 5) {
      const tuple = tupleOf(key);
      return this.query(lane, vault, { kind: 'tuple', tuple }, { kind: 'tuple', tuple }, proof, time);
    }
    return this.query(lane, vault, { kind: 'entity', key: entityOf(key) }, { kind: 'entity', key: entityOf(key) }, proof, time);
  }

  /** The newest model, or the one that this client wrote last. */
  private readModel(lane: number, vault: number, time: number): Plan {
    const own = this.draws.below(2) === 0 ? this.models.get(vault) : undefined;
    const { id, written } = own ?? { id: '', written: '' };
    const proof = this.draws.chance(this.context.knobs.proofShare);
    return this.query(lane, vault, { kind: 'model', id, written }, { kind: 'model', id }, proof, time);
  }

  private proof(lane: number, vault: number, time: number): Plan {
    const { keys } = this.context.knobs;
    const drawn = { tuple: () => tupleOf(this.draws.below(keys)), entity: () => entityOf(this.draws.below(keys)) };
    const questions = drawQuestions(this.draws, drawn);
    return this.query(lane, vault, { kind: 'proof', questions }, { kind: 'proof', questions }, true, time);
  }

  private query(lane: number, vault: number, asked: Asked, query: VaultQuery, proof: boolean, time: number): Plan {
    const entry = this.context.layout.vaults[vault] as VaultEntry;
    const { group, organization, id } = entry;
    const route: Route = this.draws.below(3) === 0 ? { kind: 'leader' } : { kind: 'any' };
    const mode = this.draws.chance(this.context.knobs.weakReadShare) ? this.weakMode(vault, time) : DEFAULT_MODE;
    const request = { kind: 'query', group, organization, vault: id, query, ...mode, proof } as const;
    return this.plan(lane, vault, asked, request, route, time, mode);
  }

  /** A read that may be behind, or one of the past. */
  private weakMode(vault: number, trueTime: number): ReadMode {
    const newestTime = this.newestTime.get(vault) ?? 0;
    switch (this.draws.below(8)) {
      case 0:
        return { consistency: 'eventual', at: NEWEST };
      case 1:
      case 2: {
        // One above the newest block seen may be there by now, or not.
        const height = 1 + this.draws.below((this.newestHeight.get(vault) ?? 0) + 1);
        return { consistency: 'linearizable', at: { kind: 'height', height: height as Height } };
      }
      case 3:
      case 4:
      case 5: {
        const isRecent = newestTime === 0 || this.draws.below(3) > 0;
        const time = isRecent
          ? this.context.wallAt(trueTime) - this.draws.below(AGE_MAX_MICROS)
          : newestTime + this.draws.pick(TIME_OFFSETS);
        return { consistency: 'linearizable', at: { kind: 'time', time: time as Micros } };
      }
      default:
        return { consistency: { boundedMs: this.draws.pick(BOUNDS_MS) }, at: NEWEST };
    }
  }

  private write(lane: number, vault: number, time: number): Plan {
    const { knobs, layout } = this.context;
    const count = this.draws.chance(knobs.transactionShare) ? 2 + this.draws.below(3) : 1;
    const operations = Array.from({ length: count }, () => this.operation(vault));
    if (knobs.retentionShare > 0 && this.draws.chance(knobs.retentionShare)) {
      operations.push({ op: 'setRetention', retention: this.draws.pick(RETENTIONS) });
    }
    if (knobs.modelShare > 0 && this.draws.chance(knobs.modelShare)) operations.push(this.writeModel());
    this.written += 1;
    const mark = `c${this.client}.${this.written}`;
    const { group, organization, id } = layout.vaults[vault] as VaultEntry;
    const transaction = { actor: `client:${this.client}`, reason: mark, operations };
    const request = { kind: 'transact', group, organization, vault: id, transaction, model: undefined, proof: false } as const;
    return this.plan(lane, vault, { kind: 'transact', operations, mark }, request, { kind: 'leader' }, time);
  }

  /** No two are equal: one type has a name of its own. */
  private writeModel(): Operation {
    this.written += 1;
    const type = `m${this.client}.${this.written}`;
    return { op: 'writeModel', model: `{"schema_version":"1.1","type_definitions":[{"type":"${type}"}]}` };
  }

  private operation(vault: number): Operation {
    const key = this.draws.below(this.context.knobs.keys);
    const lenient = this.draws.below(3) > 0 ? 'ignore' : 'error';
    switch (this.draws.below(6)) {
      case 0:
      case 1:
        return {
          op: 'writeTuple',
          tuple: tupleOf(key),
          condition: undefined,
          expiresAt: this.expiry(vault),
          onDuplicate: lenient,
        };
      case 2:
        return { op: 'deleteTuple', tuple: tupleOf(key), onMissing: lenient };
      case 3:
        return this.setEntity(vault, key, undefined);
      case 4: {
        const expected = this.seen.get(`${vault}/${entityOf(key)}`);
        const condition =
          expected === undefined ? ({ kind: 'mustNotExist' } as const) : ({ kind: 'valueEquals', value: expected } as const);
        return this.setEntity(vault, key, condition);
      }
      default:
        return { op: 'deleteEntity', key: entityOf(key), condition: { kind: 'mustExist' } };
    }
  }

  private setEntity(vault: number, key: number, condition: EntityCondition | undefined): Operation {
    return { op: 'setEntity', key: entityOf(key), value: this.freshValue(), expiresAt: this.expiry(vault), condition };
  }

  /** Never, or so soon that the end falls among other operations: at the newest block's time itself, just behind it, or later. */
  private expiry(vault: number): number {
    const { expiryShare } = this.context.knobs;
    if (expiryShare === 0 || !this.draws.chance(expiryShare)) return 0;
    const from = this.newestTime.get(vault) ?? 0;
    return from === 0 ? 0 : from + this.draws.pick(EXPIRY_MICROS);
  }

  private freshValue(): Uint8Array {
    this.written += 1;
    return toUtf8(`v${this.client}.${this.written}`) as Uint8Array;
  }

  private plan(
    lane: number,
    vault: number,
    asked: Asked,
    request: Plan['request'],
    route: Route,
    time: number,
    mode: ReadMode = DEFAULT_MODE,
  ): Plan {
    const { history, hasher, onAnswer, onPruned, layout } = this.context;
    const process = this.client * 16 + lane;
    const invocation = history.invoke(process, vault, asked, time, mode);
    const done = (outcome: OperationOutcome, endTime: number, from?: number): void => {
      if (!outcome.ok && outcome.code === 'pruned_height') {
        invocation.answeredBy = from;
        history.ended(invocation, 'ok', { kind: 'pruned', oldest: outcome.oldest ?? 0 }, endTime);
        return onPruned(layout.vaults[vault] as VaultEntry, mode.at, outcome.oldest);
      }
      if (!outcome.ok) {
        const unknown = asked.kind === 'transact' && outcome.code === 'unknown_outcome';
        history.ended(invocation, unknown ? 'info' : 'fail', undefined, endTime);
        return;
      }
      const { answer } = outcome;
      const told: Told =
        asked.kind === 'proof' && answer.kind === 'proof'
          ? { kind: 'proof', shown: shownBy(hasher, asked.questions, answer) }
          : toldBy(answer);
      if (asked.kind === 'entity' && told.kind === 'entity' && mode === DEFAULT_MODE) this.remember(vault, asked.key, told.value);
      if (asked.kind === 'transact' && told.kind === 'transact') this.rememberModel(vault, asked.operations, told.outcome);
      noteBlock(invocation, outcome.answer);
      invocation.answeredBy = from;
      this.newestTime.set(vault, Math.max(this.newestTime.get(vault) ?? 0, invocation.seenTime ?? 0));
      this.newestHeight.set(vault, Math.max(this.newestHeight.get(vault) ?? 0, invocation.seenAt ?? 0));
      history.ended(invocation, 'ok', told, endTime);
      onAnswer(asked, layout.vaults[vault] as VaultEntry, outcome.answer, { invokedAt: time, time: endTime, mode });
    };
    return { request, route, timeoutMicros: OPERATION_TIMEOUT_MICROS, done };
  }

  private rememberModel(vault: number, operations: readonly Operation[], outcome: TransactionOutcome): void {
    for (const operation of operations) {
      if (operation.op === 'writeModel' && outcome.ok) this.models.set(vault, { id: outcome.model, written: operation.model });
    }
  }

  private remember(vault: number, key: string, value: Uint8Array | undefined): void {
    if (value === undefined) this.seen.delete(`${vault}/${key}`);
    else this.seen.set(`${vault}/${key}`, value);
  }
}

/** Notes the block an answer was read at. */
export function noteBlock(invocation: Invocation, answer: Answer): void {
  if (!('anchor' in answer)) return;
  invocation.seenAt = answer.anchor.height;
  invocation.seenTime = headerTime(answer.anchor.header);
}

/** The part of an answer that the sequential model judges. */
export function toldBy(answer: Answer): Told {
  switch (answer.kind) {
    case 'transacted':
      return { kind: 'transact', outcome: answer.outcome };
    case 'tuple':
      return { kind: 'tuple', present: answer.present };
    case 'entity':
      return { kind: 'entity', value: answer.value };
    case 'model':
      return { kind: 'model', model: answer.model };
    case 'list':
      return { kind: 'list', tuples: answer.rows.map((row) => row.tuple) };
    default:
      throw new Error(`no workload asks for ${answer.kind}`);
  }
}
