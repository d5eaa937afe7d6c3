/** The processes of a real run with their relays: made, waited for, and taken down. */
import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import type { GroupId } from '../../core/ids.ts';
import { makeDirectory } from '../local/make-directory.ts';
import { type StatusView, statusOf } from '../local/operator-client.ts';
import { portProblem } from '../port-probe.ts';
import type { DeathKind } from './orders.ts';
import { RealNode } from './real-node.ts';
import { Relay } from './relay.ts';
import { StatusWatch } from './status-watch.ts';
import { STRANGER, type Wires } from './wires.ts';

const POLL_MS = 50;
const PORT_MIN = 20_000;
const PORTS = 10_000;
/** A machine that also runs a test suite starts five nodes in many seconds. */
const START_MS = 60_000;

export interface RealClusterOptions {
  /** Path of what runs as a node: the compiled command line, or one with a planted bug. */
  readonly binary: string;
  /** Path of the compiled command line. */
  readonly commands: string;
  readonly directory: string;
  readonly nodes: number;
  readonly groups: number;
  /** Further options of `vouch start`. */
  readonly flags: readonly string[];
  readonly wires: Wires;
  /** What each sync of a disk takes, milliseconds. */
  readonly syncMs: number;
  /** Seeds what each life loses where it is cut off from power. */
  readonly drawSeed: (node: number) => number;
  readonly events: {
    died(node: number, how: DeathKind): void;
    restarted(node: number): void;
    endedByItself(node: number, how: string): void;
    /** It serves a group no more: it met what must not be. */
    quarantined(node: number, group: GroupId): void;
  };
}

/** The cluster did not come up, or back. message: what is missing. */
export class NotThere extends Error {
  override readonly name: string = 'NotThere';
}

export class RealCluster {
  readonly nodes: readonly RealNode[];
  readonly watch: StatusWatch;
  private readonly options: RealClusterOptions;
  private readonly relays: readonly Relay[];

  private constructor(options: RealClusterOptions, nodes: readonly RealNode[], relays: readonly Relay[]) {
    this.options = options;
    this.nodes = nodes;
    this.relays = relays;
    this.watch = new StatusWatch(nodes, (node, group) => options.events.quarantined(node, group));
  }

  /** Relays listen, nothing runs yet. */
  static async make(options: RealClusterOptions): Promise<RealCluster> {
    const { binary, directory, nodes: count, flags, wires, syncMs, drawSeed, events } = options;
    makeDirectory(directory);
    const ports = await freePorts(count);
    const relays: Relay[] = [];
    const nodeAt = (address: string): number => {
      const index = relays.findIndex((relay) => relay.address === address);
      return index < 0 ? STRANGER : index;
    };
    for (const [index, port] of ports.entries())
      relays.push(await Relay.listen({ index, target: `127.0.0.1:${port}`, wires, nodeAt }));
    const known = relays.map((relay) => relay.address);
    const nodes = ports.map((port, index) => {
      const name = `node-${index + 1}`;
      const child = {
        ...{ binary, name, flags, address: `127.0.0.1:${port}`, advertise: known[index] as string },
        data: join(directory, name),
        join: known.filter((_, other) => other !== index),
        logFile: join(directory, `${name}.log`),
      };
      return new RealNode(
        child,
        { syncMs, drawSeed: () => drawSeed(index) },
        {
          died: (how) => events.died(index, how),
          restarted: () => events.restarted(index),
          endedByItself: (how) => events.endedByItself(index, how),
        },
      );
    });
    return new RealCluster(options, nodes, relays);
  }

  /** HOST:PORT of the relays. */
  get endpoints(): readonly string[] {
    return this.relays.map((relay) => relay.address);
  }

  /** Starts everything and makes the cluster. @throws NotThere */
  async up(): Promise<void> {
    for (const node of this.nodes) node.start();
    await this.until('the nodes start', START_MS, (fresh) => {
      const missing = fresh.indexOf(undefined);
      return missing < 0 ? undefined : `${this.names[missing]} does not answer`;
    });
    await this.init();
    await this.converged('the nodes become one cluster', START_MS);
    this.watch.start();
  }

  /** Waits until all nodes serve and hold the same. @throws NotThere */
  converged(what: string, timeoutMs: number): Promise<void> {
    return this.until(what, timeoutMs, (fresh) => StatusWatch.missing(fresh, this.names));
  }

  async down(): Promise<void> {
    this.watch.stop();
    await Promise.all(this.nodes.map((node) => node.end()));
    await Promise.all(this.relays.map((relay) => relay.close()));
  }

  private get names(): readonly string[] {
    return this.nodes.map((node) => node.child.options.name);
  }

  private async until(
    what: string,
    timeoutMs: number,
    missing: (fresh: readonly (StatusView | undefined)[]) => string | undefined,
  ): Promise<void> {
    const end = performance.now() + timeoutMs;
    for (;;) {
      const why = missing(await Promise.all(this.nodes.map((node) => statusOf(node.child.url))));
      if (why === undefined) return;
      if (performance.now() > end) throw new NotThere(`not within ${timeoutMs / 1000} s: ${what} (${why})`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  private async init(): Promise<void> {
    const { commands, nodes, groups } = this.options;
    const first = this.nodes[0] as RealNode;
    const args = [commands, 'init', '--host', first.child.options.address, '--expect', String(nodes), '--groups', String(groups)];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let complaint = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaint += text;
    });
    const status = await new Promise<number | null>((resolve) => child.once('close', resolve));
    if (status !== 0) throw new NotThere(`vouch init failed: ${complaint.trim()}`);
  }
}

/** Below the range from which the system takes ports for connections: a node that is down must find its own free when it comes back. */
async function freePorts(count: number): Promise<readonly number[]> {
  const ports: number[] = [];
  for (let port = PORT_MIN + randomInt(PORTS); ports.length < count; port += 1) {
    if ((await portProblem({ host: '127.0.0.1', port })) === undefined) ports.push(port);
  }
  return ports;
}
