/** A vault with a model and tuples in a real tree, and the certificates that an honest server hands out over it. */
import type { Conditions } from '../../core/authz/condition.ts';
import type { ReadTuple } from '../../core/authz/reading.ts';
import { fromBase64, toBase64 } from '../../core/bytes/base64.ts';
import { canonicalJson } from '../../core/bytes/canonical-json.ts';
import { toHex } from '../../core/bytes/text.ts';
import {
  type CertificateAnswer,
  type CertificatesAnswer,
  type Certified,
  certificateAnswer,
  certificatesAnswer,
} from '../../core/certificate/answer.ts';
import { type Asked, type Evaluated, evaluate, type Models } from '../../core/certificate/asked.ts';
import { certificateQuestions, certificateTarget } from '../../core/certificate/questions.ts';
import { type CertificateExpectations, type CertificateVerdict, verifyCertificate } from '../../core/certificate/verify.ts';
import { blockHash, encodeHeader, type Header } from '../../core/chain/header.ts';
import { encodeUlid } from '../../core/chain/ulid.ts';
import type { Anchor } from '../../core/client/protocol.ts';
import { hashOf } from '../../core/hasher.ts';
import type { Height } from '../../core/ids.ts';
import { prove } from '../../core/merkle/prove.ts';
import { encodeValue, type LeafValue } from '../../core/merkle/value.ts';
import { parseModel } from '../../core/model/parse.ts';
import { ReverseModel } from '../../core/model/reverse.ts';
import { nativeHasher } from '../../node/hasher.ts';
import { evaluate as drive } from '../core/authz/naive-reads.ts';
import { type World, world } from '../support/answers.ts';

export const MODEL_ID = '01ARZ3NDEKTSV4RRFFQ69G5FAV';

/** For models without conditions. */
export const NO_CONDITIONS: Conditions = {
  problem: () => undefined,
  contextProblem: () => undefined,
  evaluate: () => ({ kind: 'failed', reason: 'there are no conditions' }),
};

export interface Vault {
  readonly world: World;
  readonly models: Models;
  readonly stored: readonly ReadTuple[];
  readonly conditions: Conditions;
}

export interface VaultParts {
  /** As parsed JSON. */
  readonly model: unknown;
  readonly tuples: readonly ReadTuple[];
  readonly conditions?: Conditions;
  readonly header?: Partial<Header>;
  /** Leaves besides those of the model and the tuples. */
  readonly more?: readonly LeafValue[];
  readonly modelId?: string;
}

function leavesOf({ tuple, condition }: ReadTuple): readonly LeafValue[] {
  const forward: LeafValue = {
    kind: 'tuple',
    ...tuple,
    conditionName: condition?.name ?? '',
    conditionContext: condition?.context ?? '',
    expiresAt: 0,
    version: 7,
  };
  const forwardHash = hashOf(nativeHasher, encodeValue(forward));
  return [forward, { kind: 'reverse', ...tuple, forwardHash, expiresAt: 0, version: 7 }];
}

export function vaultOf({ model, tuples, conditions, header, more, modelId }: VaultParts): Vault {
  const json = canonicalJson(model);
  const parsed = parseModel(model);
  if (!json.ok || !parsed.ok) throw new Error('the model of a test is one');
  const leaf: LeafValue = { kind: 'model', id: modelId ?? MODEL_ID, model: json.text, expiresAt: 0, version: 3 };
  return {
    world: world([leaf, ...tuples.flatMap(leavesOf), ...(more ?? [])], { reverse: true, ...header }),
    models: { model: parsed.value, reverse: new ReverseModel(parsed.value) },
    stored: tuples,
    conditions: conditions ?? NO_CONDITIONS,
  };
}

export type Held = Extract<Evaluated, { readonly ok: true }>;

/** Whether a server comes to a result, and not to an error. */
export function decides(vault: Vault, asked: Asked): boolean {
  return drive(evaluate(asked, vault.models, vault.conditions), vault.stored).result.ok;
}

/** What a server decides, out of all tuples. @throws where it comes to an error */
export function decide(vault: Vault, asked: Asked): Held {
  const { result } = drive(evaluate(asked, vault.models, vault.conditions), vault.stored);
  if (!result.ok) throw new Error(result.error.message);
  return result;
}

/** The proof of some results, from the vault's own tree. */
export function proofOf(
  { world: { tree, values } }: Vault,
  results: readonly { readonly asked: Asked; readonly held: Held }[],
): Uint8Array {
  const questions = certificateQuestions(results.map(({ asked, held }) => ({ model: asked.model, grounds: held })));
  const targets = questions.map((question) => certificateTarget(nativeHasher, question));
  return prove(tree, targets, (at) => values.get(toHex(at)) as Uint8Array);
}

export function certified({ world: { header } }: Vault, proof: Uint8Array): Certified {
  const bytes = encodeHeader(header);
  const anchor: Anchor = {
    height: Number(header.height) as Height,
    blockHash: blockHash(nativeHasher, bytes),
    stateRoot: header.stateRoot,
    treeRoot: header.treeRoot,
    header: bytes,
  };
  return { organization: encodeUlid(header.organization), store: encodeUlid(header.vault), anchor, proof };
}

/** The answer to one question. */
export function certify(vault: Vault, asked: Asked): CertificateAnswer {
  const held = decide(vault, asked);
  return certificateAnswer(certified(vault, proofOf(vault, [{ asked, held }])), { asked, found: held.found });
}

/** One answer to several. */
export function certifyAll(vault: Vault, questions: readonly Asked[]): CertificatesAnswer {
  const results = questions.map((asked) => ({ asked, held: decide(vault, asked) }));
  return certificatesAnswer(
    certified(vault, proofOf(vault, results)),
    results.map(({ asked, held }) => ({ asked, found: held.found })),
  );
}

/** Through JSON, as a file would be. */
export function verify(answer: unknown, expected: Partial<CertificateExpectations> = {}): CertificateVerdict {
  return verifyCertificate(JSON.parse(JSON.stringify(answer)), {
    hasher: nativeHasher,
    conditions: NO_CONDITIONS,
    ...expected,
  });
}

/** ok, or the stage at which it is refused, with a reason. */
export function stageOf(answer: unknown, expected: Partial<CertificateExpectations> = {}): string {
  const verdict = verify(answer, expected);
  if (!verdict.ok && verdict.reason === '') throw new Error('a refusal has a reason');
  return verdict.ok ? 'ok' : verdict.stage;
}

export function bytesOf(answer: { readonly proof: string }): Uint8Array {
  return fromBase64(answer.proof) as Uint8Array;
}

export function withProof<T extends { readonly proof: string }>(answer: T, proof: Uint8Array): T {
  return { ...answer, proof: toBase64(proof) };
}
