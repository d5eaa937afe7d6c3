/** The files of a node that stand beside its groups: what it must not serve, and what it signs with. */
import type { DirectoryReader } from '../effect.ts';
import type { GroupId, NodeId } from '../ids.ts';
import { DIVERGED_FILE, decodeNote } from '../replica/divergence-note.ts';
import { type LostRecord, SigningRecord } from '../signing/signing-record.ts';
import type { Finding } from './report.ts';

/** Why a record cannot be believed, as a sentence begins. Missing is no finding: a node that never started has none. */
const LOST: Readonly<Record<Exclude<LostRecord, 'missing'>, string>> = {
  unreadable: 'the file SIGNING cannot be read',
  damaged: 'the file SIGNING is damaged',
  foreign: 'the file SIGNING is another node’s',
};

export function checkNodeFiles(reader: DirectoryReader, node: NodeId): readonly Finding[] {
  return [...checkDiverged(reader), ...checkSigning(reader, node)];
}

function checkDiverged(reader: DirectoryReader): readonly Finding[] {
  const sizeBytes = reader.size(DIVERGED_FILE);
  if (sizeBytes === undefined) return [];
  const decoded = decodeNote(reader.read(DIVERGED_FILE, 0, sizeBytes));
  if (!decoded.ok) {
    const what = `DIVERGED, which names vaults that this node must not serve, is damaged (${decoded.reason} at byte ${decoded.offset})`;
    const remedy = 'The node does not start with it. Without the file it finds out again by comparing blocks with its peers.';
    return [{ level: 'damaged', group: undefined, what, remedy }];
  }
  return [...decoded.value].flatMap(([group, vaults]) => vaults.map(({ vault, height }) => isolated(group, vault, height)));
}

function isolated(group: GroupId, vault: string, height: number): Finding {
  const what = `vault ${vault} is isolated: a majority of its group has another block ${height}`;
  return { level: 'noted', group, what, remedy: 'The node goes on rebuilding it once it runs: vouch vault status.' };
}

function checkSigning(reader: DirectoryReader, node: NodeId): readonly Finding[] {
  const opened = SigningRecord.open(reader, node);
  if (typeof opened !== 'string' || opened === 'missing') return [];
  const remedy = 'The next start makes another key; clients that pinned the old one have to be told: vouch checkpoint keys.';
  return [{ level: 'damaged', group: undefined, what: LOST[opened], remedy }];
}
