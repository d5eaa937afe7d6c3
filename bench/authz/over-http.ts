/**
 * Checks over HTTP on a real cluster of three nodes on this machine, linearizable as by default. The load is a process of its own and
 * takes its share of the same processors, so the figures say what such a machine does in all.
 */
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CheckQuestion } from '../../core/client/authz-protocol.ts';
import { LocalCluster } from '../../node/local/local-cluster.ts';
import type { Figure, Plan } from './http-load.ts';
import type { Section } from './section.ts';
import { deniedCheck, directCheck, foldersOf, fourHopCheck, MODEL, tuplesOf } from './world.ts';

const PORT = 7680;
const BODIES = 200;
const BATCH = 50;
const CONNECTIONS = 64;
const WRITE_TUPLES = 100;
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

type Kind = (number: number, folders: number) => CheckQuestion;

interface Row {
  readonly name: string;
  readonly path: 'check' | 'batch-check';
  readonly bodies: readonly string[];
  readonly proof: boolean;
  readonly expect: string;
}

function keyOf({ tuple }: CheckQuestion): { readonly user: string; readonly relation: string; readonly object: string } {
  return { user: tuple.subject, relation: tuple.relation, object: tuple.resource };
}

function singles(kind: Kind, folders: number): readonly string[] {
  return Array.from({ length: BODIES }, (_, i) => JSON.stringify({ tuple_key: keyOf(kind(i, folders)) }));
}

function batches(kind: Kind, folders: number): readonly string[] {
  return Array.from({ length: BODIES }, (_, i) =>
    JSON.stringify({
      checks: Array.from({ length: BATCH }, (_each, k) => ({
        tuple_key: keyOf(kind(i * BATCH + k, folders)),
        correlation_id: `c${k}`,
      })),
    }),
  );
}

export async function overHttpSection({ sizes, bar }: Section): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'vouch-bench-'));
  const cluster = new LocalCluster({ binary: here('../../node/cli/main.js'), directory, nodes: 3, port: PORT });
  try {
    await cluster.up();
    const urls = cluster.nodes.map(({ url }) => url);
    const store = await fill(urls[0] as string, sizes.clusterTuples);
    const folders = foldersOf(sizes.clusterTuples);
    const measure = (row: Row, connections: number): Promise<Figure> =>
      load({
        endpoints: cluster.nodes.map(({ options }) => options.address),
        connections,
        seconds: sizes.seconds,
        path: `/stores/${store}/${row.path}`,
        bodies: row.bodies,
        headers: row.proof ? { 'vouch-proof': '1' } : {},
        expect: row.expect,
      });
    const check = { path: 'check', proof: false, expect: '"allowed":true' } as const;
    const rows: readonly Row[] = [
      { ...check, name: 'direct', bodies: singles(directCheck, folders) },
      { ...check, name: 'four hops', bodies: singles(fourHopCheck, folders) },
      { ...check, name: 'denied', bodies: singles(deniedCheck, folders), expect: '"allowed":false' },
      { ...check, name: 'direct, with proof', bodies: singles(directCheck, folders), proof: true },
      { ...check, name: 'four hops, with proof', bodies: singles(fourHopCheck, folders), proof: true },
      { ...check, name: 'batch of 50, four hops', path: 'batch-check', bodies: batches(fourHopCheck, folders) },
    ];
    console.log(`\nCHECKS OVER HTTP, three nodes, ${sizes.clusterTuples.toLocaleString('en-US')} tuples, linearizable`);
    console.log(
      `  ${'what'.padEnd(26)}${['connections', 'requests/s', 'p50 µs', 'p99 µs', 'answer B', 'wrong'].map(column).join('')}`,
    );
    const figures = new Map<string, Figure>();
    for (const row of rows) {
      for (const connections of [1, CONNECTIONS]) {
        const figure = await measure(row, connections);
        const { perSecond, p50Micros, p99Micros, answerBytes, wrong } = figure;
        const cells = [connections, Math.round(perSecond), p50Micros, p99Micros, answerBytes, wrong].map(String);
        console.log(`  ${row.name.padEnd(26)}${cells.map(column).join('')}`);
        if (wrong > 0) throw new Error(`${wrong} answers to "${row.name}" were not as expected`);
        if (connections === CONNECTIONS) figures.set(row.name, figure);
      }
    }
    report(figures, bar);
  } finally {
    await cluster.down();
    rmSync(directory, { recursive: true, force: true });
  }
}

function report(figures: ReadonlyMap<string, Figure>, bar: Section['bar']): void {
  const rate = (name: string): number => figures.get(name)?.perSecond ?? 0;
  for (const name of ['direct', 'four hops']) {
    bar({ what: `HTTP ${name} checks a second`, measured: rate(name), unit: '/s', sense: 'at least', bar: 5000, isJudged: true });
    const times = rate(name) / rate(`${name}, with proof`);
    bar({ what: `HTTP ${name}, time with proof`, measured: times, unit: 'x', sense: 'at most', bar: 2, isJudged: true });
  }
  const batched = rate('batch of 50, four hops') * BATCH;
  bar({
    what: 'HTTP batches of 50, checks a second',
    measured: batched,
    unit: '/s',
    sense: 'at least',
    bar: 30_000,
    isJudged: true,
  });
}

function column(text: string): string {
  return text.padStart(13);
}

function load(plan: Plan): Promise<Figure> {
  return new Promise((resolve, reject) => {
    const child = fork(here('./http-load.js'));
    child.once('message', (figure) => resolve(figure as Figure));
    child.once('exit', (code) => reject(new Error(`the load ended with ${code}`)));
    child.send(plan);
  });
}

async function fill(url: string, count: number): Promise<string> {
  const { id } = (await post(`${url}/stores`, { name: 'bench' })) as { readonly id: string };
  await post(`${url}/stores/${id}/authorization-models`, MODEL);
  const tuples = tuplesOf(count);
  for (let from = 0; from < tuples.length; from += WRITE_TUPLES) {
    const keys = tuples.slice(from, from + WRITE_TUPLES).map(({ resource, relation, subject }) => ({
      user: subject,
      relation,
      object: resource,
    }));
    await post(`${url}/stores/${id}/write`, { writes: { tuple_keys: keys } });
  }
  return id;
}

async function post(url: string, body: unknown): Promise<unknown> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return response.json();
}
