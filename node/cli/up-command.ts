/** `vouch up`: a local cluster of real processes in the foreground. What `npm start` runs. */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import type { NodeId } from '../../core/ids.ts';
import { LocalCluster, LocalClusterError } from '../local/local-cluster.ts';
import { statusOf } from '../local/operator-client.ts';
import { watchParent } from '../parent-watch.ts';
import { CliFailure, usageFailure } from './failure.ts';
import { print, printJson, say } from './output.ts';

interface UpOptions {
  readonly nodes: string;
  readonly dir: string;
  readonly port: string;
  readonly json?: boolean;
  readonly keyFile?: string;
}

const NODES_MAX = 9;

export function addUpCommand(program: Command): void {
  program
    .command('up')
    .description('run a local cluster of real processes until Ctrl-C; its data stays and is found again')
    .option('--nodes <n>', 'how many nodes a new cluster gets', '3')
    .option('--dir <dir>', 'where data and logs are kept', './.vouch')
    .option('--port <port>', 'port of the first node of a new cluster; the others follow', '7400')
    .option(
      '--key-file <file>',
      'encrypt the nodes’ data under the master key in this file (or the key itself in VOUCH_MASTER_KEY)',
    )
    .option('--json', 'print one JSON line when ready: {nodes:[{id,url,pid,data}], leader}')
    .addHelpText('after', '\nExample:\n  vouch up --nodes 5 --dir ./try --port 7500')
    .action(up);
}

function whole(text: string, flag: string, max: number): number {
  const value = /^[0-9]{1,5}$/.test(text) ? Number(text) : 0;
  if (value < 1 || value > max) throw usageFailure(`${flag} is a whole number from 1 to ${max}, not "${text}".`);
  return value;
}

async function up(options: UpOptions): Promise<void> {
  const nodes = whole(options.nodes, '--nodes', NODES_MAX);
  const port = whole(options.port, '--port', 65_535 - NODES_MAX);
  const binary = fileURLToPath(new URL('./main.js', import.meta.url));
  const keyFile = options.keyFile === undefined ? undefined : resolve(options.keyFile);
  const cluster = new LocalCluster({ binary, directory: resolve(options.dir), nodes, port, keyFile });
  warnOfIgnored(cluster, { nodes, port });
  const ended = stopOnSignals(cluster);
  try {
    const leader = await cluster.up();
    await announce(cluster, leader, options);
  } catch (error) {
    if (ended.begun()) return ended.promise;
    await cluster.down();
    throw error instanceof LocalClusterError ? new CliFailure(error.message) : error;
  }
  cluster.onNodeExit = (node, how) => {
    say(`${node.options.name} ended: ${how}`);
    if (cluster.nodes.some((other) => other.running)) return;
    say('vouch: All nodes have ended.');
    process.exitCode = 1;
    ended.begin();
  };
  await ended.promise;
}

/** A cluster that is there keeps its size and its ports. */
function warnOfIgnored(cluster: LocalCluster, asked: { readonly nodes: number; readonly port: number }): void {
  const address = cluster.nodes[0]?.options.address ?? '';
  if (!cluster.found || (cluster.nodes.length === asked.nodes && address.endsWith(`:${asked.port}`))) return;
  say(`The cluster found has ${cluster.nodes.length} nodes from ${address} on; --nodes and --port count for a new one.`);
}

interface Ending {
  readonly promise: Promise<void>;
  readonly begun: () => boolean;
  readonly begin: () => void;
}

/** Ctrl-C, SIGTERM, a closed terminal and the end of our parent (npm) all stop the nodes, once. */
function stopOnSignals(cluster: LocalCluster): Ending {
  let begun = false;
  let finish: () => void = () => undefined;
  const promise = new Promise<void>((resolvePromise) => {
    finish = resolvePromise;
  });
  const begin = (): void => {
    if (begun) return;
    begun = true;
    cluster.down().then(finish, finish);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, begin);
  watchParent(process.ppid, begin);
  return { promise, begun: () => begun, begin };
}

async function announce(cluster: LocalCluster, leader: NodeId, options: UpOptions): Promise<void> {
  const nodes: { id: string; url: string; pid: number; data: string }[] = [];
  for (const node of cluster.nodes) {
    const status = await statusOf(node.url);
    if (status === undefined || node.pid === undefined) throw new LocalClusterError(`${node.options.name} stopped answering.`);
    nodes.push({ id: status.node, url: node.url, pid: node.pid, data: node.options.data });
  }
  if (options.json) return printJson({ nodes, leader });
  print('Vouch is ready.');
  for (const node of nodes) print(`  ${node.url}  ${node.data}${node.id === leader ? '  (leader)' : ''}`);
  for (const line of tryNext(nodes[0]?.url ?? '')) print(line);
}

/** Three commands that work as they stand, in a clone and where `vouch` is installed. */
function tryNext(url: string): readonly string[] {
  const vouch = process.env.npm_lifecycle_event === 'start' ? 'npx vouch' : 'vouch';
  const host = url === 'http://127.0.0.1:7400' ? '' : ` --host ${url.replace('http://', '')}`;
  return [
    '',
    'Try next, in another terminal:',
    `  ${vouch} vault create docs${host} && ${vouch} tuple write --vault docs document:1#viewer@user:anne${host}`,
    `  ${vouch} check --vault docs document:1#viewer@user:anne --proof answer.json${host} && ${vouch} verify answer.json`,
    `  ${vouch} sim run split-brain --seed 7`,
    '',
    'Ctrl-C stops the nodes; the data stays.',
  ];
}
