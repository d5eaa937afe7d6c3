/**
 * How long nobody is served while leadership moves on request: three real nodes on loopback, one client that writes without a
 * pause, and transfers one after the other. A figure is the longest time between two acknowledged writes around one transfer,
 * less the usual time of a write.
 * Usage: npm run bench:transfer -- [transfers, 100 unless given]
 */

import { machineClass } from './harness.ts';
import { VouchCluster } from './raft/vouch-cluster.ts';
import { keyOf, VALUE } from './raft/workload.ts';

const P50_MS_MAX = 5;
const PAUSE_MS = 100;

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

async function main(transfers: number): Promise<void> {
  const cluster = new VouchCluster();
  try {
    await cluster.up();
    const client = await cluster.connect();
    const vault = await client.vault('main');
    const acknowledged: number[] = [performance.now()];
    let isOver = false;
    const writing = (async () => {
      for (let n = 0; !isOver; n += 1) {
        await vault.setEntity(keyOf(n), VALUE);
        acknowledged.push(performance.now());
      }
    })();
    const gaps: number[] = [];
    for (let n = 0; n < transfers; n += 1) {
      await wait(PAUSE_MS);
      const first = acknowledged.length - 1;
      await cluster.transfer(vault.entry.group);
      await wait(PAUSE_MS);
      const around = acknowledged.slice(first);
      gaps.push(Math.max(...around.slice(1).map((at, i) => at - (around[i] as number))));
    }
    isOver = true;
    await writing;
    await client.close();
    const usual = median(acknowledged.slice(1).map((at, i) => at - (acknowledged[i] as number)));
    const pauses = gaps.map((gap) => gap - usual).sort((a, b) => a - b);
    const [p50, p99] = [0.5, 0.99].map((share) => pauses[Math.ceil(share * pauses.length) - 1] as number) as [number, number];
    console.log(`${machineClass()}\n${transfers} transfers, a write every ${usual.toFixed(2)} ms`);
    console.log(`pause p50 ${p50.toFixed(2)} ms (bar: ${P50_MS_MAX} ms), p99 ${p99.toFixed(2)} ms`);
    if (p50 > P50_MS_MAX) process.exitCode = 1;
  } finally {
    await cluster.down();
  }
}

await main(Number(process.argv[2] ?? 100));
