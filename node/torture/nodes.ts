/** The three processes of the campaign: how they are started, killed, and waited for. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { FsckReport } from '../../core/fsck/report.ts';
import type { Random } from '../../core/random.ts';
import type { ChildNode } from '../local/child-node.ts';
import { type StatusView, statusOf } from '../local/operator-client.ts';
import { isOfPageFile } from './damage.ts';
import type { Journal } from './journal.ts';

/** A machine that is also used for other things starts three nodes in seconds; what takes longer than this is stuck. */
const BACK_MS = 90_000;
const POLL_MS = 40;
/** As many acknowledged writes show that the cluster serves. */
const SERVED_WRITES = 30;
const LAYER = new URL('./power-cut-layer.js', import.meta.url);
const SEEDS = 2 ** 31;
/** Often, so that checkpoints are written, interrupted, damaged and started from. */
const ENVIRONMENT = { VOUCH_CHECKPOINT_LOG_BYTES: String(1 << 17) } as const;

/** The cluster is not what it should be, and waiting longer is no use. */
export class Stuck extends Error {
  override readonly name: string = 'Stuck';
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

export class Nodes {
  readonly all: readonly ChildNode[];
  kills: number = 0;
  powerCuts: number = 0;
  private readonly random: Random;
  private readonly journal: Journal;
  private readonly layered: Set<ChildNode> = new Set();
  /** Why a process ended that nobody killed, until it is started again. */
  private readonly exits: Map<ChildNode, string> = new Map();

  constructor(all: readonly ChildNode[], random: Random, journal: Journal) {
    this.all = all;
    this.random = random;
    this.journal = journal;
    for (const node of all) {
      node.onUnexpectedExit = (how) => {
        this.exits.set(node, how);
        journal.note('exit', { node: node.options.name, how });
      };
    }
  }

  /** @param mayCut whether SIGKILL may be a power cut for this life. */
  start(node: ChildNode, mayCut: 'may lose power' | 'keeps power' = 'may lose power'): void {
    const { data, name } = node.options;
    const held = `${data}.held`;
    rmSync(held, { recursive: true, force: true });
    this.exits.delete(node);
    const seed = this.random.below(SEEDS);
    const isLayered = this.random.below(2) === 0 && mayCut === 'may lose power';
    const layer = new URL(LAYER);
    layer.search = new URLSearchParams({ directory: data, held, seed: String(seed) }).toString();
    if (isLayered) this.layered.add(node);
    else this.layered.delete(node);
    node.start(isLayered ? ['--import', layer.href] : [], ENVIRONMENT);
    this.journal.note('start', { node: name, layer: isLayered });
  }

  /** All of them at once. */
  async kill(nodes: readonly ChildNode[]): Promise<void> {
    const running = nodes.filter((node) => node.running);
    this.kills += running.length;
    this.powerCuts += running.filter((node) => this.layered.has(node)).length;
    this.journal.note('kill', {
      nodes: running.map((node) => node.options.name),
      cuts: running.filter((n) => this.layered.has(n)).length,
    });
    await Promise.all(running.map((node) => node.kill()));
  }

  exitOf(node: ChildNode): string | undefined {
    return this.exits.get(node);
  }

  /** Waits until the nodes are ready. @throws Stuck */
  async back(nodes: readonly ChildNode[] = this.all): Promise<void> {
    await this.until(`${nodes.map((node) => node.options.name).join(', ')} ready`, async () => {
      for (const node of nodes) {
        const exit = this.exits.get(node);
        if (exit !== undefined) throw new Stuck(`${node.options.name} ended by itself: ${exit}`);
        const status = await statusOf(node.url);
        if (status === undefined || status.not_ready.length > 0)
          return `${node.options.name}: ${status?.not_ready.join(', ') ?? 'no answer'}`;
      }
      return undefined;
    });
  }

  /** Waits until clients are served again: not all nodes need to be there, so the next kill may meet one that still comes up. */
  async serves(acknowledged: () => number): Promise<void> {
    const before = acknowledged();
    await this.until('writes are acknowledged', async () => {
      const [ended] = this.exits;
      if (ended !== undefined) throw new Stuck(`${ended[0].options.name} ended by itself: ${ended[1]}`);
      return acknowledged() < before + SERVED_WRITES ? `${acknowledged() - before} so far` : undefined;
    });
  }

  /** Asks again and again. @param missing says what is missing, undefined where nothing is. @throws Stuck */
  async until(what: string, missing: () => Promise<string | undefined>): Promise<void> {
    const end = performance.now() + BACK_MS;
    for (;;) {
      const why = await missing();
      if (why === undefined) return;
      if (performance.now() > end) throw new Stuck(`Not within ${BACK_MS / 1000} s: ${what} (${why})`);
      await pause(POLL_MS);
    }
  }

  async status(node: ChildNode): Promise<StatusView> {
    let found: StatusView | undefined;
    await this.until(`${node.options.name} answers`, async () => {
      found = await statusOf(node.url);
      return found === undefined ? (this.exits.get(node) ?? 'no answer') : undefined;
    });
    return found as StatusView;
  }

  /** Whether a page of a node that does not run is not what was written. */
  async hasDamagedPages(node: ChildNode): Promise<boolean> {
    const fsck = spawn(process.execPath, [BINARY, 'fsck', node.options.data, '--json'], { stdio: ['ignore', 'pipe', 'pipe'] });
    let [report, complaint] = ['', ''];
    fsck.stdout.on('data', (text: Buffer) => {
      report += text.toString();
    });
    fsck.stderr.on('data', (text: Buffer) => {
      complaint += text.toString();
    });
    const [status] = (await once(fsck, 'close')) as [number | null];
    if (status !== 0 && status !== 1) throw new Stuck(`fsck of ${node.options.name} ended with ${status}: ${complaint.trim()}`);
    const { findings } = JSON.parse(report) as FsckReport;
    return findings.some(({ level, what }) => level === 'damaged' && isOfPageFile(what));
  }

  /** The last entry of each group that any of the nodes holds. */
  async ends(nodes: readonly ChildNode[]): Promise<ReadonlyMap<number, number>> {
    const ends = new Map<number, number>();
    for (const node of nodes) {
      for (const { group, lastIndex } of (await this.status(node)).groups)
        ends.set(group, Math.max(ends.get(group) ?? 0, lastIndex));
    }
    return ends;
  }
}

/** What a node lacks to have applied so much of every group; undefined where nothing. */
export function lag(status: StatusView, ends: ReadonlyMap<number, number>): string | undefined {
  for (const [group, end] of ends) {
    const found = status.groups.find((each) => each.group === group);
    if (found === undefined || found.quarantined || found.lastApplied < end)
      return `group ${group} is at ${found?.lastApplied ?? 0} of ${end}`;
  }
  return undefined;
}

/** A node's log from an offset on. */
export class LogTail {
  private readonly file: string;
  private readonly from: number;

  constructor(node: ChildNode) {
    this.file = node.options.logFile;
    this.from = statSync(this.file).size;
  }

  includes(text: string): boolean {
    return readFileSync(this.file).subarray(this.from).includes(text);
  }
}

/** Where the compiled command line is: beside this file. */
export const BINARY: string = fileURLToPath(new URL('../cli/main.js', import.meta.url));
