/**
 * What becomes of a backup in a new cluster: the same vaults, block for block, under new nodes. Changed are who the members are,
 * which voters each group has, and where each group's log goes on.
 *
 * Why a new cluster and new nodes: the old ones may still run, or come back. Two logs that both follow the same entries must
 * never meet, and a node that forgot its votes must not vote (C8); frames and handshakes name the cluster, so they do not.
 * Why the log leaps: sessions are named by log indices, and ids are made of them. What the old cluster made of its entries behind
 * the backup must never be taken for something that the new one makes: a client's old session for somebody else's, say.
 */
import { defined } from '../assert.ts';
import { Reader } from '../bytes/reader.ts';
import { Writer } from '../bytes/writer.ts';
import type { Entropy, Hasher } from '../capability.ts';
import { MerkleLog } from '../chain/merkle-log.ts';
import { type ClusterId, GLOBAL_GROUP, type GroupId, type LogIndex, plus } from '../ids.ts';
import { configurationOf } from '../raft/message.ts';
import { foundingManifest, type Manifest, type Member } from '../replica/manifest.ts';
import { chunkHash, Section, type SnapshotManifest } from '../snapshot/manifest.ts';
import { type Row, readRow, writeRow } from '../snapshot/records.ts';
import type { ChunkSource } from '../snapshot/restore.ts';
import { GROUP_TABLE, groupRow } from '../state/group-table.ts';
import { KEY_TABLE } from '../state/key-table.ts';
import { MEMBER_TABLE, memberOf, memberRow } from '../state/member-table.ts';
import type { PlacedGroup } from '../state/placed-group.ts';
import type { BackupPart } from './scan.ts';
import type { VerifiedBackup } from './verify.ts';

/** A leap is at least this long. Why 2^40: a thousand entries a second make as many in 34 years. */
const LEAP_MIN = 2 ** 40;
/** And up to so much longer, drawn: restoring one backup twice makes clusters that do not mistake each other's sessions either. */
const LEAP_SPREAD = 2 ** 44;
/** No log may begin behind this, so that it has room to go on. */
const INDEX_MAX = 2 ** 52;

export interface Refounding {
  readonly cluster: ClusterId;
  /** The only node that the new cluster begins with. */
  readonly node: Member;
  /** Added to every group's log index. */
  readonly leap: number;
}

/** A group as the new cluster begins with it. */
export interface RefoundedGroup {
  readonly manifest: SnapshotManifest;
  readonly chunks: ChunkSource;
}

export function drawLeap(entropy: Entropy): number {
  const bytes = new Uint8Array(8);
  entropy.fill(bytes, 0, 8);
  bytes[0] = 0;
  bytes[1] = 0;
  return LEAP_MIN + (new Reader(bytes).u64() % LEAP_SPREAD);
}

/** Whether every log still has room behind the leap; else the backup went through hundreds of restorations. */
export function hasRoom({ groups }: VerifiedBackup, leap: number): boolean {
  return groups.every(({ index }) => index + leap <= INDEX_MAX);
}

/** The manifest of the new cluster. */
export function refoundedManifest({ contents, groups, placed }: VerifiedBackup, { cluster, node, leap }: Refounding): Manifest {
  const voters = [node.id];
  const founding = contents.manifest.groups.map(({ group }) => ({ group, voters }));
  const directory = defined(groups[0], 'GLOBAL is in every backup');
  return {
    ...foundingManifest({ cluster, founders: [node], groups: founding }),
    revision: plus(directory.index, leap), // of the directory that stands in GLOBAL's state, which knows this node only
    placed: placed.map((group) => ({ ...group, founders: voters, voters })),
  };
}

/** A group's snapshot in the new cluster: its chunks are the same, but for the directory of GLOBAL. */
export function refoundedGroup(part: BackupPart, backup: VerifiedBackup, refounding: Refounding, hasher: Hasher): RefoundedGroup {
  const index = plus(part.manifest.index, refounding.leap);
  const manifest = { ...part.manifest, index, configuration: configurationOf([refounding.node.id]) };
  if (part.group !== GLOBAL_GROUP) return { manifest, chunks: part.chunks };
  return withDirectory({ manifest, chunks: part.chunks }, rowsFor(part, backup.placed, refounding, index), hasher);
}

/** The directory's rows in key order, with one member and every later group on it. */
function* rowsFor(part: BackupPart, placed: readonly PlacedGroup[], { node }: Refounding, index: LogIndex): Generator<Row> {
  const voters = [node.id];
  let isMemberThere = false;
  for (const row of directoryRows(part)) {
    const table = row.key[0] as number;
    if (table >= MEMBER_TABLE && !isMemberThere) {
      isMemberThere = true;
      yield memberRow(memberOf(node.id, node.address), index);
    }
    if (table === MEMBER_TABLE || table === KEY_TABLE) continue; // the old nodes, and what they signed with
    if (table !== GROUP_TABLE) yield row;
    else {
      const group = new Reader(row.key, 1).u32() as GroupId;
      const known = defined(
        placed.find((each) => each.group === group),
        'a group in a row is in the table',
      );
      yield groupRow({ ...known, founders: voters, voters }, index);
    }
  }
}

function* directoryRows({ manifest, chunks }: BackupPart): Generator<Row> {
  const count = manifest.sections[Section.directory]?.chunks ?? 0;
  for (let number = 0; number < count; number += 1) {
    const reader = new Reader(defined(chunks.chunk(Section.directory, number), 'the chunks of a verified backup are there'));
    while (reader.remaining > 0) yield readRow(reader);
  }
}

/** The same snapshot with other rows in its directory. */
function withDirectory(group: RefoundedGroup, rows: Iterable<Row>, hasher: Hasher): RefoundedGroup {
  const made: Uint8Array[] = [];
  const chunk = new Writer();
  const cut = (): void => {
    if (chunk.length > 0) made.push(chunk.finish());
    chunk.reset();
  };
  for (const row of rows) {
    writeRow(chunk, row);
    if (chunk.length >= group.manifest.chunkBytes) cut();
  }
  cut();
  const log = new MerkleLog(hasher);
  for (const bytes of made) log.append(chunkHash(hasher, bytes));
  const summary = { bytes: made.reduce((sum, { length }) => sum + length, 0), chunks: made.length, root: log.root() };
  const sections = group.manifest.sections.map((each, section) => (section === Section.directory ? summary : each));
  return {
    manifest: { ...group.manifest, sections },
    chunks: {
      isShredded: (vault) => group.chunks.isShredded(vault),
      chunk: (section, number) => (section === Section.directory ? made[number] : group.chunks.chunk(section, number)),
    },
  };
}
