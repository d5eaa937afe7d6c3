/**
 * Consensus for real: three nodes on loopback with their data on disk, every write answered after the fsync of a quorum, with its
 * block sealed and its roots computed; beside three etcd members with the same clients and payload in the same run.
 * Usage: npm run bench:raft -- [seconds for each figure, 6 unless given]
 * Both run at the same time on the same machine, and only one of them is under load at any time: their turns alternate, three
 * rounds, and the medians are compared. The ratio is the figure; the absolute number only shows the order of magnitude.
 */

import { machineClass } from './harness.ts';
import { EtcdCluster, missingTool } from './raft/etcd-cluster.ts';
import { VouchCluster } from './raft/vouch-cluster.ts';
import { type Figure, type Load, TRANSACTION_WRITES, type Work } from './raft/workload.ts';

const ROUNDS = 3;

interface Row {
  readonly name: string;
  readonly work: Work;
  readonly clients: number;
  /** What Vouch has to reach, in parts of what etcd does. */
  readonly bar: number;
}

const ROWS: readonly Row[] = [
  { name: 'linearizable read, 1 client', work: 'read', clients: 1, bar: 1 },
  { name: 'linearizable read, 256 clients', work: 'read', clients: 256, bar: 3 },
  { name: 'durable write, 1 client', work: 'write', clients: 1, bar: 1.2 },
  { name: 'durable write, 16 clients', work: 'write', clients: 16, bar: 1 },
  { name: 'durable write, 64 clients', work: 'write', clients: 64, bar: 1.2 },
  { name: 'durable write, 256 clients', work: 'write', clients: 256, bar: 1 },
  { name: `transactions of ${TRANSACTION_WRITES}, 1 client`, work: 'transaction', clients: 1, bar: 0.35 },
  { name: `transactions of ${TRANSACTION_WRITES}, 16 clients`, work: 'transaction', clients: 16, bar: 0.35 },
];

interface System {
  measure(load: Load): Promise<Figure>;
}

function median(figures: readonly Figure[]): Figure {
  return [...figures].sort((a, b) => a.perSecond - b.perSecond)[figures.length >> 1] as Figure;
}

async function compare(row: Row, seconds: number, vouch: VouchCluster, etcd: System | undefined): Promise<void> {
  const load = { work: row.work, clients: row.clients, seconds };
  const own: Figure[] = [];
  const theirs: Figure[] = [];
  const before = await vouch.counters();
  for (let round = 0; round < ROUNDS; round += 1) {
    own.push(await vouch.measure(load));
    if (etcd !== undefined) theirs.push(await etcd.measure(load));
  }
  const after = await vouch.counters();
  const { perSecond, latencyMicros } = median(own);
  const figures = [`vouch ${perSecond.toFixed(0)}/s, p50 ${latencyMicros} µs`];
  if (theirs.length > 0) {
    const peer = median(theirs);
    const ratio = perSecond / peer.perSecond;
    figures.push(`etcd ${peer.perSecond.toFixed(0)}/s, mean ${peer.latencyMicros} µs`);
    figures.push(`${ratio.toFixed(2)} of etcd (bar ${row.bar}${ratio >= row.bar ? '' : ', missed'})`);
  }
  const operations = own.reduce((sum, figure) => sum + figure.perSecond * seconds, 0);
  const each = (count: number): string => ((1000 * count) / operations).toFixed(0);
  if (row.work !== 'read') {
    figures.push(`${each(after.syncs - before.syncs)} fsyncs and ${each(after.frames - before.frames)} frames for 1,000 commits`);
  }
  console.log(`${row.name.padEnd(34)} ${figures.join(' · ')}`);
}

async function main(seconds: number): Promise<void> {
  console.log(
    `${machineClass()}\nthree nodes, the load and everything else on these cores; ${ROUNDS} rounds of ${seconds} s each`,
  );
  const missing = missingTool();
  if (missing !== undefined) console.log(`Without the comparison: ${missing} is not installed.`);
  const vouch = new VouchCluster();
  const etcd = missing === undefined ? new EtcdCluster() : undefined;
  try {
    await vouch.up();
    await etcd?.up();
    for (const row of ROWS) await compare(row, seconds, vouch, etcd);
  } finally {
    await Promise.all([vouch.down(), etcd?.down()]);
  }
}

await main(Number(process.argv[2] ?? 6));
