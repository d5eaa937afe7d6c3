/**
 * Runs the tests of a file on an embedded node: a vault for each test, the model and the tuples written to it, and the questions asked of it
 * as a client would.
 */
import type { ReadTuple } from '../../core/authz/reading.ts';
import type { AuthzQuery } from '../../core/client/authz-protocol.ts';
import type { Answer } from '../../core/client/operation.ts';
import { NEWEST, type VaultEntry } from '../../core/client/protocol.ts';
import { TRANSACTION_OPERATIONS_MAX } from '../../core/limits.ts';
import type { Operation } from '../../core/state/transaction.ts';
import type { EmbeddedNode } from '../embedded-node.ts';
import { HttpError } from '../http/errors.ts';
import type { CheckTest, ListObjectsTest, ListUsersTest, ModelTest, StoreFile } from './store-file.ts';
import { TestFileError } from './test-file-error.ts';

export type QuestionKind = 'check' | 'list_objects' | 'list_users';

/** One assertion. expected and got: a verdict or sorted names; error: why there is no answer. */
export interface Assertion {
  readonly kind: QuestionKind;
  /** The question, for a person. */
  readonly question: string;
  readonly expected: boolean | readonly string[];
  readonly got: boolean | readonly string[] | undefined;
  readonly error: string | undefined;
  readonly passed: boolean;
}

export interface TestResult {
  readonly name: string;
  readonly assertions: readonly Assertion[];
}

export const ORGANIZATION = 'tests';

/** @param node has the organization ORGANIZATION @throws TestFileError where model or tuples are refused */
export async function runStore(node: EmbeddedNode, file: StoreFile, path: string): Promise<readonly TestResult[]> {
  const results: TestResult[] = [];
  for (const [index, test] of file.tests.entries()) {
    const vault = await node.ledger.createStore(ORGANIZATION, `test-${index}`);
    try {
      await fill(node, vault, { file, test, path });
      results.push({ name: test.name, assertions: await askAll(new Questions(node, vault), test) });
    } finally {
      await node.ledger.deleteStore(vault);
    }
  }
  return results;
}

interface Contents {
  readonly file: StoreFile;
  readonly test: ModelTest;
  readonly path: string;
}

async function fill(node: EmbeddedNode, vault: VaultEntry, { file, test, path }: Contents): Promise<void> {
  const items = [...file.tuples, ...test.tuples];
  const where = `${path}: the test '${test.name}'`;
  const operations: readonly Operation[] = [{ op: 'writeModel', model: file.model.json }];
  await transact(node, vault, { operations, where: `${path}: the model is not valid` });
  const writes = items.map(writeOf);
  for (let from = 0; from < writes.length; from += TRANSACTION_OPERATIONS_MAX) {
    await transact(node, vault, { operations: writes.slice(from, from + TRANSACTION_OPERATIONS_MAX), where });
  }
}

function writeOf({ tuple, condition }: ReadTuple): Operation {
  return { op: 'writeTuple', tuple, condition, expiresAt: 0, onDuplicate: 'ignore' };
}

/** Writes what has to fit the newest model. */
async function transact(
  node: EmbeddedNode,
  vault: VaultEntry,
  { operations, where }: { readonly operations: readonly Operation[]; readonly where: string },
): Promise<void> {
  try {
    const { outcome } = await node.ledger.transact(vault, { actor: '', reason: '', operations }, { model: '' });
    if (!outcome.ok) throw new TestFileError(`${where}: a tuple is written twice, with different conditions (${outcome.code})`);
  } catch (error) {
    if (error instanceof HttpError) throw new TestFileError(`${where}: ${error.message}`);
    throw error;
  }
}

class Questions {
  private readonly node: EmbeddedNode;
  private readonly vault: VaultEntry;

  constructor(node: EmbeddedNode, vault: VaultEntry) {
    this.node = node;
    this.vault = vault;
  }

  /** @returns the answer, or why there is none */
  async ask<K extends 'check' | 'listObjects' | 'listUsers'>(
    query: AuthzQuery & { readonly kind: K },
  ): Promise<Extract<Answer, { readonly kind: K }> | string> {
    const { group, organization, id } = this.vault;
    const options = { consistency: 'linearizable', at: NEWEST, proof: false } as const;
    const outcome = await this.node.ask({ kind: 'query', group, organization, vault: id, query, ...options });
    return outcome.ok ? (outcome.answer as Extract<Answer, { readonly kind: K }>) : outcome.message;
  }
}

async function askAll(questions: Questions, test: ModelTest): Promise<readonly Assertion[]> {
  const assertions: Assertion[] = [];
  for (const item of test.checks) assertions.push(...(await askCheck(questions, item)));
  for (const item of test.listObjects) assertions.push(...(await askListObjects(questions, item)));
  for (const item of test.listUsers) assertions.push(...(await askListUsers(questions, item)));
  return assertions;
}

/** What a person needs of the question: with its context, if it has one. */
function words(parts: Readonly<Record<string, string>>, context: string): string {
  const named = Object.entries(parts).map(([name, value]) => `${name}=${value}`);
  return [...named, ...(context === '{}' ? [] : [`context=${context}`])].join(', ');
}

async function askCheck(questions: Questions, { user, object, context, expected }: CheckTest): Promise<readonly Assertion[]> {
  const assertions: Assertion[] = [];
  for (const [relation, wanted] of expected) {
    const tuple = { resource: object, relation, subject: user };
    const answer = await questions.ask({ kind: 'check', model: '', checks: [{ tuple, contextual: [], context }] });
    const verdict = typeof answer === 'string' ? undefined : answer.verdicts[0];
    const got = verdict?.ok === true ? verdict.allowed : undefined;
    const error = typeof answer === 'string' ? answer : verdict?.ok === false ? verdict.error.message : undefined;
    const question = words({ user, relation, object }, context);
    assertions.push({ kind: 'check', question, expected: wanted, got, error, passed: got === wanted });
  }
  return assertions;
}

async function askListObjects(questions: Questions, item: ListObjectsTest): Promise<readonly Assertion[]> {
  const { user, type, context } = item;
  const assertions: Assertion[] = [];
  for (const [relation, wanted] of item.expected) {
    const answer = await questions.ask({
      kind: 'listObjects',
      model: '',
      type,
      relation,
      subject: user,
      contextual: [],
      context,
    });
    assertions.push(listed('list_objects', words({ user, relation, type }, context), wanted, answer));
  }
  return assertions;
}

async function askListUsers(questions: Questions, item: ListUsersTest): Promise<readonly Assertion[]> {
  const { object, filters, context } = item;
  const assertions: Assertion[] = [];
  for (const [relation, wanted] of item.expected) {
    const answer = await questions.ask({
      kind: 'listUsers',
      model: '',
      resource: object,
      relation,
      filters,
      contextual: [],
      context,
    });
    const types = filters.map((filter) => (filter.relation === '' ? filter.type : `${filter.type}#${filter.relation}`));
    assertions.push(listed('list_users', words({ object, relation, types: types.join(' ') }, context), wanted, answer));
  }
  return assertions;
}

function listed(
  kind: QuestionKind,
  question: string,
  wanted: readonly string[],
  answer: { readonly found: readonly string[] } | string,
): Assertion {
  const expected = [...new Set(wanted)].sort();
  if (typeof answer === 'string') return { kind, question, expected, got: undefined, error: answer, passed: false };
  const got = [...answer.found].sort();
  return { kind, question, expected, got, error: undefined, passed: JSON.stringify(got) === JSON.stringify(expected) };
}
