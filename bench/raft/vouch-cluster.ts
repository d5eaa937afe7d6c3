/** Three real nodes of Vouch on loopback with a vault, and what their metrics say of the work. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { connect, type VouchClient } from '../../net/client/public.ts';
import { LocalCluster } from '../../node/local/local-cluster.ts';
import { type Figure, keyOf, type Load, VALUE } from './workload.ts';

const PORT = 7660;
const KEYS_FILLED = 1000;
const run = promisify(execFile);
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Counters of the whole cluster. */
export interface Counters {
  readonly syncs: number;
  readonly frames: number;
  /** Of the processor, by all nodes. */
  readonly cpuSeconds: number;
}

export class VouchCluster {
  private readonly directory: string = mkdtempSync(join(tmpdir(), 'vouch-bench-'));
  private readonly cluster: LocalCluster;

  /** @param environment of its nodes. @param port the first of three */
  constructor(environment: Readonly<Record<string, string>> = {}, port: number = PORT) {
    const binary = here('../../node/cli/main.js');
    this.cluster = new LocalCluster({ binary, directory: this.directory, nodes: 3, port, environment });
  }

  private get endpoints(): readonly string[] {
    return this.cluster.nodes.map((node) => node.options.address);
  }

  async up(): Promise<void> {
    await this.cluster.up();
    const client = await this.connect();
    await client.createOrganization('bench');
    const vault = await client.createVault('main');
    for (let i = 0; i < KEYS_FILLED; i += 100) {
      await vault.transact(
        Array.from({ length: 100 }, (_, k) => ({
          op: 'setEntity',
          key: keyOf(i + k),
          value: VALUE,
          expiresAt: 0,
          condition: undefined,
        })),
      );
    }
    await client.close();
  }

  connect(): Promise<VouchClient> {
    return connect({ endpoints: this.endpoints, organization: 'bench' });
  }

  /** Hands the group's leadership to the voter that is best prepared. */
  async transfer(group: number): Promise<void> {
    const response = await fetch(`http://${this.endpoints[0]}/v1/transfer`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ group }),
    });
    if (!response.ok) throw new Error(await response.text());
  }

  async down(): Promise<void> {
    await this.cluster.down();
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** The load comes from a process of its own. */
  async measure({ work, clients, seconds }: Load): Promise<Figure> {
    const { stdout } = await run(process.execPath, [
      here('./load.js'),
      this.endpoints.join(','),
      work,
      String(clients),
      String(seconds),
    ]);
    return JSON.parse(stdout) as Figure;
  }

  async counters(): Promise<Counters> {
    const texts = await Promise.all(this.cluster.nodes.map(async (node) => (await fetch(`${node.url}/metrics`)).text()));
    const sum = (pattern: RegExp): number =>
      texts.reduce((total, text) => [...text.matchAll(pattern)].reduce((each, match) => each + Number(match[1]), total), 0);
    return {
      syncs: sum(/^vouch_persist_seconds_count (\S+)$/gm),
      cpuSeconds: sum(/^process_cpu_seconds_total (\S+)$/gm),
      frames: sum(/^vouch_peer_frames_total\{[^}]*direction="sent"[^}]*\} (\S+)$/gm),
    };
  }
}
