/** `vouch model test` in a process of its own, on store files that use every field of the format; and what is said of files that are wrong. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readStoreFile } from '../../../node/model-test/store-file.ts';
import { cleanUp, vouch } from '../support/vouch.ts';

const STORES = join('test', 'node', 'model-test', 'stores');
const folder = mkdtempSync(join(tmpdir(), 'model-test-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
  cleanUp();
});

function storePath(name: string): string {
  return join(STORES, `${name}.fga.yaml`);
}

describe('vouch model test', () => {
  test('runs inline and file models, modules, and tuples of every kind of file', () => {
    const { status, stdout, stderr } = vouch(['model', 'test', ...['library', 'fleet', 'modules'].map(storePath)]);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toBe(
      [
        `${storePath('library')} (library)`,
        '  passed  members browse: check 6/6, list-objects 2/2, list-users 2/2',
        '  passed  loans end: check 5/5, list-users 1/1',
        storePath('fleet'),
        '  passed  from csv: check 4/4',
        '  passed  from json and json lines: list-objects 1/1',
        `${storePath('modules')} (wiki)`,
        '  passed  test 1: check 1/1',
        '5 of 5 tests passed, 22 of 22 assertions.',
        '',
      ].join('\n'),
    );
  });

  test('names each assertion that does not hold, and ends with 1', () => {
    const { status, stdout } = vouch(['model', 'test', storePath('wrong')]);
    expect(status).toBe(1);
    expect(stdout.split('\n').slice(1)).toEqual([
      '  FAILED  optimism: check 1/3, list-objects 0/1',
      "    check(user=driver:eve, relation=driver, object=van:1): expected true, error: failed to evaluate relationship condition: 'fit' - tuple 'van:1#driver@driver:eve' is missing context parameters '[hours]'",
      '    check(user=driver:ivo, relation=driver, object=van:1): expected true, got false',
      '    list-objects(user=driver:eve, relation=driver, type=van, context={"hours":2}): expected [van:2], got [van:1]',
      '0 of 1 tests passed, 1 of 4 assertions.',
      '',
    ]);
  });

  test('--json is one document; a file that cannot be run fails beside those that can; nothing is left behind', () => {
    const directory = join(folder, 'tmp');
    mkdirSync(directory);
    const paths = [storePath('modules'), join(folder, 'missing.fga.yaml')];
    const { status, stdout } = vouch(['model', 'test', '--json', ...paths], { TMPDIR: directory });
    expect(status).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      passed: false,
      files: [
        { name: 'wiki', tests: [{ name: 'test 1', assertions: [{ kind: 'check', expected: true, got: true, passed: true }] }] },
        { tests: [], error: expect.stringContaining('cannot be read') },
      ],
    });
    expect(readdirSync(directory)).toEqual([]);
  });

  test.each([
    ['define viewer: [team]', 'document:1#viewer@user:1', "the model is not valid: the relation type 'team'"],
    [
      'define viewer: [user]',
      'document:1#reader@user:1',
      "Invalid tuple 'document:1#reader@user:1'. Reason: relation 'document#reader' not found",
    ],
  ])('%s with the tuple %s is refused', (relation, tuple, reason) => {
    const [object = '', rest = ''] = tuple.split('#');
    const [name = '', user = ''] = rest.split('@');
    const model = ['model', '  schema 1.1', 'type user', 'type document', '  relations', `    ${relation}`].join('\n');
    const path = join(folder, 'refused.fga.yaml');
    const tests = [{ name: 'one', check: [{ user: 'user:1', object: 'document:1', assertions: { viewer: true } }] }];
    writeFileSync(path, JSON.stringify({ model, tuples: [{ user, relation: name, object }], tests }));
    const { status, stdout } = vouch(['model', 'test', path]);
    expect([status, stdout.includes(reason)], stdout).toEqual([1, true]);
  });
});

describe('a store file that is wrong', () => {
  const model = 'model\n  schema 1.1\ntype user';
  const check = { user: 'user:1', object: 'doc:1', assertions: { viewer: true } };

  test.each<[string, unknown, string]>([
    ['no object', [], 'is not an object'],
    ['no model', { tests: [] }, 'name exactly one of model and model_file'],
    ['two models', { model, model_file: 'm.fga' }, 'name exactly one of model and model_file'],
    ['a model that cannot be read', { model: 'model\n  schema 1.1\ntype' }, 'the model cannot be read'],
    ['a model of another version', { model: JSON.stringify({ schema_version: '2.0' }) }, 'schema_version is 1.1 or 1.2'],
    ['a model file that is missing', { model_file: 'm.fga' }, 'm.fga cannot be read'],
    [
      'a tuple without an object',
      { model, tuples: [{ user: 'user:1', relation: 'r' }] },
      'the tuple 1 lacks one of user, relation and object',
    ],
    ['a tuple file of another kind', { model, tuple_file: 'store.txt' }, 'tuples are read from .yaml, .json, .jsonl and .csv'],
    ['no tests', { model, tests: [] }, 'tests are missing'],
    ['no assertions', { model, tests: [{ check: [{ ...check, assertions: {} }] }] }, 'assertions are missing'],
    [
      'an assertion that is no verdict',
      { model, tests: [{ check: [{ ...check, assertions: { viewer: 'yes' } }] }] },
      'assertions.viewer is not true or false',
    ],
    ['a check without a user', { model, tests: [{ check: [{ ...check, user: undefined }] }] }, 'name user or users'],
    [
      'a list without a filter',
      { model, tests: [{ list_users: [{ object: 'doc:1', assertions: { viewer: { users: [] } } }] }] },
      'user_filter is missing',
    ],
    ['a context that is no object', { model, tests: [{ check: [{ ...check, context: [1] }] }] }, 'context is not an object'],
  ])('%s', (_, content, reason) => {
    writeFileSync(join(folder, 'store.txt'), '');
    const path = join(folder, 'store.fga.yaml');
    writeFileSync(path, JSON.stringify(content));
    expect(() => readStoreFile(path)).toThrow(reason);
  });
});
