/**
 * Power cuts under a whole node: production runtime, replica, WAL and FileDisk over the shadow layer. A client writes and
 * notes when it was answered; the directory is rebuilt as power loss at drawn moments would have left it, opened by a new
 * node, and asked for everything that had been answered by then. The WAL alone, kills and removed syncs: power-cut.test.ts.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { celConditions } from '../../core/authz/cel.ts';
import { neverBuggify } from '../../core/capability.ts';
import type { ClientRequest, ClientResult } from '../../core/client/protocol.ts';
import { NEWEST } from '../../core/client/protocol.ts';
import { Outbox } from '../../core/codec/outbox.ts';
import type { Effect } from '../../core/effect.ts';
import type { ClusterId, GroupId, Micros, NodeId, OrganizationId, VaultId } from '../../core/ids.ts';
import { Random } from '../../core/random.ts';
import { createDirectory, IDENTITY_FILE } from '../../core/replica/directory.ts';
import { foundingManifest, type Manifest } from '../../core/replica/manifest.ts';
import { Replica } from '../../core/replica/replica.ts';
import { FileDisk } from '../../node/disk/file-disk.ts';
import { type FileSystem, operatingSystem } from '../../node/disk/file-system.ts';
import { systemEntropy } from '../../node/entropy.ts';
import { nativeHasher } from '../../node/hasher.ts';
import { Runtime } from '../../node/runtime.ts';
import { Shadow } from './shadow.ts';

const GROUP = 0 as GroupId;
const DATA = 1 as GroupId;
const VAULT = '01HZX3NDEKTSV4RRFFQ69G5FAV' as VaultId;
const ORGANIZATION = '01HZX3NDEKTSV4RRFFQ69G5FAW' as OrganizationId;
const TIMING = { electionTimeoutMinMicros: 5000, electionTimeoutMaxMicros: 9000, heartbeatMicros: 1000 };
/** Small, so that every life rotates. */
const SEGMENT_BYTES = 16 * 1024;
const LIVES = 10;
const CUTS_PER_LIFE = 100;
const WRITERS = 4;
const WRITES_PER_WRITER = 25;

const scratch: string = mkdtempSync(join(tmpdir(), 'vouch-power-cut-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const withoutDevice: FileSystem = {
  ...operatingSystem,
  sync: (_descriptor, _site, done) => done(null),
  syncDirectory: (_path, _site, done) => done(null),
};

function options(random: Random): Parameters<typeof Replica.open>[2] {
  const seed = [random.u32(), random.u32(), random.u32(), random.u32()] as const;
  return {
    hasher: nativeHasher,
    conditions: celConditions,
    entropy: systemEntropy,
    seed,
    buggify: neverBuggify,
    timing: TIMING,
    segmentBytes: SEGMENT_BYTES,
  };
}

function manifestOf(id: NodeId): Manifest {
  const voters = [id];
  return foundingManifest({
    cluster: 'c'.repeat(32) as ClusterId,
    founders: [{ id, address: '127.0.0.1:1' }],
    groups: [
      { group: GROUP, voters },
      { group: DATA, voters },
    ],
  });
}

interface Acknowledged {
  readonly position: number;
  readonly key: string;
}

/** A node that lives from an empty directory until its clients are done. */
async function live(shadow: Shadow, random: Random): Promise<readonly Acknowledged[]> {
  const disk = await FileDisk.open(shadow.directory, { fileSystem: shadow.session().files });
  const { id, ops } = createDirectory(systemEntropy);
  await disk.execute(ops);
  const clocks = { now: 1 as Micros, wall: (Date.now() * 1000) as Micros };
  const { replica, effects } = Replica.open(disk, clocks, options(random));
  const fatal = (code: string, detail: string): never => {
    throw new Error(`${code}: ${detail}`);
  };
  const runtime = new Runtime(replica, effects, {
    outbox: new Outbox({ sender: id, cluster: () => replica.manifest()?.cluster }),
    disk,
    peers: { send: () => undefined },
    onNodeFatal: fatal,
    onGroupFatal: (_group, code, detail) => fatal(code, detail),
    onAlarm: (_group, code, detail) => fatal(code, detail),
  });
  runtime.give({ kind: 'bootstrap', manifest: manifestOf(id) });
  const acknowledged: Acknowledged[] = [];
  const ask = (body: ClientRequest): Promise<ClientResult> => new Promise((done) => runtime.request(body, done));
  const insist = async <K extends ClientResult['kind']>(
    body: ClientRequest,
    kind: K,
  ): Promise<Extract<ClientResult, { kind: K }>> => {
    for (;;) {
      const result = await ask(body);
      if (result.kind === kind) return result as Extract<ClientResult, { kind: K }>;
      await new Promise((later) => setTimeout(later, 1));
    }
  };
  const createVault = async (): Promise<void> => {
    const { session } = await insist({ kind: 'openSession', group: DATA }, 'session');
    const command = { session, sequence: 1, lowestUnanswered: 1 };
    await insist({ kind: 'createVault', group: DATA, command, organization: ORGANIZATION, vault: VAULT }, 'vaultCreated');
  };
  const write = async (writer: number): Promise<void> => {
    const { session } = await insist({ kind: 'openSession', group: DATA }, 'session');
    const ref = (sequence: number) => ({ session, sequence, lowestUnanswered: sequence });
    for (let i = 0; i < WRITES_PER_WRITER; i += 1) {
      const key = `${writer}/${i}`;
      const value = new Uint8Array(random.below(600));
      const operation = { op: 'setEntity', key, value, expiresAt: 0, condition: undefined } as const;
      const transaction = { actor: '', reason: '', operations: [operation] };
      const body = {
        kind: 'transact',
        group: DATA,
        command: ref(1 + i),
        organization: ORGANIZATION,
        vault: VAULT,
        transaction,
        model: undefined,
        proof: false,
      } as const;
      const { outcome } = await insist(body, 'transacted');
      expect(outcome.ok).toBe(true);
      acknowledged.push({ position: shadow.position, key });
    }
  };
  await createVault();
  await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));
  runtime.stop();
  await disk.close();
  return acknowledged;
}

/** A new node on a rebuilt directory, driven until it has applied what it can commit. @returns the keys it holds. */
async function survivors(path: string, keys: readonly string[], random: Random): Promise<readonly boolean[]> {
  const disk = await FileDisk.open(path, { fileSystem: withoutDevice });
  let now = 1;
  const clocks = (): { now: Micros; wall: Micros } => ({ now: now as Micros, wall: 1_800_000_000_000_000 as Micros });
  const { replica, effects } = Replica.open(disk, clocks(), options(random));
  const queue: Effect[] = [...effects];
  const led = (): boolean => replica.group(DATA)?.raft.status().ownTermCommitted === true && replica.nextDeadline() > now;
  for (let steps = 0; steps < 10_000 && !led(); steps += 1) {
    const effect = queue.shift();
    if (effect?.kind === 'fatal') throw new Error(effect.detail);
    if (effect?.kind === 'persist') {
      await disk.execute(effect.ops);
      queue.push(...replica.step({ ...clocks(), kind: 'persisted', seq: effect.seq }));
    } else if (effect === undefined) {
      now = Math.max(now, replica.nextDeadline());
      queue.push(...replica.step({ ...clocks(), kind: 'deadline' }));
    }
  }
  expect(led()).toBe(true);
  const group = replica.group(DATA);
  const query = (key: string): boolean => {
    const result = group?.state.query({
      kind: 'query',
      group: DATA,
      organization: ORGANIZATION,
      vault: VAULT,
      query: { kind: 'entity', key },
      consistency: 'eventual',
      at: NEWEST,
      proof: false,
    });
    return result?.kind === 'entity' && result.value !== undefined;
  };
  const found = keys.map(query);
  await disk.close();
  return found;
}

describe('power cuts under a whole node', () => {
  test(`at ${LIVES * CUTS_PER_LIFE} cuts, nothing that was answered is lost`, { timeout: 240_000 }, async () => {
    const random = Random.stream([7, 7, 7, 7], 'power-cut-node');
    const below = (bound: number): number => random.below(bound);
    let checked = 0;
    for (let life = 0; life < LIVES; life += 1) {
      const shadow = new Shadow(join(scratch, `life-${life}`));
      const acknowledged = await live(shadow, random);
      expect(acknowledged).toHaveLength(WRITERS * WRITES_PER_WRITER);
      const first = acknowledged[0]?.position ?? 0;
      for (let i = 0; i < CUTS_PER_LIFE; i += 1) {
        const cut = first + random.below(shadow.position - first + 1);
        const path = join(scratch, `cut-${life}-${i}`);
        shadow.rebuild(cut, below, path);
        expect(operatingSystem.size(join(path, IDENTITY_FILE))).toBeDefined();
        const keys = acknowledged.filter((ack) => ack.position <= cut).map((ack) => ack.key);
        const found = await survivors(path, keys, random);
        const lost = keys.filter((_, at) => found[at] !== true);
        expect(lost, `life ${life}, cut before call ${cut}`).toEqual([]);
        checked += keys.length;
        rmSync(path, { recursive: true, force: true });
      }
    }
    expect(checked).toBeGreaterThan(LIVES * CUTS_PER_LIFE * 10);
  });
});
