/**
 * The heart of a certificate's verification: under a header that was checked, the evaluator runs again, with the proof's tree as the only
 * source of its reads. What it finds must be what the statements say, and the proof must show what that rests on and nothing else.
 *
 * In order: the tree's own stages (decode, root, paths); `model`, the model that a statement names is revealed and can be read;
 * `evaluation`, it comes to a result; `verdict`, the result is the one that is claimed; `targets`, the proof is the one of these reads.
 */
import type { Conditions } from '../authz/condition.ts';
import type { Why } from '../authz/reading.ts';
import { type Parsed, refused, refusedAt } from '../bytes/parsed.ts';
import type { Hasher } from '../capability.ts';
import type { Header } from '../chain/header.ts';
import { parseModel } from '../model/parse.ts';
import { ReverseModel } from '../model/reverse.ts';
import type { AnswerStage } from '../proof/answer.ts';
import { openPrunedTree } from '../proof/pruned-tree.ts';
import { resolveTargets } from '../proof/targets.ts';
import { type Asked, type Evaluated, evaluate, type Found, type Models } from './asked.ts';
import { danglingRelation } from './dangling.ts';
import { type Budget, MeteredConditions } from './metered-conditions.ts';
import { PrunedReads } from './pruned-reads.ts';
import { type CertificateQuestion, certificateQuestions, certificateTarget, questionKey } from './questions.ts';
import type { CertificateClaim } from './read-statement.ts';

/**
 * Work of one verification: an answered read, a tuple in its answer, and more for a condition (metered-conditions.ts). Why 2^20: a list of 20,000 objects behind a few tuples each has
 * room; what a stranger makes up to keep us busy ends after seconds.
 */
export const CERTIFICATE_WORK_MAX: number = 1 << 20;

const TOO_MUCH = 'the evaluation takes more work than a verification may';

export type CertificateStage = AnswerStage | 'model' | 'evaluation';

/** statement: index of the one at fault, where it is one. */
export interface CertificateRefusal {
  readonly ok: false;
  readonly stage: CertificateStage;
  readonly reason: string;
  readonly statement?: number;
}

/** A question and its proven result. whys: what it rests on, for explain.ts. */
export interface ProvenResult {
  readonly asked: Asked;
  readonly found: Found;
  readonly whys: readonly Why[];
}

export interface Capabilities {
  readonly hasher: Hasher;
  readonly conditions: Conditions;
}

export interface ClaimsToProve {
  /** One that was checked, as were the statements against it. */
  readonly header: Header;
  readonly proof: Uint8Array;
  readonly claims: readonly CertificateClaim[];
  /** CERTIFICATE_WORK_MAX unless given. */
  readonly workMax?: number;
}

/** Whether the proof shows what the statements say, under the header's root. */
export function proveCertificates(
  { hasher, conditions }: Capabilities,
  { header, proof, claims, workMax }: ClaimsToProve,
): { readonly ok: true; readonly results: readonly ProvenResult[] } | CertificateRefusal {
  const opened = openPrunedTree({ hasher, treeRoot: header.treeRoot, proof, maxVersion: header.height });
  if (!opened.ok) return opened;
  const reads = new PrunedReads(hasher, header, opened.tree);
  const models = new ShownModels(reads);
  const budget: Budget = { left: workMax ?? CERTIFICATE_WORK_MAX };
  const metered = new MeteredConditions(conditions, budget);
  const results: ProvenResult[] = [];
  const questions = new Map<string, CertificateQuestion>();
  for (const [statement, { asked, found }] of claims.entries()) {
    const model = models.read(asked.model);
    if (!model.ok) return { ...refusedAt('model', model.reason), statement };
    const result = run(asked, model.value, { conditions: metered, reads, budget });
    if (!result.ok) return { ...refusedAt('evaluation', result.reason), statement };
    const { evaluated } = result.value;
    const contradiction = contradictionOf(found, evaluated.found);
    if (contradiction !== undefined) return { ...refusedAt('verdict', contradiction), statement };
    results.push({ asked, found, whys: evaluated.whys });
    for (const question of result.value.questions) questions.set(questionKey(question), question);
  }
  const targets = [...questions.values()].map((question) => certificateTarget(hasher, question));
  const resolved = resolveTargets(opened.tree, targets);
  return resolved.ok ? { ok: true, results } : refusedAt('targets', resolved.reason);
}

/** Models that a tree reveals; several statements mostly name one. */
class ShownModels {
  private readonly reads: PrunedReads;
  private readonly known: Map<string, Parsed<Models>> = new Map();

  constructor(reads: PrunedReads) {
    this.reads = reads;
  }

  read(id: string): Parsed<Models> {
    const known = this.known.get(id);
    if (known !== undefined) return known;
    const text = this.reads.model(id);
    const model = text === undefined ? refused(`the proof does not show the model ${id}`) : modelsOf(text);
    this.known.set(id, model);
    return model;
  }
}

function modelsOf(text: string): Parsed<Models> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return refused('the model is not JSON');
  }
  const model = parseModel(json);
  if (!model.ok) return refused(`the model: ${model.reason}`);
  const dangling = danglingRelation(model.value);
  if (dangling !== undefined) return refused(`the model: ${dangling}`);
  return { ok: true, value: { model: model.value, reverse: new ReverseModel(model.value) } };
}

interface Means {
  readonly conditions: Conditions;
  readonly reads: PrunedReads;
  readonly budget: Budget;
}

interface Ran {
  readonly evaluated: Extract<Evaluated, { readonly ok: true }>;
  /** What it rests on. */
  readonly questions: readonly CertificateQuestion[];
}

function run(asked: Asked, models: Models, means: Means): Parsed<Ran> {
  try {
    const evaluated = drive(asked, models, means);
    if (!evaluated.ok) return evaluated;
    const { value } = evaluated;
    return { ok: true, value: { evaluated: value, questions: certificateQuestions([{ model: asked.model, grounds: value }]) } };
  } catch (error) {
    // A made-up model may chain its relations deeper than the stack is; one that a node took in does not.
    if (error instanceof RangeError) return refused('the model is too deep to be evaluated');
    throw error;
  }
}

function drive(
  asked: Asked,
  models: Models,
  { conditions, reads, budget }: Means,
): Parsed<Extract<Evaluated, { readonly ok: true }>> {
  const evaluation = evaluate(asked, models, conditions);
  let step = evaluation.next();
  while (step.done !== true) {
    const answer = reads.answer(step.value);
    budget.left -= 1 + answer.tuples.length;
    if (budget.left < 0) return refused(TOO_MUCH);
    step = evaluation.next(answer);
  }
  if (budget.left < 0) return refused(TOO_MUCH);
  const evaluated = step.value;
  return evaluated.ok ? { ok: true, value: evaluated } : refused(evaluated.error.message);
}

/** How a claim differs from what was found. */
function contradictionOf(claimed: Found, found: Found): string | undefined {
  if (claimed.kind === 'check' || found.kind === 'check') {
    const [said, is] = [claimed, found].map((one) => one.kind === 'check' && one.allowed);
    if (said === is) return undefined;
    return said ? 'allowed, but the proof shows a deny' : 'denied, but the proof shows an allow';
  }
  const missing = firstOutside(found.members, claimed.members);
  if (missing !== undefined) return `the list does not name ${missing}, which belongs to it`;
  const extra = firstOutside(claimed.members, found.members);
  return extra === undefined ? undefined : `the list names ${extra}, which does not belong to it`;
}

function firstOutside(members: readonly string[], of: readonly string[]): string | undefined {
  const all = new Set(of);
  return members.find((member) => !all.has(member));
}
