/** House style that a machine can hold: file size, headers, exports, names. What needs taste is left to people. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { expect, test } from 'vitest';
import { codeOf, importsOf, root, type SourceFile, sourceFiles } from '../support/sources.ts';

const LINES_MAX = 500;
const sources: readonly SourceFile[] = sourceFiles();
const TEXT = new Set(['.ts', '.mjs', '.js', '.json', '.md', '.yml', '.yaml', '.sh', '.html', '.css', '']);
/** Placeholder markers, spelt so that this file does not contain them. */
const MARKER = new RegExp(`\\b(?:${['TO', 'FIX', 'X'].map((head, i) => head + ['DO', 'ME', 'XX'][i]).join('|')})\\b`);
/** An import of what our own build has written; what packages call their folders is theirs. */
const OWN_OUTPUT = /^(?:\.{1,2}\/(?:.+\/)?|vouch\/)?dist\//;
/** A path of somebody's machine. */
const MACHINE_PATH = /(?:^|[\s'"`(=:])(?:\/(?:home|Users|root|work|workspace|mnt)\/|[A-Z]:\\(?:Users|Windows)\\)/m;

/** Every text file under version control that is still there. Outside a git checkout: none, and the sources alone count. */
function trackedFiles(): readonly SourceFile[] {
  let names: string;
  try {
    names = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return sources;
  }
  const paths = names.split('\0').filter((path) => path !== '' && TEXT.has(extname(path)) && path !== 'package-lock.json');
  return paths
    .filter((path) => existsSync(join(root, path)))
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

function named(files: readonly SourceFile[], offends: (file: SourceFile) => boolean): readonly string[] {
  return files.filter(offends).map((file) => file.path);
}

test(`no source file is longer than ${LINES_MAX} lines`, () => {
  expect(named(sources, ({ text }) => text.split('\n').length - 1 > LINES_MAX)).toEqual([]);
});

test('every source file begins with a comment that says what it is', () => {
  expect(named(sources, ({ text }) => !/^(?:#![^\n]*\n)?\/\*\*/.test(text))).toEqual([]);
});

test('nothing is exported as default', () => {
  expect(named(sources, ({ text }) => /\bexport\s+default\b|\bas\s+default\b/.test(codeOf(text)))).toEqual([]);
});

test('nothing is left to do later, in code or documents', () => {
  expect(named(trackedFiles(), ({ text }) => MARKER.test(text))).toEqual([]);
});

test('no file names a path of one machine', () => {
  expect(named(trackedFiles(), ({ text }) => MACHINE_PATH.test(text))).toEqual([]);
});

test('no test is skipped, focused or pending', () => {
  const pattern = /\b(?:test|it|describe)\s*\.\s*(?:only|skip|todo|fails)\b/;
  expect(named(sources, ({ path, text }) => path.endsWith('.test.ts') && pattern.test(codeOf(text)))).toEqual([]);
});

test('tests that use fast-check are named *.prop.test.ts, so that `npm run properties` runs every property', () => {
  const uses = (file: SourceFile): boolean =>
    importsOf(file.text).some((name) => name === 'fast-check' || name.endsWith('/support/property.ts'));
  const allowed = (path: string): boolean => path.endsWith('.prop.test.ts') || !path.endsWith('.test.ts');
  expect(named(sources, (file) => uses(file) && !allowed(file.path))).toEqual([]);
});

test('nothing is imported from the compiled output', () => {
  expect(
    named(sources, ({ path, text }) => !path.startsWith('node/launch/') && importsOf(text).some((name) => OWN_OUTPUT.test(name))),
  ).toEqual([]);
});

test('the lockfile names no registry host and no local path', () => {
  const lock = readFileSync(join(root, 'package-lock.json'), 'utf8');
  expect(lock).not.toMatch(/"resolved":/);
  expect(lock).not.toMatch(/"link": true/);
});

test('the median source file is short', () => {
  const lengths = sources.map(({ text }) => text.split('\n').length).sort((a, b) => a - b);
  expect(lengths[lengths.length >> 1]).toBeLessThanOrEqual(250);
});
