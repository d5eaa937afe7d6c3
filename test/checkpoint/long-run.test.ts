/** A state of 100,000 operations and twenty checkpoints: at 2,000 drawn boundaries the power goes, and what is there opens as it was written. */
import { expect, test } from 'vitest';
import { findCheckpoint, openCheckpoint } from '../../core/checkpoint/open.ts';
import type { DirectoryReader, FileOp } from '../../core/effect.ts';
import { PageCache } from '../../core/page/cache.ts';
import { Random } from '../../core/random.ts';
import { auditVault } from '../../core/state/audit.ts';
import { GroupState } from '../../core/state/group-state.ts';
import type { Operation } from '../../core/state/transaction.ts';
import type { Vault } from '../../core/state/vault.ts';
import { fastHasher } from '../../sim/hasher.ts';
import { Bench, bytesOf, GROUP, ORGANIZATION, VAULT } from '../state/support.ts';
import { CheckpointHost, FILE } from './host.ts';

const OPERATIONS = 100_000;
const BATCH = 100;
const CHECKPOINTS = 20;
const CRASHES = 2000;
const KEYS = 8000;
const SECTOR = 512;
const STATE = { group: GROUP, hasher: fastHasher, dataGroups: [GROUP] };

const random = Random.stream([5, 5, 5, 5], 'long run');

/** The page file after a number of operations and a loss of power: of what was not synced, each sector of its own is there or not. */
class TornFile implements DirectoryReader {
  private bytes: Uint8Array = new Uint8Array(0);
  private size_: number = -1;
  private unsynced: Extract<FileOp, { op: 'write' }>[] = [];
  private undo: { readonly at: number; readonly bytes: Uint8Array }[] = [];
  private sizeBefore: number = 0;

  execute(op: FileOp): void {
    if (op.op === 'create') this.size_ = 0;
    else if (op.op === 'write') this.unsynced.push(op);
    else if (op.op === 'sync') for (const write of this.unsynced.splice(0)) this.put(write.offset, write.bytes);
    else expect(op.op).toBe('syncDirectory');
  }

  losePower(): void {
    this.sizeBefore = this.size_;
    for (const { offset, bytes } of this.unsynced) {
      const fate = random.below(4); // all of it, nothing of it, or some of its sectors
      for (let at = 0; at < bytes.length; ) {
        const length = Math.min(SECTOR - ((offset + at) % SECTOR), bytes.length - at);
        if (fate === 0 || (fate >= 2 && random.below(2) === 0)) {
          this.undo.push({ at: offset + at, bytes: this.bytes.slice(offset + at, offset + at + length) });
          this.put(offset + at, bytes.subarray(at, at + length));
        }
        at += length;
      }
    }
  }

  restore(): void {
    for (const { at, bytes } of this.undo.splice(0).reverse()) this.bytes.set(bytes, at);
    this.bytes.fill(0, Math.max(this.sizeBefore, 0));
    this.size_ = this.sizeBefore;
  }

  private put(offset: number, bytes: Uint8Array): void {
    const end = offset + bytes.length;
    if (end > this.bytes.length) {
      const grown = new Uint8Array(2 * end);
      grown.set(this.bytes);
      this.bytes = grown;
    }
    this.bytes.set(bytes, offset);
    this.size_ = Math.max(this.size_, end);
  }

  list(): readonly string[] {
    return this.size_ < 0 ? [] : [FILE];
  }

  size(file: string): number | undefined {
    return file === FILE && this.size_ >= 0 ? this.size_ : undefined;
  }

  read(_file: string, offset: number, lengthBytes: number): Uint8Array {
    return this.bytes.slice(offset, Math.min(offset + lengthBytes, Math.max(this.size_, 0)));
  }
}

type Model = ReadonlyMap<string, string>;

interface Durable {
  readonly index: number;
  /** Operations of the disk after which it is durable. */
  readonly from: number;
  readonly model: Model;
}

/** Changes of entities, most of them over what is there; some values leave their page. */
function changes(model: Map<string, string>): Operation[] {
  return Array.from({ length: BATCH }, (_, n): Operation => {
    const key = `folder:${random.below(KEYS)}/of-its-own`;
    if (model.has(key) && random.below(4) === 0) {
      model.delete(key);
      return { op: 'deleteEntity', key, condition: undefined };
    }
    const value = `${n}-`.repeat(random.below(200) === 0 ? 900 : 1 + random.below(20));
    model.set(key, value);
    return { op: 'setEntity', key, value: bytesOf(value), expiresAt: 0, condition: undefined };
  });
}

function entityOf(state: GroupState, key: string): string | undefined {
  const request = { kind: 'query', group: GROUP, organization: ORGANIZATION, vault: VAULT } as const;
  const result = state.query({
    ...request,
    query: { kind: 'entity', key },
    consistency: 'linearizable',
    at: { kind: 'newest' },
    proof: false,
  });
  if (result.kind !== 'entity') throw new Error(`${key}: ${JSON.stringify(result)}`);
  return result.value === undefined ? undefined : Buffer.from(result.value).toString();
}

function run(host: CheckpointHost): readonly Durable[] {
  const bench = new Bench({ ...STATE, pages: host.begin() });
  bench.createVault();
  const model = new Map<string, string>();
  const checkpoints: Durable[] = [];
  let left = OPERATIONS / BATCH;
  const apply = (): void => {
    if (left === 0) return;
    left -= 1;
    expect(bench.run(changes(model)).kind).toBe('transacted');
  };
  for (let n = 0; n < CHECKPOINTS; n += 1) {
    while (left > ((CHECKPOINTS - 1 - n) * OPERATIONS) / BATCH / CHECKPOINTS) apply();
    const durable = { index: bench.state.lastApplied, model: new Map(model) };
    let slices = 0;
    const between = (): void => {
      slices += 1;
      if (slices % 50 === 0) apply();
    };
    expect(host.finish(host.checkpoint(bench.state), between)).toBe(true);
    checkpoints.push({ ...durable, from: host.done.length });
  }
  expect(left).toBe(0);
  return checkpoints;
}

test('a long run, wherever the power goes', { timeout: 300_000 }, () => {
  const host = new CheckpointHost({ pageBytes: 1024, cacheBytes: 1 << 20 });
  const checkpoints = run(host);
  const crashes = Array.from({ length: CRASHES }, () => random.below(host.done.length + 1)).sort((a, b) => a - b);
  const file = new TornFile();
  const opened = new Set<number>();
  let at = 0;
  for (const [n, crash] of crashes.entries()) {
    for (; at < crash; at += 1) file.execute(host.done[at] as FileOp);
    file.losePower();
    const block = findCheckpoint(file, FILE, GROUP);
    const durable = checkpoints.filter(({ from }) => from <= crash).at(-1);
    if (typeof block === 'string') expect([block, durable]).toEqual(['none', undefined]);
    else {
      const found = openCheckpoint(file, FILE, block, (pages) => new GroupState({ ...STATE, pages }), {
        cache: new PageCache(1 << 20),
      });
      const written = checkpoints.find(({ index }) => index === found?.meta.index);
      if (found === undefined || written === undefined)
        throw new Error(`after ${crash} operations, nothing that was written opens`);
      expect(written.index).toBeGreaterThanOrEqual(durable?.index ?? 0);
      opened.add(written.index);
      const isWhole = n % 100 === 0;
      const keys = isWhole ? KEYS : 20;
      for (let k = 0; k < keys; k += 1) {
        const key = `folder:${isWhole ? k : random.below(KEYS)}/of-its-own`;
        if (entityOf(found.state, key) !== written.model.get(key)) expect.unreachable(`${key} after ${crash} operations`);
      }
      if (isWhole) expect(auditVault(found.state.vault(VAULT) as Vault)).toBeUndefined();
    }
    file.restore();
  }
  expect(opened.size).toBeGreaterThan(CHECKPOINTS / 2);
});
