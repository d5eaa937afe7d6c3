/** Several nodes on loopback with data below one directory: made once with `vouch start` and `vouch init`, found again later. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { NodeId } from '../../core/ids.ts';
import { CLUSTER_FILE } from '../../core/replica/directory.ts';
import { parseAddress } from '../config/address.ts';
import { type NodeFile, readNodeFile } from '../node-file.ts';
import { portProblem } from '../port-probe.ts';
import { ChildNode } from './child-node.ts';
import { makeDirectory } from './make-directory.ts';
import { mainGroup, type StatusView, waitForStatus } from './operator-client.ts';

/** Generous: a machine that also runs a test suite may take ten times as long as an idle one. */
const START_MS = 60_000;
const READY_MS = 60_000;
const STOP_MS = 10_000;

export interface LocalClusterOptions {
  readonly binary: string;
  readonly directory: string;
  readonly nodes: number;
  /** The first node's port; the others follow. */
  readonly port: number;
  /** Data groups of a new cluster. Default: what `vouch init` takes. */
  readonly groups?: number;
  /** The master key's file, where the data of the nodes is encrypted. */
  readonly keyFile?: string | undefined;
  /** Variables of the environment of every node. */
  readonly environment?: Readonly<Record<string, string>> | undefined;
}

/** What went wrong, in one sentence. */
export class LocalClusterError extends Error {
  override readonly name: string = 'LocalClusterError';
}

export class LocalCluster {
  readonly nodes: readonly ChildNode[];
  /** Whether the directory held a cluster already; then it decides how many nodes there are and where they listen. */
  readonly found: boolean;
  /** Told when a node ends on its own. */
  onNodeExit: ((node: ChildNode, how: string) => void) | undefined = undefined;
  private readonly options: LocalClusterOptions;
  private failed: string | undefined = undefined;
  private stopped: boolean = false;

  constructor(options: LocalClusterOptions) {
    this.options = options;
    const known = existing(options.directory);
    this.found = known.some(({ isMember }) => isMember);
    // Without a cluster what is there is of a start that was interrupted: it is completed to what is asked for.
    const count = this.found ? known.length : Math.max(known.length, options.nodes);
    this.nodes = plan(
      options,
      known.map(({ file }) => file),
      count,
    );
    for (const node of this.nodes) {
      node.onUnexpectedExit = (how) => {
        this.failed ??= `${node.options.name} ended: ${how.replace(/^vouch: /, '')}`;
        this.onNodeExit?.(node, how);
      };
    }
  }

  /** Starts all nodes, makes the cluster where there is none, and waits until every node is ready. @returns the leader's id. */
  async up(): Promise<NodeId> {
    for (const node of this.nodes) await requireFreePort(node.options.address);
    this.makeDirectory();
    for (const node of this.nodes) node.start();
    const statuses: StatusView[] = [];
    for (const node of this.nodes) statuses.push(await this.wait(node, () => true, START_MS, 'did not start'));
    // Always the first one is asked to init, so whatever it knows is what there is.
    if (statuses[0]?.cluster === undefined) await this.init(this.nodes[0] as ChildNode);
    return this.ready();
  }

  /** Waits until every running node is ready. @returns the leader's id. */
  async ready(): Promise<NodeId> {
    let leader: NodeId | undefined;
    for (const node of this.nodes) {
      if (!node.running) continue;
      const status = await this.wait(node, (found) => found.not_ready.length === 0, READY_MS, 'did not become ready');
      leader = mainGroup(status)?.leader ?? leader;
    }
    if (leader === undefined) throw new LocalClusterError('No node runs.');
    return leader;
  }

  /** Stops all nodes; their data stays. */
  async down(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.nodes.map((node) => node.stop(STOP_MS)));
  }

  private makeDirectory(): void {
    const { directory } = this.options;
    try {
      makeDirectory(directory);
    } catch (error) {
      throw new LocalClusterError(
        `The directory ${directory} cannot be made: ${(error as Error).message}. Choose another one with --dir.`,
      );
    }
  }

  private async wait(
    node: ChildNode,
    holds: Parameters<typeof waitForStatus>[1],
    timeoutMs: number,
    what: string,
  ): Promise<StatusView> {
    const status = await waitForStatus(node.url, holds, {
      timeoutMs,
      cancelled: () => this.failed !== undefined || this.stopped,
    });
    if (this.failed !== undefined) throw new LocalClusterError(this.failed);
    if (this.stopped) throw new LocalClusterError('Stopped before the cluster was ready.');
    if (status === undefined)
      throw new LocalClusterError(`${node.options.name} ${what} in time; its log is ${node.options.logFile}.`);
    return status;
  }

  private async init(first: ChildNode): Promise<void> {
    const args = [this.options.binary, 'init', '--host', first.options.address, '--expect', String(this.nodes.length)];
    if (this.options.groups !== undefined) args.push('--groups', String(this.options.groups));
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let complaint = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaint += text;
    });
    const status = await new Promise<number | null>((resolve) => child.once('close', resolve));
    if (this.failed !== undefined) throw new LocalClusterError(this.failed);
    if (status !== 0) throw new LocalClusterError(complaint.trim().replace(/^vouch: /, '') || 'vouch init failed.');
  }
}

/** The nodes found below the directory, and new ones up to `count`. */
function plan(options: LocalClusterOptions, known: readonly (NodeFile | undefined)[], count: number): ChildNode[] {
  const addresses: string[] = [];
  for (let i = 0; i < count; i += 1) addresses.push(known[i]?.listen ?? `127.0.0.1:${options.port + i}`);
  return addresses.map((address, i) => {
    const name = `node-${i + 1}`;
    return new ChildNode({
      binary: options.binary,
      name,
      address,
      data: join(options.directory, name),
      join: addresses.filter((other) => other !== address),
      logFile: join(options.directory, `${name}.log`),
      keyFile: options.keyFile,
      environment: options.environment,
    });
  });
}

interface Existing {
  readonly file: NodeFile | undefined;
  /** Whether it belongs to a cluster. */
  readonly isMember: boolean;
}

function existing(directory: string): readonly Existing[] {
  if (!existsSync(directory)) return [];
  const found = readdirSync(directory).filter((name) => /^node-[1-9][0-9]*$/.test(name));
  return found.map((_, i) => {
    const data = join(directory, `node-${i + 1}`);
    return { file: readNodeFile(data), isMember: existsSync(join(data, CLUSTER_FILE)) };
  });
}

/** Fails with a sentence where something listens already. */
async function requireFreePort(address: string): Promise<void> {
  const parsed = parseAddress(address);
  const problem = parsed === undefined ? `"${address}" is not HOST:PORT` : await portProblem(parsed);
  if (problem === undefined) return;
  throw new LocalClusterError(`${problem}. Is a cluster running already? Stop it, or choose another port with --port.`);
}
