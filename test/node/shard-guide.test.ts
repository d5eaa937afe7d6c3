/**
 * docs/guides/shard-a-swarm.md, tried: the command lines of its Kubernetes Job and of its CI matrix are taken out of the page
 * and run here, with few seeds, and their results merged.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { ensureBuilt, binary as main } from '../../node/launch/build.mjs';
import { root } from '../support/sources.ts';

interface Job {
  readonly kind: string;
  readonly spec: {
    readonly completions: number;
    readonly completionMode: string;
    readonly template: {
      readonly spec: {
        readonly containers: readonly [
          {
            readonly env: readonly { readonly name: string; readonly value: string }[];
            readonly command: readonly string[];
            readonly args: readonly string[];
          },
        ];
      };
    };
  };
}

interface Workflow {
  readonly env: Readonly<Record<string, string>>;
  readonly jobs: Readonly<
    Record<
      'shard' | 'merge',
      {
        readonly strategy?: { readonly matrix: { readonly shard: readonly number[] } };
        readonly steps: readonly { readonly name?: string; readonly run?: string }[];
      }
    >
  >;
}

const page = readFileSync(join(root, 'docs', 'guides', 'shard-a-swarm.md'), 'utf8');
const documents: readonly unknown[] = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text = '']) => parse(text));
const job = documents.find((document) => (document as Job).kind === 'Job') as Job;
const workflow = documents.find((document) => (document as Workflow).jobs !== undefined) as Workflow;
/** In place of what the page asks for: one quick seed for each shard. */
const QUICK = { WHAT: 'majority-lock', SEEDS: '4' };

const folder = mkdtempSync(join(tmpdir(), 'vouch-shards-'));
const path = `${folder}${delimiter}${process.env.PATH}`;

beforeAll(() => {
  expect(ensureBuilt()).toBe('');
  for (const name of ['vouch', 'npx']) {
    const file = join(folder, name);
    // What an image and a checkout have in their path.
    writeFileSync(file, `#!/bin/sh\n${name === 'npx' ? 'shift\n' : ''}exec '${process.execPath}' '${main}' "$@"\n`);
    chmodSync(file, 0o755);
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): { status: number | null; stdout: string } {
  const { status, stdout } = spawnSync(file, args, {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, ...env, PATH: path },
  });
  return { status, stdout };
}

/** What of a report does not depend on the machine. */
function timeless(text: string): object {
  const { missing: _, ...report } = JSON.parse(text.trim().split('\n').pop() ?? '') as { readonly missing?: unknown };
  return { ...report, wallMs: 0, eventsPerSecond: 0, seedsPerMinute: 0 };
}

describe('the Kubernetes Job of the guide', () => {
  const [container] = job.spec.template.spec.containers;
  const { completions } = job.spec;

  test('has as many completions as shards', () => {
    expect(job.spec.completionMode).toBe('Indexed');
    expect(container.env).toContainEqual({ name: 'SHARDS', value: String(completions) });
  });

  test('gives, index by index, the swarm that was not split', () => {
    const given = Object.fromEntries(container.env.map(({ name, value }) => [name, value]));
    const files = Array.from({ length: completions }, (_, index) => {
      const [command = '', ...args] = [...container.command, ...container.args];
      const { status, stdout } = run(command, args, { ...given, ...QUICK, JOB_COMPLETION_INDEX: String(index) });
      expect(status).toBe(0);
      const file = `index-${index}.json`;
      writeFileSync(join(folder, file), stdout);
      return file;
    });
    const merged = run('vouch', ['sim', 'merge', '--json', ...files], {});
    expect(JSON.parse(merged.stdout)).toMatchObject({ missing: [], seeds: 4 });
    const whole = run('vouch', ['sim', 'swarm', QUICK.WHAT, '--seeds', QUICK.SEEDS, '--json'], {});
    expect(timeless(merged.stdout)).toEqual(timeless(whole.stdout));
    const part = run('vouch', ['sim', 'merge', '--json', ...files.slice(1)], {});
    expect(part.status).toBe(5);
    expect(JSON.parse(part.stdout)).toMatchObject({ missing: ['1/4'] });
  });
});

describe('the CI matrix of the guide', () => {
  const stepOf = (name: 'shard' | 'merge', step: string): string =>
    workflow.jobs[name].steps.find((candidate) => candidate.name === step)?.run ?? '';

  test('leaves a result for each value of the matrix, and they merge', () => {
    const shards = workflow.jobs.shard.strategy?.matrix.shard ?? [];
    expect(workflow.env.SHARDS).toBe(String(shards.length));
    for (const shard of shards) {
      // biome-ignore lint/suspicious/noTemplateCurlyInString: GitHub's own notation
      const line = stepOf('shard', 'swarm').replaceAll('${{ matrix.shard }}', String(shard));
      expect(line).not.toContain('{{');
      expect(run('/bin/sh', ['-e', '-c', line], { ...workflow.env, ...QUICK }).status).toBe(0);
    }
    const merged = run('/bin/sh', ['-e', '-c', stepOf('merge', 'merge')], workflow.env);
    expect(merged.status).toBe(0);
    expect(merged.stdout).toMatch(/4 seeds/);
  });
});
