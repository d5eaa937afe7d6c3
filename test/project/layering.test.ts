/**
 * The dependency rule of the architecture, read from every import of the tree. Lint says the same while typing
 * (biome.json); this test is the one that cannot be switched off by a comment.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { importsOf, LAYERS, type Layer, resolveImport, root, sourceFiles } from '../support/sources.ts';

interface Rule {
  readonly layers: readonly Layer[];
  /** Packages that may be named; undefined = any. */
  readonly packages: RegExp | undefined;
}

const RULES: Readonly<Record<Layer, Rule>> = {
  core: { layers: ['core'], packages: /^@noble\// },
  sim: { layers: ['sim', 'core'], packages: /^seedrandom$/ },
  net: { layers: ['net', 'core'], packages: /^ws$/ },
  node: { layers: ['node', 'net', 'core'], packages: undefined },
  scenarios: { layers: ['scenarios', 'sim', 'core'], packages: /^$/ },
  bench: { layers: LAYERS, packages: undefined },
  test: { layers: LAYERS, packages: undefined },
};

/** node/cli is the composition root: it may load everything but bench and test. */
const COMPOSITION_ROOT: Rule = { layers: ['core', 'sim', 'net', 'node', 'scenarios'], packages: undefined };

/** The one file of core that may name the expression language, and by which entry. */
const EXPRESSIONS = { path: 'core/authz/cel.ts', package: '@marcbachmann/cel-js/evaluator' };

function layerOf(path: string): Layer | undefined {
  return LAYERS.find((layer) => path.startsWith(`${layer}/`));
}

/** Sentences about the imports of one file that break the rule. */
function violations(path: string, text: string): readonly string[] {
  const layer = layerOf(path) as Layer;
  const rule = path.startsWith('node/cli/') ? COMPOSITION_ROOT : RULES[layer];
  const found: string[] = [];
  for (const specifier of importsOf(text)) {
    const target = resolveImport(path, specifier);
    if (target === undefined) {
      if (path === EXPRESSIONS.path && specifier === EXPRESSIONS.package) continue;
      if (rule.packages !== undefined && !rule.packages.test(specifier)) found.push(`${path} imports ${specifier}`);
      continue;
    }
    const targetLayer = layerOf(target);
    if (targetLayer === undefined || !rule.layers.includes(targetLayer)) found.push(`${path} imports ${target}`);
  }
  return found;
}

describe('layering', () => {
  test('every import follows the dependency rule', () => {
    expect(sourceFiles().flatMap((file) => violations(file.path, file.text))).toEqual([]);
  });

  test('every relative import names an existing file with its extension', () => {
    const broken: string[] = [];
    for (const { path, text } of sourceFiles(['core', 'sim', 'net', 'node', 'scenarios'])) {
      for (const specifier of importsOf(text)) {
        const target = resolveImport(path, specifier);
        if (target === undefined) continue;
        if (!/\.(ts|mjs)$/.test(target) || !existsSync(join(root, target))) broken.push(`${path} imports ${specifier}`);
      }
    }
    expect(broken).toEqual([]);
  });

  test.each([
    ['core/a.ts', "import { x } from 'node:fs';"],
    ['core/a.ts', "import type { x } from '../sim/world.ts';"],
    ['core/raft/a.ts', "export { x } from '../../node/clock.ts';"],
    ['core/a.ts', "const x = await import('ws');"],
    ['sim/a.ts', "import { x } from '../net/link.ts';"],
    ['sim/a.ts', "import 'ws';"],
    ['net/a.ts', "import {\n  x,\n} from 'node:net';"],
    ['net/client/a.ts', "import { x } from '../../node/clock.ts';"],
    ['node/http/a.ts', "import { x } from '../../sim/world.ts';"],
    ['scenarios/a.ts', "import { x } from '../node/clock.ts';"],
    ['node/cli/a.ts', "import { x } from '../../test/support/sources.ts';"],
    ['core/a.ts', "import { x } from '../vitest.config.ts';"],
  ])('%s may not say %s', (path, text) => {
    expect(violations(path, text)).toHaveLength(1);
  });

  test.each([
    ['core/a.ts', "import { sha256 } from '@noble/hashes/sha2.js';"],
    ['sim/a.ts', "import seedrandom from 'seedrandom';"],
    ['node/cli/a.ts', "const { run } = await import('../../sim/public.ts');"],
    ['net/a.ts', "import { WebSocket } from 'ws';"],
    ['core/a.ts', "const source = `\nimport { x } from 'node:fs';\n`;"],
    ['core/a.ts', "/*\nimport { x } from 'node:fs';\n*/"],
  ])('%s may say %s', (path, text) => {
    expect(violations(path, text)).toEqual([]);
  });
});
