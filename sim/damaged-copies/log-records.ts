/** Records at the end of the log whose checksums hold and whose content cannot be meant, and records that do not hold. */
import { defined } from '../../core/assert.ts';
import { writeU64 } from '../../core/bytes/u64.ts';
import { type GroupId, type LogIndex, plus, type Term } from '../../core/ids.ts';
import { type Entry, EntryKind } from '../../core/raft/message.ts';
import { CLUSTER_FILE } from '../../core/replica/directory.ts';
import { encodeManifest, groupsOf } from '../../core/replica/manifest.ts';
import type { RecoveredGroup } from '../../core/wal/group-log.ts';
import { RECORD_HEADER_BYTES } from '../../core/wal/record.ts';
import type { Draws } from '../tape.ts';
import { both, type Damage, type Judge, opensAs, quarantines, reportsDamage, type Scene } from './damage.ts';
import { LogEditor, type RecordPlace } from './log-editor.ts';
import type { LivingCopy } from './opening.ts';
import { withGroup } from './small-files.ts';

const NOTHING: Uint8Array = new Uint8Array(0);
/** Two entries of this size do not fit one record. */
const LARGE_ENTRY_BYTES = 600 * 1024;
/** Numbers in a record header: name, place, length (core/wal/record.ts). */
const FIELDS = [
  ['length', 8, 4],
  ['number', 24, 8],
  ['watermark', 32, 8],
  ['group link', 40, 8],
] as const;

/** A group of the log, and how its log ends. */
interface Victim {
  readonly editor: LogEditor;
  readonly group: GroupId;
  readonly log: RecoveredGroup;
  readonly last: LogIndex;
  readonly term: Term;
}

type Change = (victim: Victim, scene: Scene, clean: LivingCopy) => Judge;

/** @returns undefined where no group has entries. */
function victimOf({ reader, draws }: Scene): Victim | undefined {
  const editor = new LogEditor(reader);
  const able = editor.groups.filter((id) => (editor.recovery.groups.get(id)?.entries.length ?? 0) > 0);
  if (able.length === 0) return undefined;
  const group = able[draws.below(able.length)] as GroupId;
  const log = defined(editor.recovery.groups.get(group), 'the group has a log');
  const { index, term } = defined(log.entries.at(-1), 'the group has entries');
  return { editor, group, log, last: index, term };
}

function entryAt(index: number, term: Term, data: Uint8Array = NOTHING): Entry {
  return { index: index as LogIndex, term, kind: EntryKind.normal, data };
}

function broken(group: GroupId): Judge {
  return both(reportsDamage, quarantines([group], 'log_damaged'));
}

const CONTRADICTIONS: readonly (readonly [string, Change])[] = [
  [
    'entries behind a gap',
    ({ editor, group, last, term }) => {
      editor.append({ kind: 'entries', group, entries: [entryAt(last + 2, term)] });
      return broken(group);
    },
  ],
  [
    'entries that are there already',
    ({ editor, group, last, term }) => {
      editor.append({ kind: 'entries', group, entries: [entryAt(last, term)] });
      return broken(group);
    },
  ],
  [
    'a truncation behind the end',
    ({ editor, group, last }) => {
      editor.append({ kind: 'truncate', group, from: plus(last, 2) });
      return broken(group);
    },
  ],
  [
    'a truncation of what a snapshot stands for',
    ({ editor, group, last, term }) => {
      editor.append({ kind: 'snapshotMark', group, index: plus(last, 10), term, log: 'restarts' });
      editor.append({ kind: 'entries', group, entries: [entryAt(last + 11, term)] });
      editor.append({ kind: 'truncate', group, from: plus(last, 5) });
      return broken(group);
    },
  ],
  [
    'a mark of another log without its snapshot',
    ({ editor, group, last, term }, { draws }) => {
      const log = draws.below(2) === 0 ? 'healed' : 'restarts';
      editor.append({ kind: 'snapshotMark', group, index: plus(last, 10), term, log });
      return quarantines([group], 'checkpoint_damaged');
    },
  ],
  [
    'records that take back what they say',
    ({ editor, group, last, term }, { draws, manifest }, clean) => {
      const { voters } = defined(manifest.groups[0], 'there is a group');
      const configuration = { voters, votersOutgoing: [], learners: [], learnersNext: [], promotable: [], autoLeave: false };
      editor.append({ kind: 'configuration', group, index: plus(last, 1), configuration });
      const isLarge = draws.below(2) === 1;
      const data = isLarge ? new Uint8Array(LARGE_ENTRY_BYTES) : NOTHING;
      const record = { kind: 'entries', group, entries: [entryAt(last + 1, term, data), entryAt(last + 2, term, data)] } as const;
      editor.append(record);
      editor.append({ kind: 'truncate', group, from: plus(last, 1) });
      return opensAs(clean);
    },
  ],
];

/** A payload that is not what its kind says. */
type Payload = (victim: Victim, draws: Draws) => { readonly place: RecordPlace; readonly payload: Uint8Array };

function entriesPayload({ editor, group, last, term }: Victim, change: (payload: Uint8Array) => void): ReturnType<Payload> {
  const place = editor.append({ kind: 'entries', group, entries: [entryAt(last + 1, term)] });
  const start = place.offset + RECORD_HEADER_BYTES;
  const payload = editor.content(place.file).slice(start, start + 25);
  change(payload);
  return { place, payload };
}

const PAYLOADS: readonly (readonly [string, Payload])[] = [
  [
    'no entries in a record of entries',
    (victim) => {
      const { place, payload } = entriesPayload(victim, (bytes) => bytes.fill(0, 8, 12));
      return { place, payload: payload.slice(0, 12) };
    },
  ],
  ['an entry of index 0', (victim) => entriesPayload(victim, (bytes) => bytes.fill(0, 0, 8))],
  [
    'an entry of an unknown kind',
    (victim, draws) => entriesPayload(victim, (bytes) => bytes.fill([0, 4, 255][draws.below(3)] as number, 20, 21)),
  ],
  ['an entry longer than its record', (victim) => entriesPayload(victim, (bytes) => bytes.fill(0xff, 21, 25))],
  [
    'a mark that says nothing known of its log',
    ({ editor, group, last, term }, draws) => {
      const place = editor.append({ kind: 'snapshotMark', group, index: last, term, log: 'continues' });
      const payload = new Uint8Array(17);
      writeU64(last, payload, 0);
      writeU64(term, payload, 8);
      payload[16] = 3 + draws.below(253);
      return { place, payload };
    },
  ],
  [
    'a configuration that is none',
    ({ editor, group, last }, draws) => {
      const configuration = { voters: [], votersOutgoing: [], learners: [], learnersNext: [], promotable: [], autoLeave: false };
      const place = editor.append({ kind: 'configuration', group, index: last, configuration });
      const payload = new Uint8Array(15);
      writeU64(last, payload, 0);
      payload[8] = draws.below(3);
      payload[9] = draws.below(3);
      return { place, payload };
    },
  ],
  [
    'a truncation that ends early',
    ({ editor, group, last }) => ({
      place: editor.append({ kind: 'truncate', group, from: plus(last, 1) }),
      payload: new Uint8Array(5),
    }),
  ],
];

/** Content that contradicts what stands before it, or itself. */
export function contradictingRecord(scene: Scene, clean: LivingCopy): Damage | undefined {
  const victim = victimOf(scene);
  if (victim === undefined) return undefined;
  const { draws } = scene;
  const choice = draws.below(CONTRADICTIONS.length + PAYLOADS.length);
  const contradiction = CONTRADICTIONS[choice];
  if (contradiction !== undefined) {
    const judge = contradiction[1](victim, scene, clean);
    return { what: contradiction[0], files: victim.editor.copy.changes, judge };
  }
  const [what, make] = defined(PAYLOADS[choice - CONTRADICTIONS.length], 'a payload is drawn');
  const { place, payload } = make(victim, draws);
  victim.editor.reseal(place, { payload });
  const isLast = draws.below(2) === 0;
  if (!isLast) victim.editor.appendFiller(victim.group);
  // Its checksums hold, so it is no torn write, wherever it stands.
  return {
    what: `${what}${isLast ? '' : ', and a record behind it'}`,
    files: victim.editor.copy.changes,
    judge: broken(victim.group),
  };
}

/** A record that does not hold: torn at the end of the log, damage before it. */
export function unreadableRecord(scene: Scene, clean: LivingCopy): Damage | undefined {
  const victim = victimOf(scene);
  if (victim === undefined) return undefined;
  const { editor, group } = victim;
  const { draws } = scene;
  const place = editor.appendFiller(group);
  const kind = draws.below(5);
  if (kind === 0) {
    const cut = place.offset + draws.below(place.bytes);
    editor.cut(place.file, cut);
    return { what: `the log cut to ${cut} bytes`, files: editor.copy.changes, judge: opensAs(clean) };
  }
  if (kind === 1) {
    const header = { number: 1, watermark: 0, groupPrevious: { number: 0, crc: 0 } };
    editor.reseal(place, { header });
    return { what: 'a record of an earlier life', files: editor.copy.changes, judge: opensAs(clean) };
  }
  if (kind === 2) return lostRecords(scene, editor, group);
  if (kind === 3) {
    return { what: 'files read at odd addresses', files: editor.copy.changes, isUnaligned: true, judge: opensAs(clean) };
  }
  const isKnown = draws.below(2) === 0;
  if (isKnown) editor.appendFiller(group);
  const [field, at, length] = FIELDS[draws.below(FIELDS.length)] as (typeof FIELDS)[number];
  editor.overwrite(place.file, place.offset + at, place.offset + at + length, 0xff);
  const judge = isKnown ? broken(group) : opensAs(clean);
  return { what: `a record of impossible ${field}${isKnown ? ' before another' : ''}`, files: editor.copy.changes, judge };
}

/**
 * Two records are lost. Within one segment nothing tells whose the first was: no group can be shown to be whole, not even
 * one without a log. A segment's header between them tells where every group stood, so there only the one group is hurt.
 */
function lostRecords({ manifest }: Scene, editor: LogEditor, group: GroupId): Damage {
  const first = editor.appendFiller(group);
  const second = editor.appendFiller(group);
  const third = editor.appendFiller(group);
  editor.overwrite(first.file, first.offset, first.offset + first.bytes, 0xaa);
  editor.overwrite(second.file, second.offset, second.offset + second.bytes, 0xaa);
  const more = withGroup(manifest, () => true);
  editor.copy.put(CLUSTER_FILE, encodeManifest(more));
  const isTold = third.file !== first.file;
  const hurt = isTold ? [group] : groupsOf(more).map((members) => members.group);
  const judge = both(reportsDamage, quarantines(hurt, 'log_damaged'));
  const what = isTold ? 'two records lost' : 'two records lost, one of them of nobody knows whom';
  return { what, files: editor.copy.changes, judge };
}
