/**
 * Certificates of the public suites' questions, in a vault that is full of other tuples: what they weigh, and how long a verifier takes
 * that has nothing but the language. The suites are read from a folder outside of the project.
 */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { transformer } from '@openfga/syntax-transformer';
import type { ReadTuple } from '../../core/authz/reading.ts';
import { canonicalJson } from '../../core/bytes/canonical-json.ts';
import { certificateAnswer } from '../../core/certificate/answer.ts';
import type { Asked, Found } from '../../core/certificate/asked.ts';
import type { AuthzQuery } from '../../core/client/authz-protocol.ts';
import { CORPUS, readTupleOf, type StageYaml, suitesOf, type TupleYaml } from '../../test/core/authz/model-corpus.ts';
import { BenchLedger, ORGANIZATION, type ProvenResult, VAULT } from './ledger.ts';
import type { Section } from './section.ts';
import { tuplesOf } from './world.ts';

const FILES = ['consolidated_1_1_tests.yaml', 'abac_tests.yaml'];

type Kind = 'check' | 'list';

/** An answer as a client gets it, and the bytes of its proof. */
interface Certificate {
  readonly kind: Kind;
  readonly proofBytes: number;
  readonly answer: unknown;
}

interface Posed {
  readonly query: AuthzQuery;
  readonly asked: (model: string) => Asked;
  readonly found: (result: ProvenResult) => Found;
}

function textOf(value: unknown): string {
  const canonical = canonicalJson(value);
  if (!canonical.ok) throw new Error(canonical.reason);
  return canonical.text;
}

function listOf(result: ProvenResult): Found {
  if (result.kind !== 'listObjects' && result.kind !== 'listUsers') throw new Error('a list is answered as one');
  return { kind: 'list', members: result.found };
}

function verdictOf(result: ProvenResult, expected: boolean, what: unknown): Found {
  const [verdict] = result.kind === 'check' ? result.verdicts : [];
  if (verdict?.ok !== true || verdict.allowed !== expected) throw new Error(`a check went wrong: ${JSON.stringify(what)}`);
  return { kind: 'check', allowed: verdict.allowed };
}

/** What the suite asks at this stage, but for what it expects to be refused. */
function* posedBy(stage: StageYaml): Generator<Posed> {
  const model = '';
  const own = (item: { contextualTuples?: readonly TupleYaml[]; context?: Readonly<Record<string, unknown>> }) => {
    const contextual = (item.contextualTuples ?? []).map(readTupleOf);
    const context = item.context ?? {};
    return { asked: { context, contextual }, query: { context: textOf(context), contextual } };
  };
  for (const item of (stage.checkAssertions ?? []).filter(({ errorCode }) => errorCode === undefined)) {
    const { tuple } = readTupleOf(item.tuple);
    const { asked, query } = own(item);
    yield {
      query: { kind: 'check', model, checks: [{ tuple, ...query }] },
      asked: (id) => ({ kind: 'check', tuple, model: id, ...asked }),
      found: (result) => verdictOf(result, item.expectation === true, item),
    };
  }
  for (const item of (stage.listObjectsAssertions ?? []).filter(({ errorCode }) => errorCode === undefined)) {
    const { type, relation, user: subject } = item.request;
    const { asked, query } = own(item);
    const question = { type, relation, subject };
    yield {
      query: { kind: 'listObjects', model, ...question, ...query },
      asked: (id) => ({ kind: 'listObjects', question, model: id, ...asked }),
      found: listOf,
    };
  }
}

/** Every certificate of the suites. A suite's tuples are there while it is asked, as they are when it is alone. */
function certificatesOf(ledger: BenchLedger): readonly Certificate[] {
  const certificates: Certificate[] = [];
  for (const file of FILES) {
    const suites = suitesOf(file);
    if (suites === undefined)
      throw new Error(`there is no ${file} in ${CORPUS}: name the folder of OpenFGA's suites in VOUCH_OPENFGA_CORPUS`);
    for (const suite of suites) {
      const written: ReadTuple[] = [];
      for (const stage of suite.stages) {
        ledger.writeModel(textOf(transformer.transformDSLToJSONObject(stage.model)));
        const tuples = (stage.tuples ?? []).map(readTupleOf);
        ledger.write(tuples);
        written.push(...tuples);
        for (const { query, asked, found } of posedBy(stage)) {
          const result = ledger.query(query, true);
          const certified = { organization: ORGANIZATION, store: VAULT, anchor: result.anchor, proof: result.proof };
          const answer = certificateAnswer(certified, { asked: asked(result.model), found: found(result) });
          certificates.push({ kind: query.kind === 'check' ? 'check' : 'list', proofBytes: result.proof.length, answer });
        }
      }
      ledger.delete(written.map(({ tuple }) => tuple));
    }
  }
  return certificates;
}

/** Milliseconds of single verifications. */
function timesOf(answers: readonly unknown[]): Promise<readonly number[]> {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(new URL('./verify-times.js', import.meta.url)));
    child.once('message', (taken) => resolve(taken as readonly number[]));
    child.once('exit', (code) => reject(new Error(`the verifier ended with ${code}`)));
    child.send(answers);
  });
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] as number;
}

export async function certificatesSection({ sizes, bar }: Section): Promise<void> {
  const ledger = new BenchLedger();
  ledger.write(tuplesOf(sizes.tuples).map((tuple) => ({ tuple, condition: undefined })));
  const all = certificatesOf(ledger);
  console.log(
    `\nCERTIFICATES of the public suites in a vault of ${sizes.tuples.toLocaleString('en-US')} tuples, portable verifier`,
  );
  for (const kind of ['check', 'list'] as const) {
    const certificates = all.filter((one) => one.kind === kind);
    const bytes = certificates.map(({ proofBytes }) => proofBytes);
    const times = await timesOf(certificates.map(({ answer }) => answer));
    const [b50, b99, t50, t99] = [quantile(bytes, 0.5), quantile(bytes, 0.99), quantile(times, 0.5), quantile(times, 0.99)];
    console.log(
      `  ${`${certificates.length} ${kind}s`.padEnd(16)}proof p50 ${b50} B, p99 ${b99} B   verified in p50 ${t50.toFixed(2)} ms, p99 ${t99.toFixed(2)} ms`,
    );
    bar({ what: `proof of a ${kind}, p50`, measured: b50, unit: 'B', sense: 'at most', bar: 6 * 1024, isJudged: true });
    bar({ what: `verification of a ${kind}, p99`, measured: t99, unit: 'ms', sense: 'at most', bar: 5, isJudged: true });
  }
}
