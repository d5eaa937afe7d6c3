/** Runs suites against a cluster, each in a store of its own, a few at a time. */
import { randomUUID } from 'node:crypto';
import { OpenFgaClient, type WriteAuthorizationModelRequest } from '@openfga/sdk';
import { transformer } from '@openfga/syntax-transformer';
import { askAll, askProven, tupleKey, type Verdict } from './asking.ts';
import type { ProvenCase } from './proven.ts';
import { type Assertion, flipped, type Suite } from './suites.ts';

/** Suites under way. Why 4: the client is slower than the cluster. */
const PARALLEL = 4;
/** Source: OpenFGA's default limit of tuples in one write. */
const WRITE_MAX = 100;
/** Of how many assertions one is flipped by the self-test. */
const FLIP_EACH = 50;

export interface RunOptions {
  readonly url: string;
  /** Whether one assertion in 50 is expected otherwise than the suites say. */
  readonly flip: boolean;
  /** Whether everything that is answered is asked once more with a proof. */
  readonly proofs: boolean;
}

export interface SuiteOutcome {
  readonly suite: Suite;
  readonly verdicts: readonly Verdict[];
  /** With a proof. */
  readonly proven: readonly ProvenCase[];
  /** Why it could not be run to its end; what was not asked has failed. */
  readonly broken: string | undefined;
  /** Assertions that were flipped. */
  readonly flipped: ReadonlySet<Assertion>;
}

/** In the order of the suites. */
export async function runSuites(suites: readonly Suite[], options: RunOptions): Promise<readonly SuiteOutcome[]> {
  const work = options.flip ? flipSome(suites) : suites.map((suite) => ({ suite, flipped: new Set<Assertion>() }));
  const outcomes: SuiteOutcome[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < work.length) {
      const index = next;
      next += 1;
      const { suite, flipped: marked } = work[index] as (typeof work)[number];
      outcomes[index] = { suite, flipped: marked, ...(await runSuite(suite, options)) };
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
  return outcomes;
}

type Ran = Pick<SuiteOutcome, 'verdicts' | 'proven' | 'broken'>;

async function runSuite(suite: Suite, { url, proofs }: RunOptions): Promise<Ran> {
  const verdicts: Verdict[] = [];
  const proven: ProvenCase[] = [];
  const askEach = async (client: OpenFgaClient, assertions: readonly Assertion[]): Promise<void> => {
    verdicts.push(...(await askAll(client, assertions)));
    if (!proofs) return;
    for (const assertion of assertions) {
      const one = await askProven(client, url, assertion);
      if (one !== undefined) proven.push(one);
    }
  };
  try {
    const { id: storeId } = await new OpenFgaClient({ apiUrl: url }).createStore({ name: `conformance-${randomUUID()}` });
    const client = new OpenFgaClient({ apiUrl: url, storeId });
    for (const { model, tuples, before, after } of suite.stages) {
      const json = transformer.transformDSLToJSONObject(model) as unknown as WriteAuthorizationModelRequest;
      client.authorizationModelId = (await client.writeAuthorizationModel(json)).authorization_model_id;
      await askEach(client, before);
      for (let at = 0; at < tuples.length; at += WRITE_MAX) {
        await client.write({ writes: tuples.slice(at, at + WRITE_MAX).map(tupleKey) });
      }
      await askEach(client, after);
    }
    await client.deleteStore();
    return { verdicts, proven, broken: undefined };
  } catch (error) {
    const { apiErrorMessage, message, stack } = error as Error & { readonly apiErrorMessage?: string };
    return { verdicts, proven, broken: apiErrorMessage ?? stack ?? message };
  }
}

/** Every fiftieth of the assertions that are run, with another expectation. */
function flipSome(suites: readonly Suite[]): readonly { readonly suite: Suite; readonly flipped: ReadonlySet<Assertion> }[] {
  let count = 0;
  return suites.map((suite) => {
    const marked = new Set<Assertion>();
    const flip = (one: Assertion): Assertion => {
      if (one.skipped !== undefined) return one;
      count += 1;
      if (count % FLIP_EACH !== 0) return one;
      const made = flipped(one);
      marked.add(made);
      return made;
    };
    const stages = suite.stages.map((stage) => ({ ...stage, before: stage.before.map(flip), after: stage.after.map(flip) }));
    return { suite: { ...suite, stages }, flipped: marked };
  });
}

export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** A sentence for each failure. */
  readonly failures: readonly string[];
  /** Each reason with how often. */
  readonly reasons: ReadonlyMap<string, number>;
  /** Flipped ones that did not fail, and others that did. */
  readonly wrongFlips: readonly string[];
  readonly flips: number;
}

export function tallyOf(outcomes: readonly SuiteOutcome[]): Tally {
  let passed = 0;
  let skipped = 0;
  let flips = 0;
  const failures: string[] = [];
  const wrongFlips: string[] = [];
  const reasons = new Map<string, number>();
  for (const { suite, verdicts, broken, flipped: marked } of outcomes) {
    flips += marked.size;
    for (const { assertion, failure } of verdicts) {
      const { name, skipped: reason } = assertion;
      if (reason !== undefined) {
        skipped += 1;
        reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
        continue;
      }
      if (failure === undefined) passed += 1;
      else failures.push(`${name}: ${failure}`);
      if (marked.has(assertion) !== (failure !== undefined)) wrongFlips.push(name);
    }
    if (broken === undefined) continue;
    const missing = assertionsOf(suite) - verdicts.length;
    for (let i = 0; i < Math.max(1, missing); i += 1) failures.push(`${suite.name}: not asked: ${broken}`);
    wrongFlips.push(suite.name);
  }
  return { passed, failed: failures.length, skipped, failures, reasons, wrongFlips, flips };
}

function assertionsOf({ stages }: Suite): number {
  return stages.reduce((sum, { before, after }) => sum + before.length + after.length, 0);
}
