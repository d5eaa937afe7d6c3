/**
 * A write that was to fit a model is taken only where its tuples fit it, and refused only where they do not. Which model is the newest may
 * change while the write is under way: any that was it between the question and the answer is as good as another.
 */
import type { VaultEntry } from '../../../core/client/protocol.ts';
import type { Replica } from '../../../core/replica/replica.ts';
import type { Operation } from '../../../core/state/transaction.ts';
import type { ChainTuples, WrittenModel } from '../../authorization/chain-tuples.ts';
import { admits } from '../../authorization/definition.ts';
import type { AuthorizationMark } from '../../authorization/marks.ts';
import { modelOfText } from '../../authorization/models.ts';
import { type Observer, Violation } from '../../observer.ts';
import type { VouchShape } from '../../vouch.ts';

/** A write that named a model. */
export interface FittedQuestion {
  readonly vault: VaultEntry;
  readonly operations: readonly Operation[];
  /** Id; empty: the newest. */
  readonly model: string;
  /** Newest block that anybody had been shown when it was asked for. */
  readonly since: number;
}

export class WritesFit implements Observer<VouchShape, Replica> {
  readonly name: string = 'writes-fit';
  readonly claim: string = 'A write that is to fit a model is taken where its tuples fit it, and refused where they do not.';
  private readonly chain: ChainTuples;
  private readonly mark: (name: AuthorizationMark) => void;

  constructor(chain: ChainTuples, mark: (name: AuthorizationMark) => void) {
    this.chain = chain;
    this.mark = mark;
  }

  /** It was executed. @param height of its block */
  taken(question: FittedQuestion, height: number): void {
    this.mark('authorization.fitted-write-taken');
    if (this.candidates(question, height).some((model) => fit(model, question))) return;
    this.fail(question, `was taken into block ${height}, though its tuples fit no model that was the newest meanwhile`);
  }

  /** It was refused, because its tuples do not fit. */
  turnedDown(question: FittedQuestion): void {
    this.mark('authorization.fitted-write-refused');
    const newest = this.chain.heightOf(question.vault.id);
    if (this.candidates(question, newest).some((model) => !fit(model, question))) return;
    this.fail(question, 'was refused, though its tuples fit every model that was the newest meanwhile');
  }

  private candidates({ vault, model, since }: FittedQuestion, to: number): readonly (WrittenModel | undefined)[] {
    if (model === '') return this.chain.newestModels(vault.id, since, to);
    const known = this.chain.at(vault.id, this.chain.heightOf(vault.id))?.model(model);
    return known === undefined ? [] : [known];
  }

  private fail({ vault, operations }: FittedQuestion, what: string): never {
    throw new Violation(this.name, `vault ${vault.id}: a write of ${operations.length} operations ${what}`);
  }
}

/** Whatever is deleted fits, and everything does where there is no model. */
function fit(model: WrittenModel | undefined, { operations }: FittedQuestion): boolean {
  if (model === undefined) return true;
  const parsed = modelOfText(model.text);
  return operations.every((operation) => operation.op !== 'writeTuple' || admits(parsed, operation));
}
