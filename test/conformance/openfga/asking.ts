/** Asks a cluster through the published SDK of OpenFGA, unchanged, and says how an answer differs from what is expected. */
import { type CheckResponse, FgaApiError, type OpenFgaClient, type TupleKey, type User } from '@openfga/sdk';
import type { TupleYaml } from '../../core/authz/model-corpus.ts';
import type { ProvenCase } from './proven.ts';
import type { Asked, Assertion, Expectation } from './suites.ts';

/** OpenFGA's names of the numbers that the suites expect. */
const ERROR_NAMES: Readonly<Record<number, string>> = {
  2000: 'validation_error',
  2002: 'authorization_model_resolution_too_complex',
  2021: 'type_not_found',
  2022: 'relation_not_found',
  2027: 'invalid_tuple',
};

type Answer =
  | { readonly kind: 'allowed'; readonly allowed: boolean }
  | { readonly kind: 'members'; readonly members: readonly string[] }
  | { readonly kind: 'error'; readonly name: string; readonly message: string };

export interface Verdict {
  readonly assertion: Assertion;
  /** Undefined: passed. */
  readonly failure: string | undefined;
}

/** Asks one after the other; all that go by batch-check in one request. */
export async function askAll(client: OpenFgaClient, assertions: readonly Assertion[]): Promise<readonly Verdict[]> {
  const verdicts: Verdict[] = [];
  const batch: Assertion[] = [];
  for (const assertion of assertions) {
    if (assertion.skipped !== undefined) verdicts.push({ assertion, failure: undefined });
    else if (assertion.way === 'batch') batch.push(assertion);
    else verdicts.push(judged(assertion, await answered(() => ask(client, assertion))));
  }
  verdicts.push(...(await askBatch(client, batch)));
  return verdicts;
}

function judged(assertion: Assertion, answer: Answer): Verdict {
  const { expected, way } = assertion;
  return { assertion, failure: difference(expected, answer, way === 'streamed' ? STREAM_REFUSED : undefined) };
}

/** The SDK asks for a stream and does not read it where it is refused: of the answer it knows the status alone. */
const STREAM_REFUSED = 'status 400';

function difference(expected: Expectation, answer: Answer, refused: string | undefined): string | undefined {
  const name = (code: number): string => ERROR_NAMES[code] ?? `error ${code}`;
  const isNamed = expected.kind === 'error' && ERROR_NAMES[expected.code] !== undefined;
  const wanted = expected.kind !== 'error' ? textOf(expected) : isNamed ? (refused ?? name(expected.code)) : name(expected.code);
  const got = answer.kind === 'error' ? answer.name : textOf(answer);
  if (wanted === got) return undefined;
  return `${wanted} was expected, not ${got}${answer.kind === 'error' ? ` (${answer.message})` : ''}`;
}

function textOf(answer: Exclude<Answer, { readonly kind: 'error' }>): string {
  if (answer.kind === 'allowed') return answer.allowed ? 'allowed' : 'denied';
  return `[${[...answer.members].sort().join(', ')}]`;
}

async function answered(ask_: () => Promise<Answer>): Promise<Answer> {
  try {
    return await ask_();
  } catch (error) {
    if (!(error instanceof FgaApiError)) return streamError(error);
    const { apiErrorCode, apiErrorMessage } = error as FgaApiError & { readonly apiErrorCode?: string };
    return { kind: 'error', name: apiErrorCode ?? `status ${error.statusCode}`, message: apiErrorMessage ?? error.message };
  }
}

/** A stream's error is a sentence of the SDK with the code in it. */
function streamError(error: unknown): Answer {
  const { message } = error as Error;
  const name = /returned an error \(code: (\w+)\)/.exec(message)?.[1];
  if (name === undefined) throw error;
  return { kind: 'error', name: ERROR_NAMES[Number(name)] ?? name, message };
}

async function ask(client: OpenFgaClient, { asked, way }: Assertion): Promise<Answer> {
  const own = ownOf(asked);
  switch (asked.kind) {
    case 'check': {
      const { user, relation, object } = asked.tuple;
      const answer: CheckResponse = await client.check({ user, relation, object, ...own });
      return { kind: 'allowed', allowed: answer.allowed === true };
    }
    case 'listObjects': {
      const { user, relation, type } = asked.request;
      if (way !== 'streamed') {
        const { objects } = await client.listObjects({ user, relation, type, ...own });
        return { kind: 'members', members: objects };
      }
      const members: string[] = [];
      for await (const { object } of client.streamedListObjects({ user, relation, type, ...own })) members.push(object);
      return { kind: 'members', members };
    }
    case 'listUsers': {
      const { object, relation, filters } = asked.request;
      const [type = '', id = ''] = parts(object, ':');
      const body = { object: { type, id }, relation, user_filters: filters.map(filterOf), ...own };
      return { kind: 'members', members: (await client.listUsers(body)).users.map(userText) };
    }
  }
}

/** Every check of the stage in as few requests as fit; the SDK cuts them to 50. */
async function askBatch(client: OpenFgaClient, assertions: readonly Assertion[]): Promise<readonly Verdict[]> {
  if (assertions.length === 0) return [];
  const checks = assertions.flatMap(({ asked }, index) => {
    if (asked.kind !== 'check') return [];
    const { user, relation, object } = asked.tuple;
    const { contextualTuples, ...rest } = ownOf(asked);
    const tuples = contextualTuples === undefined ? {} : { contextualTuples: { tuple_keys: contextualTuples } };
    return [{ user, relation, object, correlationId: `check-${index}`, ...rest, ...tuples }];
  });
  const { result } = await client.batchCheck({ checks });
  return assertions.map((assertion, index) => {
    const found = result.find(({ correlationId }) => correlationId === `check-${index}`);
    if (found === undefined) return { assertion, failure: 'batch-check did not answer it' };
    if (found.error === undefined) return judged(assertion, { kind: 'allowed', allowed: found.allowed === true });
    const { input_error: name = 'internal', message = '' } = found.error;
    return judged(assertion, { kind: 'error', name, message });
  });
}

function ownOf({ contextualTuples, context }: Asked): { readonly contextualTuples?: TupleKey[]; readonly context?: object } {
  return {
    ...(contextualTuples === undefined || contextualTuples.length === 0
      ? {}
      : { contextualTuples: contextualTuples.map(tupleKey) }),
    ...(context === undefined ? {} : { context }),
  };
}

export function tupleKey({ user, relation, object, condition }: TupleYaml): TupleKey {
  if (condition === undefined) return { user, relation, object };
  return { user, relation, object, condition: { name: condition.name, context: (condition.context ?? {}) as object } };
}

function parts(text: string, at: string): readonly string[] {
  const index = text.indexOf(at);
  return index < 0 ? [text] : [text.slice(0, index), text.slice(index + 1)];
}

function filterOf(text: string): { type: string; relation?: string } {
  const [type = '', relation] = parts(text, '#');
  return relation === undefined ? { type } : { type, relation };
}

function userText({ object, userset, wildcard }: User): string {
  if (userset !== undefined) return `${userset.type}:${userset.id}#${userset.relation}`;
  if (wildcard !== undefined) return `${wildcard.type}:*`;
  const { type, id } = object as { readonly type: string; readonly id: string };
  return `${type}:${id}`;
}

/** The same question with a proof, as a client keeps the answer. Only of those that go by their own route and are not refused. */
export async function askProven(client: OpenFgaClient, url: string, assertion: Assertion): Promise<ProvenCase | undefined> {
  const { asked, way, expected, name, skipped } = assertion;
  if (skipped !== undefined || expected.kind === 'error' || (way !== 'plain' && way !== 'contextual')) return undefined;
  const { $response: _, ...answer } = (await proven(client, asked)) as unknown as Record<string, unknown>;
  const response = await fetch(`${url}/v1/stores/${client.storeId}/blocks/${String(answer.height)}`);
  const { block_hash: block } = (await response.json()) as { readonly block_hash: string };
  return { name, answer, block, expected };
}

function proven(client: OpenFgaClient, asked: Asked): Promise<object> {
  const own = ownOf(asked);
  const options = { headers: { 'Vouch-Proof': '1' } };
  switch (asked.kind) {
    case 'check': {
      const { user, relation, object } = asked.tuple;
      return client.check({ user, relation, object, ...own }, options);
    }
    case 'listObjects': {
      const { user, relation, type } = asked.request;
      return client.listObjects({ user, relation, type, ...own }, options);
    }
    case 'listUsers': {
      const { object, relation, filters } = asked.request;
      const [type = '', id = ''] = parts(object, ':');
      return client.listUsers({ object: { type, id }, relation, user_filters: filters.map(filterOf), ...own }, options);
    }
  }
}
