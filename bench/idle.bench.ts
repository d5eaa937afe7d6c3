/**
 * What a cluster costs in which nothing happens: three real nodes on loopback with a thousand groups. Counts the frames that each
 * pair of nodes exchanges and the processor time of each node, once every group sleeps and the links have been idle for a while.
 * Usage: npm run bench:idle -- [data groups, 1000 unless given] [seconds, 30 unless given]
 * The bar is a count, so it has no noise: at most 3 frames for each pair of nodes and heartbeat. Beside it, at most 2% of a core.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HEARTBEAT_MICROS } from '../core/limits.ts';
import type { ChildNode } from '../node/local/child-node.ts';
import { LocalCluster } from '../node/local/local-cluster.ts';
import { waitForStatus } from '../node/local/operator-client.ts';
import { machineClass } from './harness.ts';

const NODES = 3;
const PORT = 7640;
const FRAMES_MAX = 3;
const CORE_PERCENT_MAX = 2;
const SLEEP_MS = 120_000;
/** Behind the last question that a status answers, before anything is counted. */
const CALM_MS = 5_000;

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

interface Sample {
  readonly frames: number;
  readonly cpuSeconds: number;
  readonly at: number;
}

/** From the node's own metrics; asking once costs it some milliseconds, which count. */
async function sampleOf(node: ChildNode): Promise<Sample> {
  const at = performance.now();
  const text = await (await fetch(`${node.url}/metrics`)).text();
  const sum = (pattern: RegExp): number => [...text.matchAll(pattern)].reduce((total, match) => total + Number(match[1]), 0);
  return {
    frames: sum(/^vouch_peer_frames_total\{[^}]*direction="sent"[^}]*\} (\S+)$/gm),
    cpuSeconds: sum(/^process_cpu_seconds_total (\S+)$/gm),
    at,
  };
}

async function measure(groups: number, seconds: number): Promise<boolean> {
  const directory = mkdtempSync(join(tmpdir(), 'vouch-idle-'));
  const binary = fileURLToPath(new URL('../node/cli/main.js', import.meta.url));
  const cluster = new LocalCluster({ binary, directory, nodes: NODES, port: PORT, groups });
  try {
    const began = performance.now();
    await cluster.up();
    const ready = performance.now();
    for (const node of cluster.nodes) {
      const status = await waitForStatus(
        node.url,
        (found) => found.groups.length === groups + 1 && found.groups.every((group) => group.asleep),
        { timeoutMs: SLEEP_MS },
      );
      if (status === undefined) throw new Error(`not every group of ${node.options.name} sleeps after ${SLEEP_MS / 1000} s`);
    }
    const asleep = performance.now();
    console.log(
      `ready after ${((ready - began) / 1000).toFixed(1)} s, all groups asleep after ${((asleep - began) / 1000).toFixed(1)} s`,
    );
    await wait(CALM_MS);
    const first = await Promise.all(cluster.nodes.map(sampleOf));
    await wait(seconds * 1000);
    const last = await Promise.all(cluster.nodes.map(sampleOf));
    return report(cluster.nodes, first, last);
  } finally {
    await cluster.down();
    rmSync(directory, { recursive: true, force: true });
  }
}

function report(nodes: readonly ChildNode[], first: readonly Sample[], last: readonly Sample[]): boolean {
  const elapsedMs = (last[0]?.at ?? 0) - (first[0]?.at ?? 0);
  const frames = last.reduce((sum, sample, i) => sum + sample.frames - (first[i]?.frames ?? 0), 0);
  const intervals = (elapsedMs * 1000) / HEARTBEAT_MICROS;
  const pairs = (NODES * (NODES - 1)) / 2;
  const framesPerPair = frames / pairs / intervals;
  console.log(`${framesPerPair.toFixed(2)} frames for each pair of nodes and heartbeat (bar: ${FRAMES_MAX})`);
  let isLight = true;
  for (const [i, node] of nodes.entries()) {
    const percent = (100_000 * ((last[i]?.cpuSeconds ?? 0) - (first[i]?.cpuSeconds ?? 0))) / elapsedMs;
    if (percent > CORE_PERCENT_MAX) isLight = false;
    console.log(`${node.options.name}: ${percent.toFixed(2)}% of a core (bar: ${CORE_PERCENT_MAX}%)`);
  }
  return framesPerPair <= FRAMES_MAX && isLight;
}

const [groups, seconds] = process.argv.slice(2).map(Number);
console.log(`${machineClass()}\n${groups ?? 1000} data groups, ${NODES} nodes, ${seconds ?? 30} s`);
if (!(await measure(groups ?? 1000, seconds ?? 30))) process.exitCode = 1;
