/** Questions to a vault's authorization models, and what is answered, verified here where that is asked for. */
import type { ExpandTree } from '../../core/authz/expand.ts';
import { explain } from '../../core/authz/explain.ts';
import type { ReadTuple } from '../../core/authz/reading.ts';
import { canonicalJson } from '../../core/bytes/canonical-json.ts';
import type { CertificateAnswer } from '../../core/certificate/answer.ts';
import { checksAnswer, listAnswer } from '../../core/certificate/authz-answer.ts';
import { type AuthzQuery, type AuthzResult, type CheckQuestion, CLIENT_CODE_OF } from '../../core/client/authz-protocol.ts';
import type { Anchor, ClientErrorCode, VaultEntry } from '../../core/client/protocol.ts';
import type { Anchored } from '../../core/proof/anchor-claim.ts';
import { verifyAnswer } from '../../core/proof/answer.ts';
import type { TupleCondition, TupleKey } from '../../core/state/transaction.ts';
import { verifyCheck, verifyListObjects, verifyListUsers } from '../../core/verify/check.ts';
import { VouchError } from './error.ts';
import { type ProvenAnswer, provenAnswer } from './proven-answer.ts';

/** A tuple that holds for one question only. */
export interface ContextualTuple extends TupleKey {
  readonly condition?: TupleCondition;
}

/** What a question is judged by besides the vault's tuples. */
export interface Judging {
  /**
   * Id of the model; the newest one unless given. Which one is the newest, or that there is none, is the node's word: who verifies
   * names the model. An empty one: by none, only whether the exact tuple is there.
   */
  readonly model?: string;
  /** Parameters of conditions. */
  readonly context?: Readonly<Record<string, unknown>>;
  /** At most 100. */
  readonly contextual?: readonly ContextualTuple[];
}

/** verified: ask for a certificate and evaluate it here; an answer whose certificate does not hold throws `proof_invalid`. */
export interface Verifying {
  readonly verified?: boolean;
  /** Hashes the caller trusts, 64 hex digits; they count only with verified. */
  readonly block?: string;
  readonly root?: string;
  /** The height that the answer has to be of. */
  readonly height?: number;
}

/** An answer in the form that `vouch verify` reads, already verified, and what it is anchored in. */
export interface Certificate<A> {
  readonly answer: A;
  readonly anchored: Anchored;
}

export interface Check {
  readonly allowed: boolean;
  /** By which it was judged; empty in a vault without models, where the exact tuple decides. */
  readonly model: string;
  readonly anchor: Anchor;
  readonly proven: (Certificate<ProvenAnswer | CertificateAnswer> & { readonly explanation: readonly string[] }) | undefined;
}

/** found: sorted. */
export interface Listed {
  readonly found: readonly string[];
  readonly model: string;
  readonly anchor: Anchor;
  readonly proven: Certificate<CertificateAnswer> | undefined;
}

/** One of several checks: a verdict, or why there is none. */
export type BatchVerdict =
  | { readonly allowed: boolean }
  | { readonly error: { readonly code: ClientErrorCode; readonly message: string } };

type Ask = <K extends AuthzQuery['kind']>(
  query: Extract<AuthzQuery, { readonly kind: K }>,
  proof: boolean,
) => Promise<Extract<AuthzResult, { readonly kind: K }>>;

export class AuthzReader {
  private readonly ask: Ask;
  private readonly entry: VaultEntry;

  constructor(ask: Ask, entry: VaultEntry) {
    this.ask = ask;
    this.entry = entry;
  }

  async check(tuple: TupleKey, options: Judging & Verifying): Promise<Check> {
    const query = { kind: 'check', model: options.model ?? '', checks: [checkQuestion(tuple, options)] } as const;
    const result = await this.ask(query, options.verified === true);
    const [verdict] = result.verdicts;
    if (verdict === undefined) throw otherAnswer();
    if (!verdict.ok) throw new VouchError(CLIENT_CODE_OF[verdict.error.code], verdict.error.message);
    const { allowed } = verdict;
    const { model, anchor } = result;
    if (options.model !== undefined && options.model !== model) throw otherModel(options.model, model);
    if (options.verified !== true) return { allowed, model, anchor, proven: undefined };
    const proven = model === '' ? this.exact(tuple, result, allowed, options) : this.certified(query, result, options);
    return { allowed, model, anchor, proven };
  }

  async checkAll(checks: readonly (TupleKey & Omit<Judging, 'model'>)[], model: string): Promise<readonly BatchVerdict[]> {
    const questions = checks.map((check) => checkQuestion(check, check));
    const { verdicts } = await this.ask({ kind: 'check', model, checks: questions }, false);
    return verdicts.map((verdict) => {
      if (verdict.ok) return { allowed: verdict.allowed };
      const { code, message } = verdict.error;
      return { error: { code: CLIENT_CODE_OF[code], message } };
    });
  }

  async listObjects(
    question: { readonly type: string; readonly relation: string; readonly subject: string },
    options: Judging & Verifying,
  ): Promise<Listed> {
    const query = { kind: 'listObjects', model: options.model ?? '', ...question, ...ownOf(options) } as const;
    const result = await this.ask(query, options.verified === true);
    const { found, model, anchor } = result;
    if (options.model !== undefined && options.model !== model) throw otherModel(options.model, model);
    if (options.verified !== true) return { found, model, anchor, proven: undefined };
    const answer = listAnswer(this.store, query, result);
    const verdict = verifyListObjects(answer, { ...this.expected(options, model), question });
    if (!verdict.ok) throw invalidProof(verdict);
    return { found: verdict.objects, model, anchor, proven: { answer, anchored: verdict.anchored } };
  }

  async listUsers(
    question: {
      readonly resource: string;
      readonly relation: string;
      readonly filters: readonly { readonly type: string; readonly relation: string }[];
    },
    options: Judging & Verifying,
  ): Promise<Listed> {
    const query = { kind: 'listUsers', model: options.model ?? '', ...question, ...ownOf(options) } as const;
    const result = await this.ask(query, options.verified === true);
    const { found, model, anchor } = result;
    if (options.model !== undefined && options.model !== model) throw otherModel(options.model, model);
    if (options.verified !== true) return { found, model, anchor, proven: undefined };
    const answer = listAnswer(this.store, query, result);
    const verdict = verifyListUsers(answer, { ...this.expected(options, model), question });
    if (!verdict.ok) throw invalidProof(verdict);
    return { found: verdict.users, model, anchor, proven: { answer, anchored: verdict.anchored } };
  }

  async expand(
    { resource, relation }: { readonly resource: string; readonly relation: string },
    options: Pick<Judging, 'model' | 'contextual'>,
  ): Promise<{ readonly tree: ExpandTree; readonly model: string; readonly anchor: Anchor }> {
    const contextual = contextualOf(options);
    return await this.ask({ kind: 'expand', model: options.model ?? '', resource, relation, contextual }, false);
  }

  private get store(): { readonly organization: string; readonly store: string } {
    return { organization: this.entry.organization, store: this.entry.id };
  }

  private expected({ block, root, height, context, contextual }: Judging & Verifying, model: string) {
    return {
      ...this.store,
      model,
      context: context ?? {},
      contextual: contextualOf(contextual === undefined ? {} : { contextual }),
      ...(block === undefined ? {} : { block }),
      ...(root === undefined ? {} : { root }),
      ...(height === undefined ? {} : { height }),
    };
  }

  private certified(
    query: Extract<AuthzQuery, { readonly kind: 'check' }>,
    result: Extract<AuthzResult, { readonly kind: 'check' }>,
    options: Judging & Verifying,
  ): NonNullable<Check['proven']> {
    const answer = checksAnswer(this.store, query, result);
    if (answer === undefined || !('statement' in answer)) throw otherAnswer();
    const { tuple } = query.checks[0] as CheckQuestion;
    const verdict = verifyCheck(answer, { ...this.expected(options, result.model), tuple });
    if (!verdict.ok) throw invalidProof(verdict);
    return { answer, anchored: verdict.anchored, explanation: verdict.why === undefined ? [] : explain(verdict.why) };
  }

  /** In a vault without models: a statement about one tuple. */
  private exact(
    tuple: TupleKey,
    { anchor, proof }: Extract<AuthzResult, { readonly kind: 'check' }>,
    allowed: boolean,
    options: Verifying,
  ): NonNullable<Check['proven']> {
    const answer = provenAnswer(this.entry, tuple, { present: allowed, anchor, proof });
    const { block, root, height } = options;
    const verdict = verifyAnswer(answer, {
      tuple,
      ...this.store,
      ...(block === undefined ? {} : { block }),
      ...(root === undefined ? {} : { root }),
      ...(height === undefined ? {} : { height }),
    });
    if (!verdict.ok) throw invalidProof(verdict);
    const { condition } = verdict;
    if (allowed && condition !== undefined) {
      const message = `The tuple holds under the condition '${condition.name}', which only an authorization model can judge.`;
      throw new VouchError('invalid_argument', message);
    }
    const { resource, relation, subject } = tuple;
    const line = `${resource}#${relation}@${subject} is ${allowed ? '' : 'not '}there; this vault has no authorization model`;
    return { answer, anchored: verdict.anchored, explanation: [line] };
  }
}

function invalidProof({ stage, reason }: { readonly stage: string; readonly reason: string }): VouchError {
  return new VouchError('proof_invalid', `The proof does not hold (${stage}): ${reason}`);
}

function otherModel(asked: string, answered: string): VouchError {
  const [wanted, was] = [asked, answered].map((id) => (id === '' ? 'the exact tuple' : `the model ${id}`));
  return new VouchError('proof_invalid', `The answer was to be judged by ${wanted}, and was by ${was}.`);
}

function otherAnswer(): VouchError {
  return new VouchError('unavailable', 'A node answered another question than the one asked.');
}

function checkQuestion({ resource, relation, subject }: TupleKey, judging: Judging): CheckQuestion {
  return { tuple: { resource, relation, subject }, ...ownOf(judging) };
}

function ownOf(judging: Judging): Pick<CheckQuestion, 'context' | 'contextual'> {
  const context = canonicalJson(judging.context ?? {});
  if (!context.ok)
    throw new VouchError('invalid_argument', `The context is no JSON that can be written down: ${context.reason}.`);
  return { context: context.text, contextual: contextualOf(judging) };
}

function contextualOf({ contextual = [] }: Pick<Judging, 'contextual'>): readonly ReadTuple[] {
  return contextual.map(({ resource, relation, subject, condition }) => ({ tuple: { resource, relation, subject }, condition }));
}
