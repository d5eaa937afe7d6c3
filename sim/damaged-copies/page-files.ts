/** Page files that are torn, stale, misdirected or gone: a checkpoint is used as it was written, or said to be damaged. */

import { defined, InvariantError } from '../../core/assert.ts';
import { parsePageFileName } from '../../core/checkpoint/file.ts';
import { findCheckpoint } from '../../core/checkpoint/open.ts';
import { DamageError } from '../../core/errors.ts';
import type { GroupId, LogIndex } from '../../core/ids.ts';
import { FIRST_PAGE_AT } from '../../core/page/page-file.ts';
import { SUPERBLOCK_SLOT_BYTES, type Superblock } from '../../core/page/superblock.ts';
import { parseSnapshotName } from '../../core/snapshot/file.ts';
import { recoverWal } from '../../core/wal/recover.ts';
import { contentOf, withBitFlipped, withByte } from './copy.ts';
import { type Damage, type Judge, opensAs, quarantines, type Scene } from './damage.ts';
import type { LivingCopy } from './opening.ts';

interface PageCheckpoint {
  readonly name: string;
  readonly group: GroupId;
  readonly block: Superblock;
}

/** The checkpoints that the log leads to: one a group. */
function checkpointsOf({ reader }: Scene): readonly PageCheckpoint[] {
  const { groups } = recoverWal(reader);
  return reader.list().flatMap((name): PageCheckpoint[] => {
    const group = parsePageFileName(name)?.group;
    const block = group === undefined ? 'none' : findCheckpoint(reader, name, group);
    if (group === undefined || typeof block === 'string') return [];
    return groups.get(group)?.continues(block) === true ? [{ name, group, block }] : [];
  });
}

export function damagePageFile(scene: Scene, clean: LivingCopy): Damage | undefined {
  const { reader, draws } = scene;
  const known = checkpointsOf(scene);
  if (known.length === 0) return undefined;
  const checkpoint = known[draws.below(known.length)] as PageCheckpoint;
  const { name, group, block } = checkpoint;
  const bytes = defined(contentOf(reader, name), 'a page file is there');
  const lost = lostJudge(scene, clean, group);
  const own = 2 * (block.number % 2) * SUPERBLOCK_SLOT_BYTES;
  const damage = (what: string, content: Uint8Array | undefined, judge: Judge): Damage => ({
    what: `the page file ${name} ${what}`,
    files: new Map([[name, content]]),
    judge,
  });
  switch (draws.below(6)) {
    case 0:
      return damage('missing', undefined, lost);
    case 1: {
      const copy = draws.below(2) * SUPERBLOCK_SLOT_BYTES;
      const content = withByte(bytes, own + copy + draws.below(88), (bytes[own + copy] as number) ^ 0x55);
      // The byte drawn may have been that already.
      return damage('with one copy of its superblock damaged', content, opensAs(clean));
    }
    case 2:
      return damage('cut within its superblocks', bytes.slice(0, own), lost);
    case 3: {
      const page = 1 + draws.below(block.table.entries - 1);
      return damage(`with a bit of page ${page} flipped`, withPage(bytes, block, page, flipped(scene)), neverLies(clean, group));
    }
    case 4: {
      const from = 1 + draws.below(block.table.entries - 1);
      const to = 1 + draws.below(block.table.entries - 1);
      const stranger = pageOf(bytes, block, from);
      return damage(
        `with page ${from} in the place of page ${to}`,
        withPage(bytes, block, to, () => stranger),
        neverLies(clean, group),
      );
    }
    default: {
      const reads = 4 + draws.below(40);
      return {
        what: `the page file ${name} unreadable after ${reads} reads`,
        files: new Map(),
        readable: new Map([[name, reads]]),
        judge: neverLies(clean, group),
      };
    }
  }
}

function pageOf(bytes: Uint8Array, { pageBytes }: Superblock, id: number): Uint8Array {
  const at = FIRST_PAGE_AT + (id - 1) * pageBytes;
  return bytes.slice(at, at + pageBytes);
}

function withPage(bytes: Uint8Array, block: Superblock, id: number, change: (page: Uint8Array) => Uint8Array): Uint8Array {
  const copy = bytes.slice();
  copy.set(change(pageOf(bytes, block, id)), FIRST_PAGE_AT + (id - 1) * block.pageBytes);
  return copy;
}

function flipped({ draws }: Scene): (page: Uint8Array) => Uint8Array {
  return (page) => (page.length === 0 ? page : withBitFlipped(page, draws));
}

/** Without its page file the group begins with what else leads to its log, and otherwise says that it is damaged. */
function lostJudge({ reader }: Scene, clean: LivingCopy, group: GroupId): Judge {
  const refuses = quarantines([group], 'checkpoint_damaged');
  const begins = hasWholeLog(clean, group);
  if (recoverWal(reader).groups.get(group)?.isComplete === true) return begins;
  // A snapshot that the log does not lead to is of no use.
  const hasSnapshot = reader.list().some((name) => {
    const place = parseSnapshotName(name);
    return place?.stage === 'whole' && place.group === group;
  });
  return hasSnapshot ? (opening) => begins(opening) && refuses(opening) : refuses;
}

/** The node starts from something older, and its log is as long as it was. */
function hasWholeLog(clean: LivingCopy, group: GroupId): Judge {
  const before = clean.replica.group(group)?.status();
  return (opening) => {
    const after = opening.kind === 'opened' ? opening.node.replica.group(group)?.status() : undefined;
    const isSame = after?.lastIndex === before?.lastIndex && after?.term === before?.term && after?.quarantined === false;
    return isSame ? undefined : 'not with the whole log';
  };
}

/** Whatever of the group can be read is what was written, or the log leads there; what cannot is said to be damaged. */
function neverLies(clean: LivingCopy, group: GroupId): Judge {
  const whole = rowsOf(clean, group);
  const applied = appliedBy(clean, group);
  const begins = hasWholeLog(clean, group);
  return (opening) => {
    if (opening.kind === 'refused') return 'not with an opening';
    const others = opening.node.fatals.filter(({ scope }) => scope !== group);
    if (others.length > 0) return 'not with its other groups';
    if (opening.node.quarantined.includes(group)) return undefined;
    if (appliedBy(opening.node, group) !== applied) return begins(opening);
    const rows = rowsOf(opening.node, group);
    if (rows === 'damaged') return undefined;
    return rows === whole ? undefined : `not with the rows of group ${group} as they were`;
  };
}

function appliedBy(node: LivingCopy, group: GroupId): LogIndex | undefined {
  return node.replica.group(group)?.state.lastApplied;
}

/** Every row of every vault, as text. */
function rowsOf(node: LivingCopy, group: GroupId): string {
  const state = node.replica.group(group)?.state;
  const texts: string[] = [];
  try {
    for (const id of state?.vaultIds() ?? []) {
      const rows = state?.vault(id)?.leaves.rows;
      for (const { key, value } of rows?.scan({ from: new Uint8Array(0) }) ?? []) texts.push(`${key}=${value}`);
    }
  } catch (error) {
    if (error instanceof DamageError) return 'damaged';
    if (error instanceof InvariantError) return `broken: ${error.message}`;
    throw error;
  }
  return texts.join('\n');
}
