/** The answer with certificates to what was asked of a vault through its models, out of the question and the node's result with its proof. */
import type { Context } from '../authz/condition.ts';
import type { AuthzContext, AuthzQuery, AuthzResult } from '../client/authz-protocol.ts';
import { type CertificateAnswer, type CertificatesAnswer, certificateAnswer, certificatesAnswer, type Result } from './answer.ts';
import type { Asked, AskedUnder } from './asked.ts';

export interface AnsweredOf {
  /** ULIDs. */
  readonly organization: string;
  readonly store: string;
}

type Listed = Extract<AuthzQuery, { readonly kind: 'listObjects' | 'listUsers' }>;
type Checked = Extract<AuthzQuery, { readonly kind: 'check' }>;

/** @param result of the same question, under a model and with a proof */
export function listAnswer(
  of: AnsweredOf,
  query: Listed,
  result: Extract<AuthzResult, { readonly kind: Listed['kind'] }>,
): CertificateAnswer {
  const { model, found: members, anchor, proof } = result;
  return certificateAnswer({ ...of, anchor, proof }, { asked: listAsked(model, query), found: { kind: 'list', members } });
}

function listAsked(model: string, query: Listed): Asked {
  const under = underOf(model, query);
  if (query.kind === 'listObjects') {
    const { kind, type, relation, subject } = query;
    return { ...under, kind, question: { type, relation, subject } };
  }
  const { kind, resource, relation, filters } = query;
  return { ...under, kind, question: { resource, relation, filters } };
}

/**
 * A statement for each check that came to a verdict, in their order: `statement` where one check was asked, `statements` where several
 * were. undefined where none came to a verdict.
 * @param result of the same question, under a model and with a proof
 */
export function checksAnswer(
  of: AnsweredOf,
  { checks }: Checked,
  { model, verdicts, anchor, proof }: Extract<AuthzResult, { readonly kind: 'check' }>,
): CertificateAnswer | CertificatesAnswer | undefined {
  const results = checks.flatMap((check, index): readonly Result[] => {
    const verdict = verdicts[index];
    if (verdict?.ok !== true) return [];
    const { tuple } = check;
    return [{ asked: { ...underOf(model, check), kind: 'check', tuple }, found: { kind: 'check', allowed: verdict.allowed } }];
  });
  const [first] = results;
  if (first === undefined) return undefined;
  const certified = { ...of, anchor, proof };
  return checks.length === 1 ? certificateAnswer(certified, first) : certificatesAnswer(certified, results);
}

function underOf(model: string, { context, contextual }: AuthzContext): AskedUnder {
  return { model, context: JSON.parse(context) as Context, contextual };
}
