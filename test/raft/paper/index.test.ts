/** docs/internals/paper.md names every test of this folder, and no other. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../../support/sources.ts';

const folder = join(root, 'test/raft/paper');
const TITLE = /(?:\btest|\]\))\(\s*'((?:[^'\\]|\\.)*)'/g;

test('the index of claims is what the tests claim', () => {
  const files = readdirSync(folder).filter((name) => name !== 'index.test.ts');
  const titles = files.flatMap((name) =>
    [...readFileSync(join(folder, name), 'utf8').matchAll(TITLE)].map((match) => match[1] as string),
  );
  const [claims = ''] = readFileSync(join(root, 'docs/internals/paper.md'), 'utf8').split('## Thesis 6.3');
  const listed = [...claims.matchAll(/^\| [^|]* \| (.*) \|$/gm)].map((match) => match[1] as string);
  expect(listed.filter((claim) => claim !== 'Claim').sort()).toEqual(titles.sort());
});
