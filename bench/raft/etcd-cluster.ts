/**
 * Three etcd members on loopback, as Debian packages them, under h2load with fixed gRPC bodies: its client libraries would be
 * the limit. Every client is one connection with one request that waits for its answer, all of them to the leader.
 */
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { putBody, rangeBody, transactionBody } from './grpc-bodies.ts';
import { type Figure, keyOf, type Load, TRANSACTION_WRITES, VALUE, type Work } from './workload.ts';

const CLIENT_PORT = 23_790;
const PEER_PORT = 23_890;
const START_MS = 20_000;
const run = promisify(execFile);

const METHODS: Readonly<Record<Work, string>> = { write: 'Put', transaction: 'Txn', read: 'Range' };

/** What is missing on this machine; undefined where everything is there. */
export function missingTool(): string | undefined {
  for (const [tool, debian] of [
    ['etcd', 'etcd-server'],
    ['h2load', 'nghttp2-client'],
  ] as const) {
    try {
      execFileSync(tool, ['--version'], { stdio: 'ignore' });
    } catch {
      return `${tool} (Debian: ${debian})`;
    }
  }
  return undefined;
}

export class EtcdCluster {
  private readonly directory: string = mkdtempSync(join(tmpdir(), 'etcd-bench-'));
  private readonly members: ChildProcess[] = [];
  private leader: string = '';

  async up(): Promise<void> {
    const names = [0, 1, 2];
    const peers = names.map((i) => `m${i}=http://127.0.0.1:${PEER_PORT + i}`).join(',');
    for (const i of names) {
      const client = `http://127.0.0.1:${CLIENT_PORT + i}`;
      const peer = `http://127.0.0.1:${PEER_PORT + i}`;
      const args = ['--name', `m${i}`, '--data-dir', join(this.directory, `m${i}`), '--initial-cluster', peers];
      args.push('--listen-client-urls', client, '--advertise-client-urls', client);
      args.push('--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer);
      this.members.push(spawn('etcd', args, { stdio: 'ignore' }));
    }
    this.leader = await this.findLeader();
    this.prepare();
    await this.measure({ work: 'transaction', clients: 1, seconds: 1 });
  }

  async down(): Promise<void> {
    const ended = this.members.map((member) => new Promise((resolve) => member.once('close', resolve)));
    for (const member of this.members) member.kill('SIGTERM');
    await Promise.all(ended);
    rmSync(this.directory, { recursive: true, force: true });
  }

  async measure({ work, clients, seconds }: Load): Promise<Figure> {
    const args = ['-D', String(seconds), '--warm-up-time', '1', '-c', String(clients), '-m', '1', '-t', '1'];
    args.push('-d', join(this.directory, work), '-H', 'content-type: application/grpc', '-H', 'te: trailers');
    const { stdout } = await run('h2load', [...args, `${this.leader}/etcdserverpb.KV/${METHODS[work]}`]);
    const requests = Number(/(\d+) succeeded/.exec(stdout)?.[1] ?? Number.NaN);
    const mean = /time for request:\s+\S+\s+\S+\s+(\S+)/.exec(stdout)?.[1] ?? '';
    if (!(requests > 0)) throw new Error(`h2load did not succeed:\n${stdout}`);
    return { perSecond: requests / seconds, latencyMicros: Math.round(microsOf(mean)) };
  }

  private prepare(): void {
    const writes = Array.from({ length: TRANSACTION_WRITES }, (_, i) => ({ key: keyOf(i), value: VALUE }));
    const bodies = { write: putBody(keyOf(0), VALUE), transaction: transactionBody(writes), read: rangeBody(keyOf(0)) };
    for (const [work, body] of Object.entries(bodies)) writeFileSync(join(this.directory, work), body);
  }

  /** By the JSON gateway of each member, until one says that it leads. */
  private async findLeader(): Promise<string> {
    const until = performance.now() + START_MS;
    while (performance.now() < until) {
      for (let i = 0; i < 3; i += 1) {
        const url = `http://127.0.0.1:${CLIENT_PORT + i}`;
        const status = await statusOf(url);
        if (status !== undefined && status.leader === status.header.member_id) return url;
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error('etcd has no leader');
  }
}

interface EtcdStatus {
  readonly leader: string;
  readonly header: { readonly member_id: string };
}

async function statusOf(url: string): Promise<EtcdStatus | undefined> {
  try {
    const response = await fetch(`${url}/v3/maintenance/status`, { method: 'POST', body: '{}' });
    return response.ok ? ((await response.json()) as EtcdStatus) : undefined;
  } catch {
    return undefined;
  }
}

/** h2load's durations: 819us, 1.20ms, 2.1s. */
function microsOf(text: string): number {
  const match = /^([\d.]+)(us|ms|s)$/.exec(text);
  const factor = { us: 1, ms: 1000, s: 1_000_000 }[(match?.[2] ?? 'us') as 'us' | 'ms' | 's'];
  return Number(match?.[1] ?? Number.NaN) * factor;
}
