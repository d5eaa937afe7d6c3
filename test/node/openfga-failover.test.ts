/**
 * The published OpenFGA SDK with its default retries against one node of a cluster whose leader is killed in the middle: no wrong
 * answer, and no write that reports an error though it was applied.
 */
import { join } from 'node:path';
import { OpenFgaClient } from '@openfga/sdk';
import { afterAll, expect, test } from 'vitest';
import { cleanUp, eventually, freePorts, start, temporary } from './support/vouch.ts';

interface Ready {
  readonly nodes: readonly { readonly id: string; readonly url: string; readonly pid: number }[];
  readonly leader: string;
}

const MODEL = {
  schema_version: '1.1',
  type_definitions: [
    { type: 'user' },
    {
      type: 'document',
      relations: { viewer: { this: {} } },
      metadata: { relations: { viewer: { directly_related_user_types: [{ type: 'user' }] } } },
    },
  ],
};
const WRITERS = 8;
const LOAD_MS = 12_000;

afterAll(cleanUp);

/** One client's tuple, written and deleted in turn: what it has to be after each acknowledged step is known. */
class Writer {
  readonly failures: string[] = [];
  readonly wrong: string[] = [];
  acknowledged: number = 0;
  private readonly fga: OpenFgaClient;
  private readonly tuple: { readonly user: string; readonly relation: string; readonly object: string };
  private present: boolean = false;

  constructor(fga: OpenFgaClient, number: number) {
    this.fga = fga;
    this.tuple = { user: `user:writer${number}`, relation: 'viewer', object: `document:${number}` };
  }

  async run(until: number): Promise<void> {
    while (Date.now() < until) {
      await this.step();
      await this.compare();
    }
  }

  private async step(): Promise<void> {
    const wanted = !this.present;
    try {
      await (wanted ? this.fga.write({ writes: [this.tuple] }) : this.fga.write({ deletes: [this.tuple] }));
      this.present = wanted;
      this.acknowledged += 1;
    } catch (error) {
      // It said that nothing was written: so it has to be as before.
      this.failures.push(String(error));
    }
  }

  private async compare(): Promise<void> {
    let allowed: boolean | undefined;
    try {
      allowed = (await this.fga.check(this.tuple)).allowed;
    } catch (error) {
      this.failures.push(String(error));
      return;
    }
    if (allowed !== this.present) this.wrong.push(`${this.tuple.object} is ${allowed}, and was left ${this.present}`);
  }
}

test('a leader is killed under the load of eight clients', { timeout: 120_000 }, async () => {
  const port = await freePorts(3);
  const up = start(['up', '--dir', join(temporary(), 'failover'), '--port', String(port), '--json']);
  await eventually(`ready; stderr: ${up.stderr()}`, () => up.stdout().includes('\n'), 40_000);
  const ready = JSON.parse(up.stdout()) as Ready;
  const leader = ready.nodes.find(({ id }) => id === ready.leader);
  const gateway = ready.nodes.find(({ id }) => id !== ready.leader);
  if (leader === undefined || gateway === undefined) throw new Error('the cluster has a leader and others');

  const admin = new OpenFgaClient({ apiUrl: gateway.url });
  const { id: storeId } = await admin.createStore({ name: 'failover' });
  const made = new OpenFgaClient({ apiUrl: gateway.url, storeId });
  const { authorization_model_id: authorizationModelId } = await made.writeAuthorizationModel(MODEL);
  const fga = new OpenFgaClient({ apiUrl: gateway.url, storeId, authorizationModelId });

  const writers = Array.from({ length: WRITERS }, (_, number) => new Writer(fga, number));
  const until = Date.now() + LOAD_MS;
  const load = Promise.all(writers.map((writer) => writer.run(until)));
  await new Promise((resolve) => setTimeout(resolve, LOAD_MS / 4));
  const before = writers.reduce((sum, { acknowledged }) => sum + acknowledged, 0);
  process.kill(leader.pid, 'SIGKILL');
  await load;

  expect(writers.flatMap(({ wrong }) => wrong)).toEqual([]);
  expect(writers.flatMap(({ failures }) => failures)).toEqual([]);
  // It went on behind the failover, and was under way before it.
  expect(before).toBeGreaterThan(WRITERS);
  expect(writers.every(({ acknowledged }) => acknowledged > 4)).toBe(true);
});
