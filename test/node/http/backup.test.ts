/** The backup's routes over a source that is scripted: pace, an early end, and what is refused before it flows. */
import { pino } from 'pino';
import { afterAll, describe, expect, test } from 'vitest';
import type { ClientResult } from '../../../core/client/protocol.ts';
import type { ExportAsk, ExportPiece } from '../../../core/effect.ts';
import { type ClusterId, GLOBAL_GROUP, type GroupId, type LogIndex, type NodeId, type RequestId } from '../../../core/ids.ts';
import { foundingManifest, type Manifest } from '../../../core/replica/manifest.ts';
import { encodeSnapshotHeader } from '../../../core/snapshot/file.ts';
import { BackupSource } from '../../../node/backup/cluster-stream.ts';
import type { NodeControl } from '../../../node/control.ts';
import { Gateway } from '../../../node/http/gateway.ts';
import { Ledger } from '../../../node/ledger.ts';
import { NodeMetrics } from '../../../node/metrics.ts';

const NODE = 'a'.repeat(32) as NodeId;
const CLUSTER = 'c'.repeat(32) as ClusterId;
const MANIFEST: Manifest = foundingManifest({
  cluster: CLUSTER,
  founders: [{ id: NODE, address: '127.0.0.1:7400' }],
  groups: [0, 1].map((group) => ({ group: group as GroupId, voters: [NODE] })),
});

type Answer = ExportPiece | Extract<ClientResult, { kind: 'error' }>;
const gateways: Gateway[] = [];
afterAll(() => Promise.all(gateways.map((gateway) => gateway.app.close())));

function error(code: 'quarantined' | 'unavailable' | 'group_missing', message: string): Answer {
  return { kind: 'error', code, message, leader: undefined, retryAfterMs: 0 };
}

function header(group: number): Uint8Array {
  return encodeSnapshotHeader({ group: group as GroupId, index: 7 as LogIndex });
}

/** A gateway whose replica answers exports by the script. */
function serve(script: (group: GroupId, ask: ExportAsk) => Answer, quarantined: readonly number[] = []) {
  const asked: string[] = [];
  let ids = 0;
  const groups = [0, 1].map((group) => ({ group: group as GroupId, quarantined: quarantined.includes(group) }));
  const status = { node: NODE, cluster: CLUSTER, members: [], removed: false, groups, droppedFrames: 0 };
  const backup = new BackupSource({
    self: NODE,
    runtime: {
      newExport: () => {
        ids += 1;
        return ids as RequestId;
      },
      export: async (_id, group, ask) => {
        asked.push(`${ask} ${group}`);
        return script(group, ask);
      },
      endExport: (_id, group) => void asked.push(`end ${group}`),
    },
    status: () => status as unknown as ReturnType<NodeControl['status']>,
    manifest: () => MANIFEST,
    version: () => '0.1.0',
    isEncrypted: false,
    trouble: () => undefined,
  });
  const gateway = new Gateway({
    ledger: new Ledger(() => Promise.reject(new Error('not asked'))),
    metrics: new NodeMetrics(() => status as never),
    log: pino({ level: 'silent' }),
    control: { backup } as unknown as NodeControl,
  });
  gateways.push(gateway);
  return { asked, app: gateway.app };
}

async function listening(
  script: (group: GroupId, ask: ExportAsk) => Answer,
): Promise<{ readonly url: string; readonly asked: string[] }> {
  const { app, asked } = serve(script);
  return { url: await app.listen({ host: '127.0.0.1', port: 0 }), asked };
}

describe('GET /v1/backup', () => {
  test('asks for a piece only when the last is gone, and for no more once the client is', async () => {
    const large = { bytes: new Uint8Array(1 << 20), last: false };
    const { url, asked } = await listening((group, ask) => (ask === 'begin' ? { bytes: header(group), last: false } : large));
    const leaving = new AbortController();
    const response = await fetch(`${url}/v1/backup`, { signal: leaving.signal });
    expect(response.headers.get('content-type')).toBe('application/octet-stream');
    const reader = response.body?.getReader();
    await reader?.read();
    await new Promise((resolve) => setTimeout(resolve, 300));
    const whileWaiting = asked.length;
    expect(whileWaiting).toBeLessThan(40); // what sockets hold on both sides, not a gigabyte
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(asked.length).toBe(whileWaiting);
    leaving.abort();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(asked.at(-1)).toBe('end 0');
  });

  test('does not hold up the end of the node where the client reads no further', async () => {
    const { app, asked } = serve((_group, ask) => ({
      bytes: ask === 'begin' ? header(0) : new Uint8Array(1 << 20),
      last: false,
    }));
    const url = await app.listen({ host: '127.0.0.1', port: 0 });
    const reader = (await fetch(`${url}/v1/backup`)).body?.getReader();
    await reader?.read();
    await app.close();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(asked.at(-1)).toBe('end 0');
    const readOn = async (): Promise<void> => {
      while ((await reader?.read())?.done === false);
    };
    await expect(readOn()).rejects.toThrow('terminated');
  });

  test('is refused before it flows where a group is quarantined, by its name', async () => {
    const { app } = serve(() => error('quarantined', ''), [1]);
    const answer = await app.inject({ method: 'GET', url: '/v1/backup' });
    expect(answer.statusCode).toBe(503);
    expect(answer.json()).toMatchObject({
      code: 'group_quarantined',
      message: expect.stringContaining('Group 1 is quarantined'),
    });
  });

  test('ends with a reason where a group fails on the way', async () => {
    const { app, asked } = serve((group) =>
      group === GLOBAL_GROUP ? { bytes: header(0), last: true } : error('group_missing', 'it went away'),
    );
    const answer = await app.inject({ method: 'GET', url: '/v1/backup' });
    expect(answer.statusCode).toBe(200);
    expect(answer.body).toContain('Group 1: it went away');
    expect(asked).toEqual(['begin 0', 'begin 1']);
  });

  test('waits for a leader that is being elected', async () => {
    let tries = 0;
    const { app } = serve((group) => {
      tries += 1;
      return tries < 3 ? error('unavailable', 'No leader confirmed the read in time.') : { bytes: header(group), last: true };
    });
    expect((await app.inject({ method: 'GET', url: '/v1/backup' })).statusCode).toBe(200);
    expect(tries).toBe(4);
  });
});

test('one group is had by its number, and nothing else is one', async () => {
  const { app } = serve((group) => ({ bytes: header(group), last: true }));
  const answer = await app.inject({ method: 'GET', url: '/v1/backup/groups/1' });
  expect(new Uint8Array(answer.rawPayload)).toEqual(header(1));
  for (const group of ['x', '-1', '01', '4294967296', '1e3']) {
    const refused = await app.inject({ method: 'GET', url: `/v1/backup/groups/${group}` });
    expect([group, refused.statusCode, refused.json().code]).toEqual([group, 400, 'validation_error']);
  }
});
