/** What tests came to, as lines for a person. */
import type { Assertion, QuestionKind, TestResult } from './run-store.ts';

const NAMES: Readonly<Record<QuestionKind, string>> = { check: 'check', list_objects: 'list-objects', list_users: 'list-users' };
const KINDS: readonly QuestionKind[] = ['check', 'list_objects', 'list_users'];

export function isPassed({ assertions }: TestResult): boolean {
  return assertions.every(({ passed }) => passed);
}

function countOf(assertions: readonly Assertion[], kind: QuestionKind): string | undefined {
  const those = assertions.filter((assertion) => assertion.kind === kind);
  if (those.length === 0) return undefined;
  return `${NAMES[kind]} ${those.filter(({ passed }) => passed).length}/${those.length}`;
}

function valueText(value: Assertion['got']): string {
  return typeof value === 'object' ? `[${value.join(', ')}]` : String(value);
}

function failureLine({ kind, question, expected, got, error }: Assertion): string {
  const outcome = error === undefined ? `got ${valueText(got)}` : `error: ${error}`;
  return `    ${NAMES[kind]}(${question}): expected ${valueText(expected)}, ${outcome}`;
}

/** One line for the test, and one for each assertion that failed. */
export function testLines(test: TestResult): readonly string[] {
  const counts = KINDS.map((kind) => countOf(test.assertions, kind)).filter((count) => count !== undefined);
  const failures = test.assertions.filter(({ passed }) => !passed).map(failureLine);
  const title = `${isPassed(test) ? 'passed' : 'FAILED'}  ${test.name}`;
  return [`  ${counts.length === 0 ? title : `${title}: ${counts.join(', ')}`}`, ...failures];
}

/** @param broken files that could not be run */
export function summaryLine(tests: readonly TestResult[], broken: number): string {
  const assertions = tests.flatMap((test) => test.assertions);
  const passed = tests.filter(isPassed).length;
  const held = assertions.filter((assertion) => assertion.passed).length;
  const rest = broken === 0 ? '' : `, ${broken} ${broken === 1 ? 'file' : 'files'} could not be run`;
  return `${passed} of ${tests.length} tests passed, ${held} of ${assertions.length} assertions${rest}.`;
}
