/**
 * A client that has pinned keys and believes nothing else: it asks for checkpoints at any node, checks each with its policy, asks why
 * it extends the last one that it accepted, and now and then asks a question and checks the answer as a receipt. All of the checking
 * is the library's own (core/note, core/receipt). When the cluster is whole it compares what it has seen with the others (gossip.ts).
 */
import type { Hasher, SignatureVerifier } from '../../core/capability.ts';
import type { Answer } from '../../core/client/operation.ts';
import { type Anchor, NEWEST, type ReadPoint, type VaultEntry, type VaultQuery } from '../../core/client/protocol.ts';
import type { Height } from '../../core/ids.ts';
import type { Checkpoint } from '../../core/note/checkpoint.ts';
import { compareWithLast } from '../../core/note/last-accepted.ts';
import { checkNote, type Policy } from '../../core/note/policy.ts';
import type { Question } from '../../core/proof/statement.ts';
import { statementsAnswer } from '../../core/proof/statements-answer.ts';
import { encodeReceipt } from '../../core/receipt/format.ts';
import { verifyReceipt } from '../../core/receipt/verify.ts';
import type { Draws } from '../tape.ts';
import { addressOf } from '../vouch.ts';
import type { Behaviour, Plan } from '../workload/client.ts';
import { tupleOf } from '../workload/ledger.ts';
import type { Gossip, SeenNote } from './gossip.ts';

const TIMEOUT_MICROS = 2_000_000;

/** What a client is told, and what it makes of it: for the oracle. */
export interface Findings {
  /** A checkpoint arrived. */
  readonly told: (client: number, seen: SeenNote) => void;
  /** It is believed, and remembered. */
  readonly accepted: (client: number, checkpoint: Checkpoint) => void;
  readonly refused: (client: number, seen: SeenNote, why: 'policy' | 'rollback' | 'fork' | 'inconsistent') => void;
  /** An answer was checked. @param block of which it claims to be */
  readonly answered: (client: number, block: Anchor, isBelieved: boolean) => void;
}

export interface PinningOptions {
  readonly client: number;
  readonly hasher: Hasher;
  readonly verifier: SignatureVerifier;
  readonly vault: VaultEntry;
  readonly policy: Policy;
  /** Keys that the policy needs, and that it has. */
  readonly k: number;
  readonly keyCount: number;
  readonly tuples: number;
  readonly gossip: Gossip;
  readonly findings: Findings;
  readonly draws: Draws;
  readonly pauseMeanMicros: number;
}

/** What it does next. */
type Step =
  | { readonly kind: 'checkpoint' }
  | { readonly kind: 'consistency'; readonly seen: SeenNote; readonly last: Checkpoint; readonly from: number | undefined }
  | { readonly kind: 'question'; readonly from: number | undefined }
  | {
      readonly kind: 'inclusion';
      readonly from: number | undefined;
      readonly last: SeenNote;
      readonly questions: readonly Question[];
      readonly answer: Extract<Answer, { readonly kind: 'proof' }>;
    };

const CHECKPOINT: Step = { kind: 'checkpoint' };

export class PinningClient implements Behaviour {
  /** The last note that it accepted. */
  private last: SeenNote | undefined = undefined;
  private step: Step = CHECKPOINT;
  private phase: 'work' | 'measure' | 'compare' | 'done' = 'work';
  private onDone: () => void = () => undefined;
  private readonly options: PinningOptions;
  private readonly draws: Draws;

  constructor(options: PinningOptions) {
    this.options = options;
    this.draws = options.draws;
  }

  /** From now on it compares. @param onDone called once, when nothing is left to ask */
  part(onDone: () => void): void {
    this.onDone = onDone;
    this.phase = 'measure';
  }

  think(): number {
    return this.phase === 'work' ? this.draws.below(2 * this.options.pauseMeanMicros + 1) : 0;
  }

  next(): Plan | undefined {
    switch (this.phase) {
      case 'work':
        return this.work();
      case 'measure':
        return this.askForMeasure();
      case 'compare':
        return this.compare();
      case 'done':
        return undefined;
    }
  }

  private work(): Plan {
    const { step } = this;
    this.step = CHECKPOINT; // where an answer does not come, it begins anew
    switch (step.kind) {
      case 'checkpoint':
        return this.ask({ kind: 'checkpoint', signatures: this.options.k }, (answer, from) => {
          if (answer.kind === 'checkpoint') this.noteCame(answer.note, from);
        });
      case 'consistency': {
        const query = {
          kind: 'logConsistency',
          from: step.last.size as Height,
          to: step.seen.checkpoint.size as Height,
        } as const;
        const done = (answer: Answer): void => {
          if (answer.kind === 'logConsistency') this.weigh(step.seen, answer.consistency.path, step.from);
        };
        return this.ask(query, done, { from: step.from });
      }
      case 'question':
        return this.question(step.from);
      case 'inclusion':
        return this.inclusion(step);
    }
  }

  private noteCame(text: string, from: number | undefined): void {
    const { client, gossip, findings, verifier, policy } = this.options;
    const seen = gossip.saw(text);
    if (seen === undefined) return;
    findings.told(client, seen);
    const verdict = checkNote(verifier, policy, seen.note);
    if (!verdict.ok) return findings.refused(client, seen, 'policy');
    const last = this.last?.checkpoint;
    // It asks whoever gave the note, as one connection would, or anybody.
    const whom = this.draws.below(3) === 0 ? undefined : from;
    if (last !== undefined && last.size > 0 && seen.checkpoint.size > last.size) {
      this.step = { kind: 'consistency', seen, last, from: whom };
    } else this.weigh(seen, [], whom);
  }

  /** The policy is met; now its memory judges. */
  private weigh(seen: SeenNote, proof: readonly Uint8Array[], from: number | undefined): void {
    const { client, hasher, findings } = this.options;
    const progress = compareWithLast(hasher, this.last?.checkpoint, seen.checkpoint, proof);
    if (progress.kind === 'rollback' || progress.kind === 'fork' || progress.kind === 'inconsistent')
      return findings.refused(client, seen, progress.kind);
    this.last = seen;
    findings.accepted(client, seen.checkpoint);
    if (this.draws.below(2) === 0) this.step = { kind: 'question', from };
  }

  private question(from: number | undefined): Plan {
    const { tuples } = this.options;
    const last = this.last as SeenNote;
    const questions: readonly Question[] = [{ kind: 'tuple', tuple: tupleOf(this.draws.below(tuples)) }];
    const done = (answer: Answer): void => {
      if (answer.kind === 'proof') this.step = { kind: 'inclusion', from, last, questions, answer };
    };
    const at = { kind: 'height', height: last.checkpoint.size as Height } as const;
    return this.ask({ kind: 'proof', questions }, done, { from, at });
  }

  private inclusion({ from, last, questions, answer: proven }: Extract<Step, { kind: 'inclusion' }>): Plan {
    const size = last.checkpoint.size as Height;
    return this.ask(
      { kind: 'logInclusion', height: proven.anchor.height, size },
      (answer) => {
        if (answer.kind !== 'logInclusion') return;
        const isBelieved = this.holds(last, questions, proven, answer.inclusion.path);
        this.options.findings.answered(this.options.client, proven.anchor, isBelieved);
      },
      { from },
    );
  }

  /** Whether the answer, made into a receipt under the checkpoint that was accepted, is one. */
  private holds(
    last: SeenNote,
    questions: readonly Question[],
    { anchor, proof }: Extract<Answer, { readonly kind: 'proof' }>,
    path: readonly Uint8Array[],
  ): boolean {
    const { hasher, verifier, policy, vault } = this.options;
    const { organization, id: store } = vault;
    const answered = statementsAnswer({ hasher, organization, store, questions, anchor, proof });
    if (!answered.ok) return false;
    const { statements } = answered.answer;
    const text = encodeReceipt({ header: anchor.header, statements, proof, index: anchor.height - 1, path, note: last.note });
    return verifyReceipt(text, { policy, questions, organization, store, hasher, verifier }).ok;
  }

  /** Until somebody gives a checkpoint with every key's line. */
  private askForMeasure(): Plan {
    const { keyCount, policy, verifier, gossip, client, findings } = this.options;
    return this.ask({ kind: 'checkpoint', signatures: keyCount }, (answer) => {
      if (answer.kind !== 'checkpoint') return;
      const seen = gossip.saw(answer.note);
      if (seen === undefined) return;
      findings.told(client, seen);
      const verdict = checkNote(verifier, policy, seen.note);
      if (!verdict.ok || verdict.signers.length < keyCount) return;
      gossip.measured(seen);
      this.phase = 'compare';
    });
  }

  private compare(): Plan | undefined {
    const { gossip } = this.options;
    const sizes = gossip.takeSize();
    if (sizes === undefined) {
      this.phase = 'done';
      this.onDone();
      return undefined;
    }
    const { from, to } = sizes;
    let isCompared = false;
    const plan = this.ask({ kind: 'logConsistency', from: from as Height, to: to as Height }, (answer) => {
      isCompared = answer.kind === 'logConsistency' && gossip.compare(from, answer.consistency);
    });
    return {
      ...plan,
      done: (outcome, time, node) => {
        plan.done(outcome, time, node);
        if (!isCompared) gossip.giveBack(from);
      },
    };
  }

  /** @param options.from the node to ask; any where it is left out */
  private ask(
    query: VaultQuery,
    done: (answer: Answer, from: number | undefined) => void,
    options: { readonly from?: number | undefined; readonly at?: ReadPoint } = {},
  ): Plan {
    const { group, organization, id } = this.options.vault;
    const { from, at = NEWEST } = options;
    const consistency = this.phase !== 'work' || this.draws.below(2) === 0 ? 'linearizable' : 'eventual';
    return {
      request: { kind: 'query', group, organization, vault: id, query, consistency, at, proof: query.kind === 'proof' },
      route: from === undefined ? { kind: 'any' } : { kind: 'only', endpoint: addressOf(from) },
      timeoutMicros: TIMEOUT_MICROS,
      done: (outcome, _time, node) => {
        if (outcome.ok) done(outcome.answer, node);
      },
    };
  }
}
