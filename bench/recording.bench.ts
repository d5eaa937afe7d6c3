/**
 * What a tape costs: two clusters of three real nodes on loopback, one with `--record`, under the same load in turns; the ratio of the medians is
 * the figure. And how long the replay of one of the tapes takes, and how large a write is on it.
 * Usage: npm run bench:recording -- [seconds for each figure, 4 unless given]
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { machineClass } from './harness.ts';
import { VouchCluster } from './raft/vouch-cluster.ts';
import type { Load } from './raft/workload.ts';

const ROUNDS = 5;
const PORT = 7690;
const ROWS: readonly Omit<Load, 'seconds'>[] = [
  { work: 'write', clients: 1 },
  { work: 'write', clients: 16 },
  { work: 'write', clients: 256 },
  { work: 'read', clients: 256 },
];

function median(figures: readonly number[]): number {
  return [...figures].sort((a, b) => a - b)[figures.length >> 1] as number;
}

function bytesIn(tapes: string): number {
  return readdirSync(tapes).reduce((sum, name) => sum + statSync(join(tapes, name)).size, 0);
}

async function compare(load: Load, plain: VouchCluster, recorded: VouchCluster, tapes: string): Promise<void> {
  const without: number[] = [];
  const having: number[] = [];
  const before = bytesIn(tapes);
  for (let round = 0; round < ROUNDS; round += 1) {
    without.push((await plain.measure(load)).perSecond);
    having.push((await recorded.measure(load)).perSecond);
  }
  const operations = having.reduce((sum, perSecond) => sum + perSecond * load.seconds, 0);
  const ratio = median(having) / median(without);
  const rounds = having.map((perSecond, i) => (perSecond / (without[i] as number)).toFixed(2)).join(' ');
  console.log(
    `${load.work}, ${load.clients} clients`.padEnd(20),
    `without ${median(without).toFixed(0)}/s · with ${median(having).toFixed(0)}/s · ratio ${ratio.toFixed(2)} (rounds ${rounds}) ·`,
    `${((bytesIn(tapes) - before) / operations).toFixed(0)} bytes of all three tapes an operation`,
  );
}

async function main(seconds: number): Promise<void> {
  console.log(
    `${machineClass()}\ntwo clusters of three nodes and the load on these cores, in turns; ${ROUNDS} rounds of ${seconds} s`,
  );
  const tapes = mkdtempSync(join(tmpdir(), 'vouch-tapes-'));
  const plain = new VouchCluster();
  const recorded = new VouchCluster({ VOUCH_RECORD: tapes, VOUCH_RECORD_LIMIT: '16GiB' }, PORT);
  try {
    await plain.up();
    await recorded.up();
    for (const row of ROWS) await compare({ ...row, seconds }, plain, recorded, tapes);
  } finally {
    await plain.down();
    await recorded.down();
  }
  const binary = fileURLToPath(new URL('../node/cli/main.js', import.meta.url));
  const since = performance.now();
  const { stdout } = spawnSync(process.execPath, [binary, 'sim', 'replay', tapes], { encoding: 'utf8', maxBuffer: 1 << 26 });
  const took = (performance.now() - since) / 1000;
  console.log(stdout.trim().split('\n').at(-1), `replayed in ${took.toFixed(1)} s, ${(bytesIn(tapes) / 1e6).toFixed(0)} MB`);
  rmSync(tapes, { recursive: true, force: true });
}

await main(Number(process.argv[2] ?? 4));
