/**
 * A state from the chunks of a snapshot, in short steps. A generator like serialise.ts: it yields the cost of each record.
 * Nothing is believed: a chunk of leaves is opened against its vault's tree_root, headers must chain, and at the end each
 * vault's trees must have the roots of its newest header, with as many leaves and rows as were announced.
 */

import { compareBytes, equalBytes } from '../bytes/compare.ts';
import { Reader } from '../bytes/reader.ts';
import type { Hasher } from '../capability.ts';
import { decodeHeader, HEADER_BYTES, headerTreeRoot } from '../chain/header.ts';
import type { Height, OrganizationId, VaultId } from '../ids.ts';
import type { LeafValue } from '../merkle/value.ts';
import type { GroupState } from '../state/group-state.ts';
import { Table } from '../state/keys.ts';
import { decodeRetentionRow, RETENTION_KEY } from '../state/retention.ts';
import type { KeptResult } from '../state/sessions.ts';
import { ulidText } from '../state/ulid-field.ts';
import type { Vault } from '../state/vault.ts';
import { openLeafChunk, vaultOfChunk } from './leaf-chunk.ts';
import { Section, type SnapshotManifest } from './manifest.ts';
import { isVault, type Row, readHistory, readRow, readSessionRecord, readVault, type SessionHead } from './records.ts';

/** Chunks that were compared with the manifest; undefined where one cannot be had. */
export interface ChunkSource {
  chunk(section: Section, number: number): Uint8Array | undefined;
  /** Whether nothing of the vault can be read any more; its leaves and history are left out of chunks. */
  isShredded(vault: VaultId): boolean;
}

/** Why a snapshot cannot be used; undefined: it is restored. */
export type RestoreFault = string | undefined;
type Steps = Generator<number, RestoreFault>;

/** A vault that is being filled. */
interface Filling {
  readonly vault: Vault;
  readonly header: Uint8Array;
  readonly height: number;
  leavesLeft: number;
  rowsLeft: number;
  lastPath: Uint8Array;
  lastKey: Uint8Array;
}

const NOTHING: Uint8Array = new Uint8Array(0);
const MISSING = 'a chunk is missing';

/** Fills a new state. @param state of the group, with nothing applied; useless where a fault is returned. */
export function* restoreState(hasher: Hasher, manifest: SnapshotManifest, source: ChunkSource, state: GroupState): Steps {
  const restoration = new Restoration(hasher, manifest, source, state);
  return yield* restoration.run();
}

class Restoration {
  private readonly hasher: Hasher;
  private readonly manifest: SnapshotManifest;
  private readonly source: ChunkSource;
  private readonly state: GroupState;
  /** Ascending by id. */
  private readonly fillings: Filling[] = [];
  private lastVault: string = '';

  constructor(hasher: Hasher, manifest: SnapshotManifest, source: ChunkSource, state: GroupState) {
    this.hasher = hasher;
    this.manifest = manifest;
    this.source = source;
    this.state = state;
  }

  *run(): Steps {
    const fault =
      (yield* this.each(Section.vaults, (reader) => this.vault(reader))) ??
      (yield* this.sessions()) ??
      (yield* this.each(Section.directory, (reader) => this.directoryRow(readRow(reader)))) ??
      (yield* this.leaves()) ??
      (yield* this.history()) ??
      (yield* this.compare());
    if (fault === undefined) this.state.restored(this.manifest.index, this.manifest.time);
    return fault;
  }

  private chunks(section: Section): number {
    return this.manifest.sections[section]?.chunks ?? 0;
  }

  /** Reads every record of a section. @param take reads one record and uses it. */
  private *each(section: Section, take: (reader: Reader) => RestoreFault): Steps {
    for (let number = 0; number < this.chunks(section); number += 1) {
      const bytes = this.source.chunk(section, number);
      if (bytes === undefined) return MISSING;
      const reader = new Reader(bytes);
      while (reader.remaining > 0) {
        const before = reader.at;
        const fault = take(reader);
        if (reader.failed !== undefined) return `a record does not decode: ${reader.failed}`;
        if (fault !== undefined) return fault;
        yield reader.at - before;
      }
    }
    return undefined;
  }

  private vault(reader: Reader): RestoreFault {
    const { header, leaves, historyRows } = readVault(reader);
    const decoded = decodeHeader(header);
    if (header.length !== HEADER_BYTES || !decoded.ok) return 'a header does not decode';
    const { vault: idBytes, organization, height } = decoded.value;
    const id: VaultId = ulidText(idBytes);
    if (this.lastVault >= id) return 'vaults are not in order';
    this.lastVault = id;
    if (this.source.isShredded(id)) {
      return this.state.restoreShredded(id, ulidText(organization)) ? undefined : 'a vault cannot be taken';
    }
    const vault = this.state.restoreVault(id, ulidText<'OrganizationId'>(organization) as OrganizationId);
    if (vault === undefined || typeof height !== 'number') return 'a vault cannot be taken';
    this.fillings.push({
      vault,
      header,
      height,
      leavesLeft: leaves,
      rowsLeft: historyRows,
      lastPath: NOTHING,
      lastKey: NOTHING,
    });
    return undefined;
  }

  /** A session's results follow its head, perhaps in the next chunk. */
  private *sessions(): Steps {
    let head: SessionHead | undefined;
    let kept: KeptResult[] = [];
    let lastDeleted = '';
    let areDeletedOver = false;
    const take = (reader: Reader): RestoreFault => {
      const record = readSessionRecord(reader);
      if (reader.failed !== undefined) return undefined;
      if (record.kind === 'deleted') {
        const isInOrder = !areDeletedOver && record.deleted.vault > lastDeleted;
        lastDeleted = record.deleted.vault;
        return isInOrder && this.state.restoreDeleted(record.deleted) ? undefined : 'a deleted vault cannot be taken';
      }
      areDeletedOver = true;
      if ((record.kind === 'head') !== (head === undefined)) return 'the results of sessions are not in order';
      if (record.kind === 'head') {
        head = record.head;
        kept = [];
      } else kept.push(record.kept);
      if (head === undefined || kept.length < head.results) return undefined;
      const { index, floor, lastUsed } = head;
      head = undefined;
      return this.state.restoreSession({ index, floor, lastUsed, kept }) ? undefined : 'a session cannot be taken';
    };
    const fault = yield* this.each(Section.sessions, take);
    return fault ?? (head === undefined ? undefined : 'a session lacks results');
  }

  private directoryRow({ key, value }: Row): RestoreFault {
    return this.state.restoreDirectoryRow(key, value) ? undefined : 'a row of the directory cannot be taken';
  }

  private *leaves(): Steps {
    let at = 0;
    for (let number = 0; number < this.chunks(Section.leaves); number += 1) {
      const chunk = this.source.chunk(Section.leaves, number);
      if (chunk === undefined) return MISSING;
      if (chunk.length === 0) continue; // of a shredded vault
      while (at < this.fillings.length && !isVault(vaultOfChunk(chunk), (this.fillings[at] as Filling).vault.id)) at += 1;
      const filling = this.fillings[at];
      if (filling === undefined) return 'leaves of an unknown vault';
      const fault = yield* this.leavesOf(filling, chunk);
      if (fault !== undefined) return fault;
    }
    return undefined;
  }

  private *leavesOf(filling: Filling, chunk: Uint8Array): Steps {
    const claim = { treeRoot: headerTreeRoot(filling.header), height: filling.height };
    const run = openLeafChunk(this.hasher, chunk, claim);
    if (run === undefined) return 'a chunk of leaves does not belong to its root';
    for (const path of run.paths) {
      if (compareBytes(filling.lastPath, path) >= 0) return 'leaves are not in order';
      filling.lastPath = path;
    }
    filling.leavesLeft -= run.paths.length;
    yield chunk.length;
    for (const value of run.values) {
      putLeaf(filling.vault, value);
      yield 0;
    }
    return undefined;
  }

  private *history(): Steps {
    let at = -1;
    const take = (reader: Reader): RestoreFault => {
      const record = readHistory(reader);
      if (reader.failed !== undefined) return undefined;
      if (record.kind === 'vault') {
        const present = this.fillings[at];
        if (present !== undefined && isVault(record.id, present.vault.id)) return undefined; // a chunk begins within it
        at += 1;
        const next = this.fillings[at];
        return next !== undefined && isVault(record.id, next.vault.id) ? undefined : 'the history of vaults is not in order';
      }
      const filling = this.fillings[at];
      return filling === undefined ? 'a row of no vault' : historyRow(filling, record);
    };
    return yield* this.each(Section.history, take);
  }

  private *compare(): Steps {
    for (const { vault, header, leavesLeft, rowsLeft } of this.fillings) {
      if (leavesLeft !== 0 || rowsLeft !== 0) return 'a vault has not as many leaves or rows as announced';
      if (vault.height === 0 || !equalBytes(vault.anchor.header, header)) return 'the chain does not end in the newest header';
      if (!vault.matchesItsHeader()) return 'the restored leaves have another root than the newest header';
      yield 0;
    }
    return undefined;
  }
}

function putLeaf(vault: Vault, value: LeafValue): void {
  if (value.kind === 'tuple') {
    const { conditionName, conditionContext } = value;
    const leaf = {
      conditionName,
      conditionContext,
      expiresAt: Number(value.expiresAt),
      version: Number(value.version) as Height,
    };
    vault.leaves.putTuple({ resource: value.resource, relation: value.relation, subject: value.subject }, leaf);
  } else if (value.kind === 'entity') {
    const leaf = { value: value.value, expiresAt: Number(value.expiresAt), version: Number(value.version) as Height };
    vault.leaves.putEntity(value.key, leaf);
  } else if (value.kind === 'model') {
    vault.leaves.putModel(value.id, { model: value.model, version: Number(value.version) as Height });
  }
}

/** Rows of the history stand before it, so the newest height is known. */
function isRetentionRow({ height }: Filling, key: Uint8Array, value: Uint8Array): boolean {
  const state = decodeRetentionRow(value);
  return state !== undefined && state.floor <= height && equalBytes(key, RETENTION_KEY);
}

function historyRow(filling: Filling, { key, value }: Row): RestoreFault {
  if (compareBytes(filling.lastKey, key) >= 0) return 'rows are not in order';
  filling.lastKey = key;
  filling.rowsLeft -= 1;
  if (key[0] === Table.retention && !isRetentionRow(filling, key, value)) return 'what a vault keeps does not decode';
  if (key[0] !== Table.header) {
    filling.vault.leaves.restoreRow(key, value);
    return undefined;
  }
  if (!filling.vault.restoreHeader(value)) return 'a header does not follow its chain';
  const own = filling.vault.leaves.keys.header(filling.vault.height);
  return equalBytes(own, key) ? undefined : 'a header stands under another height';
}
