/**
 * Every check, list and expansion, of the newest block or of an older one, says what the model's definition says over the tuples that the chain
 * shows at the block which the answer names. It knows nothing of real time: that the block is new enough, other oracles say.
 */
import type { AuthzQuery, AuthzResult, CheckQuestion } from '../../../core/client/authz-protocol.ts';
import type { VaultEntry } from '../../../core/client/protocol.ts';
import type { Replica } from '../../../core/replica/replica.ts';
import type { ChainTuples, VaultAt, WrittenModel } from '../../authorization/chain-tuples.ts';
import { Definition, type HeldTuple } from '../../authorization/definition.ts';
import type { AuthorizationMark } from '../../authorization/marks.ts';
import { modelOfText } from '../../authorization/models.ts';
import { type Observer, Violation } from '../../observer.ts';
import type { VouchShape } from '../../vouch.ts';

export class Authorization implements Observer<VouchShape, Replica> {
  readonly name: string = 'authorization';
  readonly claim: string =
    'Every check, list and expansion says what its model defines over the tuples that the chain shows at the block it names.';
  private readonly chain: ChainTuples;
  private readonly mark: (name: AuthorizationMark) => void;

  constructor(chain: ChainTuples, mark: (name: AuthorizationMark) => void) {
    this.chain = chain;
    this.mark = mark;
  }

  /** A client got an answer. Throws a Violation where it is another than the definition's. */
  judge({ id }: VaultEntry, query: AuthzQuery, answer: AuthzResult): void {
    const { height } = answer.anchor;
    const at = this.chain.at(id, height);
    if (at === undefined) throw new Violation(this.name, `vault ${id}: an answer names block ${height}, which nobody has sealed`);
    const model = query.model === '' ? at.newest : at.model(query.model);
    if ((model?.id ?? '') !== answer.model) {
      throw new Violation(
        this.name,
        `vault ${id}, block ${height}: judged by model '${answer.model}', not by '${model?.id ?? ''}'`,
      );
    }
    const problem =
      query.kind === 'check' && answer.kind === 'check'
        ? this.checks(at, model, query, answer)
        : query.kind === 'expand' && answer.kind === 'expand'
          ? this.expansion(at, model, query, answer)
          : this.list(at, model, query, answer);
    if (problem !== undefined) throw new Violation(this.name, `vault ${id}, block ${height}: ${problem}`);
  }

  private checks(
    at: VaultAt,
    model: WrittenModel | undefined,
    { checks }: Extract<AuthzQuery, { readonly kind: 'check' }>,
    { verdicts }: Extract<AuthzResult, { readonly kind: 'check' }>,
  ): string | undefined {
    if (verdicts.length !== checks.length) return `${checks.length} checks have ${verdicts.length} verdicts`;
    for (const [index, check] of checks.entries()) {
      const verdict = verdicts[index];
      const told = verdict?.ok === true ? (verdict.allowed ? 'allow' : 'deny') : 'error';
      const defined = model === undefined ? exact(at, check) : definitionOf(at, model, check).check(check.tuple).verdict;
      const { resource, relation, subject } = check.tuple;
      if (told !== defined)
        return `${resource}#${relation}@${subject} is ${defined}, and the answer was ${told}${verdict?.ok === false ? ` (${verdict.error.message})` : ''}`;
      this.mark(`authorization.${defined}`);
    }
    return undefined;
  }

  private expansion(
    at: VaultAt,
    model: WrittenModel | undefined,
    query: Extract<AuthzQuery, { readonly kind: 'expand' }>,
    answer: Extract<AuthzResult, { readonly kind: 'expand' }>,
  ): string | undefined {
    if (model === undefined) return 'an expansion without a model';
    const { resource, relation, contextual } = query;
    const expected = JSON.stringify(definitionOf(at, model, { contextual, context: '{}' }).expand(resource, relation));
    this.mark('authorization.expanded');
    const told = JSON.stringify(answer.tree);
    return told === expected ? undefined : `${resource}#${relation} expands to ${expected}, and the answer was ${told}`;
  }

  private list(at: VaultAt, model: WrittenModel | undefined, query: AuthzQuery, answer: AuthzResult): string | undefined {
    if (query.kind === 'check' || query.kind === 'expand' || answer.kind !== query.kind)
      return `${answer.kind} answers ${query.kind}`;
    if (model === undefined) return 'a list without a model';
    const definition = definitionOf(at, model, query);
    const expected =
      query.kind === 'listObjects'
        ? definition.objects(query.type, query.relation, query.subject)
        : definition.subjects(query.resource, query.relation, query.filters[0]?.type ?? '');
    this.mark('authorization.listed');
    const isSame = expected.length === answer.found.length && expected.every((member, place) => member === answer.found[place]);
    return isSame ? undefined : `${query.kind} is [${expected.join(', ')}], and the answer was [${answer.found.join(', ')}]`;
  }
}

/** A question's own tuples stand in the place of those with the same key. */
function definitionOf(at: VaultAt, model: WrittenModel, own: Pick<CheckQuestion, 'contextual' | 'context'>): Definition {
  const isOwn = (held: HeldTuple): boolean => own.contextual.some(({ tuple }) => nameOf(tuple) === nameOf(held.tuple));
  const tuples = [...at.tuples.filter((held) => !isOwn(held)), ...own.contextual];
  return new Definition(modelOfText(model.text), tuples, own.context);
}

function nameOf({ resource, relation, subject }: CheckQuestion['tuple']): string {
  return `${resource}#${relation}@${subject}`;
}

/** In a vault without models a check asks for the tuple itself; what only a model can judge is an error. */
function exact({ tuples }: VaultAt, { tuple, contextual }: CheckQuestion): 'allow' | 'deny' | 'error' {
  const found = tuples.find((held) => nameOf(held.tuple) === nameOf(tuple));
  if (contextual.length > 0 || found?.condition !== undefined) return 'error';
  return found === undefined ? 'deny' : 'allow';
}
