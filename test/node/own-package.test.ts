/** A scenario file may import every sub-path of the package, and gets what a user of the package gets. */
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { OWN_FILES } from '../../node/cli/scenario-file.ts';

const root = new URL('../../', import.meta.url);

test('every sub-path of the package is one of a scenario file, and the same file', () => {
  const { exports } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));
  const published = Object.entries(exports as Readonly<Record<string, { default: string }>>)
    .filter(([name]) => name !== './package.json')
    .map(([name, file]) => [name.replace('.', 'vouch'), file.default.slice('./dist/'.length, -'.js'.length)]);
  expect(Object.fromEntries(published)).toEqual(OWN_FILES);
  for (const file of Object.values(OWN_FILES)) expect(existsSync(new URL(`${file}.ts`, root)), file).toBe(true);
});
