/**
 * A data directory under load: the real replica, runtime and files of one node, without sockets. Nothing here knows how the
 * state is kept on disk, so what it measures stays comparable when that changes.
 */

import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { celConditions } from '../../core/authz/cel.ts';
import { neverBuggify } from '../../core/capability.ts';
import type { ClientRequest, ClientResult, CommandRef, VaultEntry } from '../../core/client/protocol.ts';
import { NEWEST } from '../../core/client/protocol.ts';
import { Outbox } from '../../core/codec/outbox.ts';
import type { ClusterId, GroupId } from '../../core/ids.ts';
import { GLOBAL_GROUP } from '../../core/ids.ts';
import {
  CLOCK_RATE_PPM_MAX,
  ELECTION_TIMEOUT_MAX_MICROS,
  ELECTION_TIMEOUT_MIN_MICROS,
  HEARTBEAT_MICROS,
} from '../../core/limits.ts';
import { createDirectory, IDENTITY_FILE } from '../../core/replica/directory.ts';
import { foundingManifest } from '../../core/replica/manifest.ts';
import { Replica } from '../../core/replica/replica.ts';
import type { Operation, TupleKey } from '../../core/state/transaction.ts';
import { sampleClocks } from '../../node/clock.ts';
import { FileDisk } from '../../node/disk/file-disk.ts';
import { seedFrom, systemEntropy } from '../../node/entropy.ts';
import { nativeHasher } from '../../node/hasher.ts';
import { Runtime } from '../../node/runtime.ts';
import { CountingFiles, isLog } from './counting-files.ts';

const DATA_GROUP = 1 as GroupId;
const CLUSTER = 'c'.repeat(32) as ClusterId;
const QUIET_MS = 1_000;
/** What a node says that is still opening. */
const NOT_YET: readonly string[] = ['not_initialised', 'not_leader', 'unavailable', 'overloaded', 'group_missing'];
type AnswerOf<K extends ClientResult['kind']> = Extract<ClientResult, { readonly kind: K }>;

export class LedgerDirectory {
  readonly files: CountingFiles;
  private readonly disk: FileDisk;
  private readonly runtime: Runtime;
  private vault: VaultEntry | undefined = undefined;
  /** By group. */
  private readonly sessions: Map<GroupId, { readonly ref: CommandRef['session']; sequence: number }> = new Map();

  private constructor(files: CountingFiles, disk: FileDisk, checkpointLogBytes: number | undefined) {
    this.files = files;
    this.disk = disk;
    const { replica, effects } = Replica.open(disk, sampleClocks(), {
      hasher: nativeHasher,
      conditions: celConditions,
      entropy: systemEntropy,
      seed: seedFrom(systemEntropy),
      buggify: neverBuggify,
      timing: {
        electionTimeoutMinMicros: ELECTION_TIMEOUT_MIN_MICROS,
        electionTimeoutMaxMicros: ELECTION_TIMEOUT_MAX_MICROS,
        heartbeatMicros: HEARTBEAT_MICROS,
      },
      leaseClockRatePpm: CLOCK_RATE_PPM_MAX,
      ...(checkpointLogBytes === undefined ? {} : { snapshots: { checkpointLogBytes } }),
    });
    this.runtime = new Runtime(replica, effects, {
      outbox: new Outbox({ sender: replica.id, cluster: () => replica.manifest()?.cluster }),
      disk,
      peers: { send: () => undefined },
      onNodeFatal: (code, detail) => fail(`${code}: ${detail}`),
      onGroupFatal: (group, code, detail) => fail(`group ${group}: ${code}: ${detail}`),
      onAlarm: (group, code, detail) => fail(`group ${group}: ${code}: ${detail}`),
    });
    if (replica.manifest() !== undefined) return;
    const voters = [replica.id];
    const founders = [{ id: replica.id, address: '127.0.0.1:1' }];
    const groups = [GLOBAL_GROUP, DATA_GROUP].map((group) => ({ group, voters }));
    this.runtime.give({ kind: 'bootstrap', manifest: foundingManifest({ cluster: CLUSTER, founders, groups }) });
  }

  /** Opens the directory, or makes it with one vault. Done when the vault can be asked. */
  static async open(path: string, options: { readonly checkpointLogBytes?: number | undefined } = {}): Promise<LedgerDirectory> {
    const files = new CountingFiles();
    const disk = await FileDisk.open(path, { fileSystem: files.fileSystem });
    const isNew = !disk.list().includes(IDENTITY_FILE);
    if (isNew) await disk.execute(createDirectory(systemEntropy, disk).ops);
    const ledger = new LedgerDirectory(files, disk, options.checkpointLogBytes);
    if (isNew) await ledger.create();
    const query = { kind: 'lookupVault', organization: 'bench', name: 'main', id: '', consistency: 'linearizable' } as const;
    ledger.vault = (await ledger.ask(query, 'vault')).vault;
    return ledger;
  }

  private async create(): Promise<void> {
    const named = { kind: 'createOrganization', name: 'bench', placement: undefined } as const;
    await this.ask({ kind: 'directory', command: await this.command(GLOBAL_GROUP), body: named }, 'organization');
    const reserve = { kind: 'reserveVault', organization: 'bench', name: 'main', allowExisting: false } as const;
    const reserved = await this.ask({ kind: 'directory', command: await this.command(GLOBAL_GROUP), body: reserve }, 'vault');
    const { group, organization, id: vault } = reserved.vault;
    await this.ask({ kind: 'createVault', group, command: await this.command(group), organization, vault }, 'vaultCreated');
  }

  /** Applies one transaction; done when it is durable, applied and answered. */
  async transact(operations: readonly Operation[]): Promise<void> {
    const { group, organization, id: vault } = this.entry();
    const transaction = { actor: '', reason: '', operations };
    const command = await this.command(group);
    const answer = await this.ask(
      { kind: 'transact', group, command, organization, vault, transaction, model: undefined, proof: false },
      'transacted',
    );
    if (!answer.outcome.ok) throw new Error(`a transaction was refused: ${answer.outcome.code}`);
  }

  /** Whether the tuple is live, linearizable. */
  async holds(tuple: TupleKey): Promise<boolean> {
    const { group, organization, id: vault } = this.entry();
    const query = { kind: 'tuple', tuple } as const;
    const request = {
      kind: 'query',
      group,
      organization,
      vault,
      query,
      consistency: 'linearizable',
      at: NEWEST,
      proof: false,
    } as const;
    return (await this.ask(request, 'tuple')).present;
  }

  /** Waits until nothing has been written for a second. */
  async quiet(): Promise<void> {
    const start = performance.now();
    while (performance.now() - Math.max(start, this.files.lastWriteAt) < QUIET_MS) await sleep(50);
  }

  /** Bytes of the files that hold the state, the log not among them. */
  stateBytes(): number {
    const { directory } = this.disk;
    const names = readdirSync(directory).filter((name) => !isLog(name));
    return names.reduce((sum, name) => sum + statSync(join(directory, name)).size, 0);
  }

  async close(): Promise<void> {
    this.runtime.stop();
    await this.disk.close();
  }

  private entry(): VaultEntry {
    if (this.vault === undefined) throw new Error('the directory has no vault yet');
    return this.vault;
  }

  /** The next command of this client's session in a group. One at a time: all before are answered. */
  private async command(group: GroupId): Promise<CommandRef> {
    let session = this.sessions.get(group);
    if (session === undefined) {
      session = { ref: (await this.ask({ kind: 'openSession', group }, 'session')).session, sequence: 0 };
      this.sessions.set(group, session);
    }
    session.sequence += 1;
    return { session: session.ref, sequence: session.sequence, lowestUnanswered: session.sequence };
  }

  /** Asks until there is an answer: at first nobody leads. */
  private async ask<K extends ClientResult['kind']>(request: ClientRequest, kind: K): Promise<AnswerOf<K>> {
    for (;;) {
      const result = await new Promise<ClientResult>((resolve) => this.runtime.request(request, resolve));
      if (result.kind === kind) return result as AnswerOf<K>;
      const mayAskAgain = result.kind === 'error' && NOT_YET.includes(result.code);
      if (!mayAskAgain) throw new Error(`${request.kind} was answered ${JSON.stringify(result)}`);
      await sleep(2);
    }
  }
}

function fail(what: string): never {
  throw new Error(`the node stopped itself (${what})`);
}
