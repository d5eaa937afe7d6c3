/**
 * What a tape costs: two clusters of three real nodes on loopback, one with `--record`, under the same load in turns; the ratios of the medians
 * of throughput and of processor time are the figures. And how long the replay of one of the tapes takes, and how large a write is on it.
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

interface Turn {
  readonly perSecond: number;
  /** Of the processor, by the three nodes, for one operation. */
  readonly cpuMicros: number;
}

function median(figures: readonly number[]): number {
  return [...figures].sort((a, b) => a - b)[figures.length >> 1] as number;
}

function bytesIn(tapes: string): number {
  return readdirSync(tapes).reduce((sum, name) => sum + statSync(join(tapes, name)).size, 0);
}

async function turn(cluster: VouchCluster, load: Load): Promise<Turn> {
  const before = await cluster.counters();
  const { perSecond } = await cluster.measure(load);
  const after = await cluster.counters();
  return { perSecond, cpuMicros: (1e6 * (after.cpuSeconds - before.cpuSeconds)) / (perSecond * load.seconds) };
}

async function compare(load: Load, plain: VouchCluster, recorded: VouchCluster, tapes: string): Promise<void> {
  const without: Turn[] = [];
  const having: Turn[] = [];
  const before = bytesIn(tapes);
  for (let round = 0; round < ROUNDS; round += 1) {
    without.push(await turn(plain, load));
    having.push(await turn(recorded, load));
  }
  const operations = having.reduce((sum, { perSecond }) => sum + perSecond * load.seconds, 0);
  const told = (name: string, of: (figure: Turn) => number): string => {
    const [left, right] = [median(without.map(of)), median(having.map(of))];
    const rounds = having.map((figure, i) => (of(figure) / of(without[i] as Turn)).toFixed(2)).join(' ');
    return `${name}: ${left.toFixed(0)} without, ${right.toFixed(0)} with, ratio ${(right / left).toFixed(2)} (rounds ${rounds})`;
  };
  console.log(`${load.work}, ${load.clients} clients`);
  console.log(`  ${told('a second', (figure) => figure.perSecond)}`);
  console.log(`  ${told('µs of the processor', (figure) => figure.cpuMicros)}`);
  console.log(`  ${((bytesIn(tapes) - before) / operations).toFixed(0)} bytes of all three tapes an operation`);
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
