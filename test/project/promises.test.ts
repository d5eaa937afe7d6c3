/**
 * docs/reference/promises.md against the tree: every promise of the field's reference has its row, what is called kept names
 * tests that exist, what is called changed a decision that exists, and the rest says why.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from '../support/sources.ts';

const PAGE = 'docs/reference/promises.md';
const PROMISES = 46;
const LIMITS = 7;
const STATUSES = ['kept', 'changed', 'planned', 'declined'];
/** Shorter than that is no reason. */
const REASON_CHARACTERS_MIN = 40;

interface Row {
  readonly id: string;
  readonly status: string;
  readonly where: string;
}

const page = readFileSync(join(root, PAGE), 'utf8');

function rowsOf(text: string): readonly Row[] {
  return text.split('\n').flatMap((line) => {
    const cells = line.split(/(?<!\\)\|/).map((cell) => cell.trim());
    const [, id = '', , status = '', where = ''] = cells;
    return /^[PQ]\d+$/.test(id) && cells.length === 6 ? [{ id, status, where }] : [];
  });
}

/** Tests named in a cell: a link to a file, a colon, and names in typographic quotation marks with commas between them. */
function testsOf(where: string): readonly { readonly file: string; readonly name: string }[] {
  return [...where.matchAll(/\[`(test\/[^`]+)`\]\([^)]*\): ((?:“[^”]+”(?:, )?)+)/g)].flatMap(([, file = '', names = '']) =>
    [...names.matchAll(/“([^”]+)”/g)].map(([, name = '']) => ({ file, name })),
  );
}

/** Whether the file has a test of exactly that name: the whole of a quoted text. */
function holds(source: string, name: string): boolean {
  return ["'", '"', '`'].some(
    (quote) => source.includes(`(${quote}${name}${quote}`) || source.includes(` ${quote}${name}${quote},`),
  );
}

/** Sentences about what is wrong with a row. */
function faultsOf({ id, status, where }: Row): readonly string[] {
  if (!STATUSES.includes(status)) return [`${id}: "${status}" is no status`];
  const found: string[] = [];
  const tests = testsOf(where);
  for (const { file, name } of tests) {
    if (!existsSync(join(root, file))) found.push(`${id}: there is no ${file}`);
    else if (!holds(readFileSync(join(root, file), 'utf8'), name)) found.push(`${id}: ${file} has no test “${name}”`);
  }
  const decisions = [...where.matchAll(/\]\((\.\.\/decisions\/[^)]+)\)/g)].map(([, path = '']) => path);
  for (const [, path = ''] of where.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g))
    if (!existsSync(join(root, dirname(PAGE), path))) found.push(`${id}: there is no ${path}`);
  if (status === 'kept' && tests.length === 0) found.push(`${id} is kept, and no test says so`);
  if (status === 'changed' && decisions.length === 0) found.push(`${id} is changed, and no decision says why`);
  if (where.length < REASON_CHARACTERS_MIN) found.push(`${id} gives no reason`);
  return found;
}

describe('the promises of the field’s reference', () => {
  test('every promise and every limit has one row, with a status that is known', () => {
    const rows = rowsOf(page);
    const numbered = (letter: string, count: number) => Array.from({ length: count }, (_, i) => `${letter}${i + 1}`);
    expect(rows.map(({ id }) => id)).toEqual([...numbered('P', PROMISES), ...numbered('Q', LIMITS)]);
    expect(rows.filter(({ status }) => !STATUSES.includes(status))).toEqual([]);
  });

  test('what is kept names tests that exist, what changed a decision, the rest a reason', () => {
    expect(rowsOf(page).flatMap(faultsOf)).toEqual([]);
  });

  test.each([
    ['no status', { status: 'done', where: 'x'.repeat(50) }, /is no status/],
    ['no test', { status: 'kept', where: 'x'.repeat(50) }, /no test says so/],
    ['no file', { status: 'kept', where: '[`test/a.test.ts`](../../test/a.test.ts): “a”' }, /there is no test\/a\.test\.ts/],
    [
      'a name that is only the beginning of one',
      { status: 'kept', where: '[`test/project/promises.test.ts`](../../test/project/promises.test.ts): “every promise”' },
      /has no test “every promise”/,
    ],
    ['no decision', { status: 'changed', where: 'x'.repeat(50) }, /no decision says why/],
    [
      'a decision that is not there',
      { status: 'changed', where: '[decision 0000](../decisions/0000-nothing.md)' },
      /there is no/,
    ],
    ['no reason', { status: 'planned', where: 'later' }, /gives no reason/],
  ])('a row with %s is found', (_what, row, complaint) => {
    expect(faultsOf({ id: 'P1', ...row }).join('\n')).toMatch(complaint);
  });
});
