/**
 * Vaults that are made, written to and deleted again while others work: deletions meet every fault. Each step is asked for until it is
 * answered. What is checked here: once a deletion was acknowledged, no linearizable read finds the vault again.
 */
import type { LogicalRequest, OperationOutcome } from '../../core/client/operation.ts';
import { type ClientResult, NEWEST, type VaultEntry } from '../../core/client/protocol.ts';
import type { Height } from '../../core/ids.ts';
import { Violation } from '../observer.ts';
import type { Plan } from './client.ts';

const TIMEOUT_MICROS = 5_000_000;
const WRITES = 3;
/** Of the first organization, which every run has. */
const ORGANIZATION = 'acme-1';
type Step = 'reserve' | 'create' | 'write' | 'delete' | 'look' | 'release';
const STEPS: readonly Step[] = ['reserve', 'create', ...Array<Step>(WRITES).fill('write'), 'delete', 'look', 'release'];

export class BriefVaults {
  private readonly count: number;
  private readonly isOpen: () => boolean;
  private begun: number = 0;
  private step: number = 0;
  private attempts: number = 0;
  private vault: VaultEntry | undefined = undefined;

  constructor(options: { readonly count: number; readonly isOpen: () => boolean }) {
    this.count = options.count;
    this.isOpen = options.isOpen;
  }

  /** undefined: nothing, now or any more. */
  next(): Plan | undefined {
    if (this.begun >= this.count || !this.isOpen()) return undefined;
    this.attempts += 1;
    const step = STEPS[this.step] as Step;
    return {
      request: this.request(step),
      route: step === 'look' ? { kind: 'any' } : { kind: 'leader' },
      timeoutMicros: TIMEOUT_MICROS,
      done: (outcome) => this.done(step, outcome),
    };
  }

  private request(step: Step): LogicalRequest {
    const organization = ORGANIZATION;
    if (step === 'reserve') {
      return {
        kind: 'directory',
        body: { kind: 'reserveVault', organization, name: `brief-${this.begun}`, allowExisting: true },
      };
    }
    const { id: vault, group, organization: owner } = this.vault as VaultEntry;
    switch (step) {
      case 'create':
        return { kind: 'createVault', group, organization: owner, vault };
      case 'write': {
        const reason = `brief-${this.begun}-${this.attempts}`;
        const operation = {
          op: 'setEntity',
          key: reason,
          value: new Uint8Array(40),
          expiresAt: 0,
          condition: undefined,
        } as const;
        const transaction = { actor: 'brief', reason, operations: [operation] };
        return { kind: 'transact', group, organization: owner, vault, transaction, model: undefined, proof: false };
      }
      case 'delete':
        return { kind: 'deleteVault', group, organization: owner, vault };
      case 'look': {
        const query = { kind: 'block', height: 0 as Height } as const;
        return { kind: 'query', group, organization: owner, vault, query, consistency: 'linearizable', at: NEWEST, proof: false };
      }
      case 'release':
        return { kind: 'directory', body: { kind: 'releaseVault', organization, vault } };
    }
  }

  private done(step: Step, outcome: OperationOutcome): void {
    if (step === 'look' && outcome.ok) {
      throw new Violation('deleted-stays-deleted', `vault ${this.vault?.id} was read after its deletion was acknowledged`);
    }
    if (step === 'look' ? !outcome.ok && outcome.code === 'vault_deleted' : outcome.ok) this.advance(outcome);
  }

  private advance(outcome: OperationOutcome): void {
    const answer: ClientResult | undefined = outcome.ok ? outcome.answer : undefined;
    if (answer?.kind === 'vault') this.vault = answer.vault;
    this.step += 1;
    if (this.step < STEPS.length) return;
    this.step = 0;
    this.begun += 1;
  }
}
