/**
 * A naive model of one group: maps, no trees, no bytes. Written from the design's sentences, not from the code under test.
 * It knows tuples and entities with versions and expiry, blocks by height and time, and sessions with their results.
 */
import type { CommandRef } from '../../core/client/protocol.ts';
import type { Command } from '../../core/state/command.ts';
import type { EntityCondition, Operation } from '../../core/state/transaction.ts';

interface Fact {
  readonly text: string;
  readonly expiresAt: number;
  readonly version: number;
}

interface ModelVault {
  facts: Map<string, Fact>;
  height: number;
  time: number;
}

interface ModelSession {
  lowest: number;
  results: Map<number, { readonly payload: string; readonly answer: { value: string } }>;
  lastUsed: number;
}

function nameOf(operation: Operation): string {
  if (operation.op === 'writeTuple' || operation.op === 'deleteTuple') {
    const { resource, relation, subject } = operation.tuple;
    return `t ${resource}#${relation}@${subject}`;
  }
  if (operation.op === 'writeModel') return 'm';
  return operation.op === 'setRetention' ? 'r' : `e ${operation.key}`;
}

function textOf(bytes: Uint8Array): string {
  return [...bytes].join('.');
}

export class Model {
  readonly vaults: Map<string, ModelVault> = new Map();
  /** In order of last use. */
  readonly sessions: Map<number, ModelSession> = new Map();
  readonly owners: Map<string, string> = new Map();
  time: number = 0;
  index: number = 0;
  private readonly limits: { readonly sessionsMax: number; readonly idleMicros: number };

  constructor(limits: { readonly sessionsMax: number; readonly idleMicros: number }) {
    this.limits = limits;
  }

  live(vault: string, name: string): Fact | undefined {
    const state = this.vaults.get(vault);
    const fact = state?.facts.get(name);
    return state !== undefined && fact !== undefined && isLive(fact, state.time) ? fact : undefined;
  }

  /** Applies one entry whose commands stand in the order given. @returns one verdict per command. */
  apply(commands: readonly Command[], wall: number): readonly string[] {
    this.index += 1;
    this.time = Math.max(wall, this.time + 1);
    for (const [index, session] of this.sessions) {
      if (this.time - session.lastUsed >= this.limits.idleMicros) this.sessions.delete(index);
    }
    const blocks = new Map<string, { time: number; changed: boolean }>();
    const answers = commands.map((command) => this.command(command, blocks));
    for (const [id, block] of blocks) {
      const vault = this.vaults.get(id) as ModelVault;
      if (!block.changed) continue;
      vault.height += 1;
      vault.time = block.time;
    }
    return answers.map((answer) => answer.value);
  }

  private command(command: Command, blocks: Map<string, { time: number; changed: boolean }>): { value: string } {
    switch (command.kind) {
      case 'openSession':
        return { value: this.open() };
      case 'expire':
        return { value: this.expire(command.vault, blocks) };
      case 'createVault':
        return this.once(command.ref, `create ${command.organization} ${command.vault}`, () => {
          const owner = this.owners.get(command.vault);
          if (owner !== undefined) return owner === command.organization ? 'created' : 'vault_exists';
          this.owners.set(command.vault, command.organization);
          this.vaults.set(command.vault, { facts: new Map(), height: 0, time: 0 });
          this.block(command.vault, blocks).changed = true;
          return 'created';
        });
      case 'transact':
        return this.once(command.ref, JSON.stringify([command.vault, command.organization, command.transaction], plain), () => {
          if (this.owners.get(command.vault) !== command.organization) return 'vault_missing';
          return this.transact(command.vault, command.transaction.operations, blocks);
        });
      default:
        throw new Error('the model has no directory');
    }
  }

  private open(): string {
    if (this.sessions.has(this.index)) return 'overloaded';
    if (this.sessions.size >= this.limits.sessionsMax) this.sessions.delete([...this.sessions.keys()][0] as number);
    this.sessions.set(this.index, { lowest: 1, results: new Map(), lastUsed: this.time });
    return `session ${this.index}`;
  }

  private once(ref: CommandRef, payload: string, run: () => string): { value: string } {
    const session = this.sessions.get(ref.session.index);
    if (session === undefined) return { value: 'session_expired' };
    this.sessions.delete(ref.session.index);
    this.sessions.set(ref.session.index, session);
    session.lastUsed = this.time;
    session.lowest = Math.max(session.lowest, ref.lowestUnanswered);
    if (ref.sequence < session.lowest) return { value: 'sequence_stale' };
    const kept = session.results.get(ref.sequence);
    if (kept !== undefined) return kept.payload === payload ? kept.answer : { value: 'sequence_reused' };
    const answer = { value: run() };
    session.results.set(ref.sequence, { payload, answer });
    return answer;
  }

  private block(id: string, blocks: Map<string, { time: number; changed: boolean }>): { time: number; changed: boolean } {
    let block = blocks.get(id);
    if (block === undefined) {
      block = { time: Math.max(this.time, (this.vaults.get(id) as ModelVault).time + 1), changed: false };
      blocks.set(id, block);
    }
    return block;
  }

  private expire(id: string, blocks: Map<string, { time: number; changed: boolean }>): string {
    const vault = this.vaults.get(id);
    if (vault === undefined) return 'vault_missing';
    const block = this.block(id, blocks);
    const due = [...vault.facts].filter(([, fact]) => !isLive(fact, block.time));
    for (const [name] of due) vault.facts.delete(name);
    block.changed ||= due.length > 0;
    return due.length > 0 ? `changed ${vault.height + 1}` : `same ${vault.height}`;
  }

  private transact(
    id: string,
    operations: readonly Operation[],
    blocks: Map<string, { time: number; changed: boolean }>,
  ): string {
    const block = this.block(id, blocks);
    const vault = this.vaults.get(id) as ModelVault;
    const facts = new Map(vault.facts);
    for (const [k, operation] of operations.entries()) {
      const refused = this.operate(facts, operation, block.time, vault.height + 1);
      if (refused === undefined) continue;
      if (!block.changed) this.expire(id, blocks);
      return `${refused} ${k}`;
    }
    // A retention is news if it is another one; whatever else is written is.
    const isNews = (name: string, fact: Fact): boolean =>
      name === 'r' ? vault.facts.get(name)?.text !== fact.text : vault.facts.get(name) !== fact;
    const changed = [...facts].some(([name, fact]) => isNews(name, fact)) || facts.size !== vault.facts.size;
    vault.facts = facts;
    if (!changed && !block.changed) this.expire(id, blocks); // an answer that saw something expired comes with a block that says so
    block.changed ||= changed;
    return changed ? `changed ${vault.height + 1}` : `same ${vault.height}`;
  }

  private operate(facts: Map<string, Fact>, operation: Operation, time: number, version: number): string | undefined {
    const name = nameOf(operation);
    const stored = facts.get(name);
    const present = stored !== undefined && isLive(stored, time) ? stored : undefined;
    switch (operation.op) {
      case 'writeTuple': {
        const text = operation.condition === undefined ? '' : `${operation.condition.name}${operation.condition.context}`;
        if (present === undefined) facts.set(name, { text, expiresAt: operation.expiresAt, version });
        else if (operation.onDuplicate === 'error') return 'tuple_exists';
        else if (present.text !== text || present.expiresAt !== operation.expiresAt) return 'tuple_condition_differs';
        return undefined;
      }
      case 'deleteTuple':
        if (present === undefined) return operation.onMissing === 'error' ? 'tuple_missing' : undefined;
        facts.delete(name);
        return undefined;
      case 'setRetention':
        if (operation.retention.kind === 'all') facts.delete(name);
        else facts.set(name, { text: JSON.stringify(operation.retention), expiresAt: 0, version });
        return undefined;
      case 'writeModel':
        facts.set(name, { text: operation.model, expiresAt: 0, version });
        return undefined;
      case 'setEntity': {
        const refused = judge(operation.condition, present);
        if (refused === undefined) facts.set(name, { text: textOf(operation.value), expiresAt: operation.expiresAt, version });
        return refused;
      }
      default: {
        const refused = judge(operation.condition, present);
        if (refused === undefined && present !== undefined) facts.delete(name);
        return refused;
      }
    }
  }
}

function plain(_: string, value: unknown): unknown {
  return value instanceof Uint8Array ? textOf(value) : value;
}

function isLive(fact: Fact, time: number): boolean {
  return fact.expiresAt === 0 || fact.expiresAt > time;
}

function judge(condition: EntityCondition | undefined, present: Fact | undefined): string | undefined {
  if (condition?.kind === 'mustNotExist' && present !== undefined) return 'entity_exists';
  if (condition?.kind === 'mustExist' && present === undefined) return 'entity_missing';
  if (condition?.kind === 'versionEquals' && (present?.version ?? 0) !== condition.version) return 'version_differs';
  if (condition?.kind === 'valueEquals' && present?.text !== textOf(condition.value)) return 'value_differs';
  return undefined;
}
