/**
 * core and sim are functions of their inputs (C1, C11): their code names no clock, no ambient randomness, no timer, no
 * promise, no platform object. Comments and strings may speak of them.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { codeOf, root, sourceFiles } from '../support/sources.ts';

/** Names that may not occur as an identifier. A property of that name (`state.process`) is somebody's own. */
const GLOBALS: readonly string[] = [
  'AbortController',
  'Buffer',
  'Date',
  'Intl',
  'Promise',
  'TextDecoder',
  'TextEncoder',
  'URL',
  'WebAssembly',
  'clearImmediate',
  'clearInterval',
  'clearTimeout',
  'console',
  'crypto',
  'fetch',
  'global',
  'globalThis',
  'performance',
  'process',
  'queueMicrotask',
  'require',
  'setImmediate',
  'setInterval',
  'setTimeout',
  'structuredClone',
];

/** What a pattern finds, and why it is not wanted. */
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [new RegExp(`(?<![.\\w$#])(?:${GLOBALS.join('|')})(?![\\w$])`, 'g'), 'an ambient global'],
  [/\basync\b|\bawait\b(?!\()|\.then\s*\(/g, 'asynchrony'], // a method may be called await(
  [
    /\bMath\s*(?:\.\s*(?:random|sin|cos|tan|asin|acos|atan2?|sinh|cosh|tanh|exp|expm1|log|log2|log10|log1p|pow|hypot|cbrt)\b|\[)/g,
    'randomness or inexact floating point',
  ],
  [/\.\s*(?:localeCompare|toLocale\w+)\b/g, 'the locale'],
  [/\bimport\s*\(|\bimport\s*\.\s*meta\b/g, 'a dynamic import'],
  [/\b(?:WeakRef|FinalizationRegistry|SharedArrayBuffer|Atomics|eval\b|Function\s*\()/g, 'the engine'],
];

/** A global's name as the key of an object or interface (`{ performance: number }`) is somebody's own. */
const AS_KEY: RegExp = new RegExp(`(?<=[{,;(]\\s*(?:readonly\\s+)?)(?:${GLOBALS.join('|')})(?=\\s*\\??:)`, 'g');

/** Whether the file binds the name itself: a history has processes. That it is not the global one too, tsc says (no ambient types). */
function binds(code: string, name: string): boolean {
  return new RegExp(`\\b(?:const|let)\\s+${name}\\b|\\b(?:const|let)\\s*[{[][^}\\]=]*\\b${name}\\b|[(,]\\s*${name}\\??:`).test(
    code,
  );
}

/** Sentences about what in this code is impure. */
function impurities(path: string, text: string): readonly string[] {
  const original = codeOf(text);
  const code = original.replace(AS_KEY, 'key');
  const found: string[] = [];
  for (const [pattern, why] of PATTERNS) {
    for (const match of code.matchAll(pattern)) {
      if (GLOBALS.includes(match[0]) && binds(original, match[0])) continue;
      const line = code.slice(0, match.index).split('\n').length;
      found.push(`${path}:${line} ${match[0].trim()} (${why})`);
    }
  }
  return found;
}

describe('purity', () => {
  test('core and sim name no clock, randomness, timer, promise or platform object', () => {
    expect(sourceFiles(['core', 'sim']).flatMap((file) => impurities(file.path, file.text))).toEqual([]);
  });

  test('core and sim compile with no ambient types', () => {
    for (const layer of ['core', 'sim']) {
      const config = JSON.parse(readFileSync(join(root, layer, 'tsconfig.json'), 'utf8')) as {
        compilerOptions: { types: string[]; lib: string[] };
      };
      expect(config.compilerOptions.types).toEqual([]);
      expect(config.compilerOptions.lib).toEqual(['ES2023']);
    }
  });

  test.each([
    'const t = Date.now();',
    'const r = Math.random();',
    'const r = Math["random"]();',
    'setTimeout(f, 1);',
    'const b = Buffer.from(x);',
    'if (process.env.A) f();',
    'async function f() {}',
    'const x = await f();',
    'f().then(g);',
    'console.log(`a`);',
    'const t = `a${Date.now()}b`;',
    'const b = new TextEncoder();',
    'a.sort((x, y) => x.localeCompare(y));',
    'const m = await import("node:fs");',
    'const x = a / Date.now() / 2;',
    'const s = /[/]/.test(x) ? Date : 1;',
    'x = Math.log2(y);',
  ])('finds the impurity in: %s', (text) => {
    expect(impurities('x.ts', text).length).toBeGreaterThan(0);
  });

  test.each([
    '/** Date and Promise in a comment. */',
    "const s = 'Date.now()'; // setTimeout",
    'const t = `Buffer ${1 + 2} process`;',
    'state.process(entry);',
    'interface X { readonly performance: number; process?: number }',
    'const ok = /Date.now/.test(text);',
    'const invalidDate = updateDate(x);',
    'const { process, key } = entry; use(process);',
    'function invoke(process: number) { return { process }; }',
    'view.await(seq);',
  ])('leaves alone: %s', (text) => {
    expect(impurities('x.ts', text)).toEqual([]);
  });
});
