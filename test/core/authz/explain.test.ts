/** What a person reads of a verdict. */
import { expect, test } from 'vitest';
import { explain } from '../../../core/authz/explain.ts';
import { check, docsVault } from '../../certificate/docs-vault.ts';
import { decide } from '../../certificate/support.ts';

const vault = docsVault();

function explained(text: string): readonly string[] {
  const [why] = decide(vault, check(text)).whys;
  return why === undefined ? [] : explain(why);
}

test('an allow is the chain of tuples that it rests on', () => {
  expect(explained('doc:plan#viewer@user:anne')).toEqual([
    'doc:plan#viewer: yes',
    '  the tuple doc:plan#parent@folder:sub, which passes on viewer',
    '  folder:sub#viewer: yes',
    '    the tuple folder:sub#parent@folder:root, which passes on viewer',
    '    folder:root#viewer: yes',
    '      the tuple folder:root#viewer@group:staff#member',
    '      group:staff#member: yes',
    '        the tuple group:staff#member@group:eng#member',
    '        group:eng#member: yes',
    '          the tuple group:eng#member@user:anne',
  ]);
  expect(explained('group:eng#member@group:eng#member')).toEqual(['every userset is a member of itself']);
});

test('a deny is what was looked at', () => {
  expect(explained('doc:memo#viewer@user:bob')).toEqual([
    'doc:memo#viewer: no',
    '  doc:memo#viewer@user:bob grants nothing: not there, or its condition is not met',
    '  doc:memo#viewer@user:* grants nothing: not there, or its condition is not met',
    '  no userset that counts has doc:memo#viewer',
    '  doc:memo#owner: no',
    '    doc:memo#owner@user:bob grants nothing: not there, or its condition is not met',
    '  nothing that counts is doc:memo#parent',
  ]);
});

test('what is excluded names the tuple that excludes', () => {
  expect(explained('doc:open#can_view@user:eve')).toEqual([
    'doc:open#can_view: no',
    '  excluded, because of:',
    '    doc:open#blocked: yes',
    '      the tuple doc:open#blocked@user:eve',
  ]);
});

test('a relation that rests on itself is said to, once', () => {
  const lines = explained('doc:loop#viewer@user:anne');
  expect(lines).toContainEqual(expect.stringMatching(/^ +group:loop#member rests on itself here, which grants nothing$/));
  expect(lines.filter((line) => /^ *group:pool#member: no$/.test(line))).toHaveLength(1);
});

test('an intersection shows the side that does not hold', () => {
  const lines = explained('doc:plan#can_sign@user:olga');
  expect(lines.slice(0, 3)).toEqual([
    'doc:plan#can_sign: no',
    '  one of several that are all needed does not hold:',
    '  doc:plan#approved: no',
  ]);
});
