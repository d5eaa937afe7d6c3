/**
 * A copy is offered a snapshot by a peer that leads it, and fetches it: a right one, one of a state that is none, one whose chunks are
 * wrong at first, over what an earlier fetch left behind. It ends with that state, or with the one it had.
 */
import { defined } from '../../core/assert.ts';
import { equalBytes } from '../../core/bytes/compare.ts';
import { MerkleLog } from '../../core/chain/merkle-log.ts';
import { type GroupId, type LogIndex, plus, type Term } from '../../core/ids.ts';
import { membersOf } from '../../core/raft/configuration.ts';
import { encodeConfiguration } from '../../core/raft/configuration-bytes.ts';
import { configurationOf, EntryKind } from '../../core/raft/message.ts';
import { FETCHING_SUFFIX, snapshotName } from '../../core/snapshot/file.ts';
import { chunkHash, SECTIONS, type SnapshotManifest } from '../../core/snapshot/manifest.ts';
import { nameOf } from '../../core/snapshot/message.ts';
import type { Draws } from '../tape.ts';
import { type Checkpoint, chunksOf, fetchedFile, usable, withNonsense, writeSnapshot } from './checkpoints.ts';
import { withBitFlipped } from './copy.ts';
import type { Damage, Judge, Scene } from './damage.ts';
import { Talk, withStranger } from './hostile-peer.ts';
import type { LivingCopy } from './opening.ts';

/** Turns of the conversation, far more than a fetch takes; all of them together shorter than an election timeout. */
const TURNS_MAX = 300;
const TURN_MICROS = 100;
/** How far behind the log the offered snapshot ends. */
const AHEAD = 50;

type Chunks = readonly (readonly Uint8Array[])[];
type Manner = 'right' | 'spoilt at first' | 'never had';

interface Offer {
  readonly what: string;
  readonly manifest: SnapshotManifest;
  readonly manifestBytes: Uint8Array;
  readonly chunks: Chunks;
  readonly manner: Manner;
  /** Left behind by an earlier fetch. */
  readonly part: Uint8Array | undefined;
  /** Reads of that file that succeed. */
  readonly readable: number | undefined;
  /** undefined: whether it can be used depends on when the file can be read no more. */
  readonly isUsable: boolean | undefined;
}

export function hostileFetch(scene: Scene, clean: LivingCopy): Damage | undefined {
  const { draws } = scene;
  const known = [...usable(scene)].filter(([id]) => clean.groups.includes(id));
  if (known.length === 0) return undefined;
  const [group, checkpoints] = known[draws.below(known.length)] as (typeof known)[number];
  const checkpoint = defined(checkpoints.at(-1), 'the group has a checkpoint');
  if (draws.below(4) === 3) return servedFile(scene, clean, checkpoint);
  const offer = drawOffer(scene, clean, checkpoint);
  const peer = withStranger(scene);
  const files = new Map(peer.files);
  const name = snapshotName({ group, index: offer.manifest.index });
  if (offer.part !== undefined) files.set(name + FETCHING_SUFFIX, offer.part);
  const judge: Judge = (opening) => {
    if (opening.kind === 'refused') return 'not with its groups';
    if (opening.node.replica.manifest()?.revision !== peer.manifest.revision) return 'not with its peer';
    const talk = new Talk(opening.node, group, peer.stranger, peer.manifest);
    return converse(scene, talk, offer) ?? talk.lost();
  };
  const readable = offer.readable === undefined ? {} : { readable: new Map([[name + FETCHING_SUFFIX, offer.readable]]) };
  return { what: `a peer that offers ${offer.what}, ${offer.manner}`, files, ...readable, judge };
}

function drawOffer({ reader, hasher, draws }: Scene, clean: LivingCopy, checkpoint: Checkpoint): Offer {
  const { raft } = defined(clean.replica.group(checkpoint.place.group), 'the group is up');
  const index = plus(raft.lastIndex, AHEAD) as LogIndex;
  const base = { ...checkpoint.manifest, index, term: plus(raft.term, 1) as Term };
  const right = chunksOf(reader, checkpoint);
  const wrong = withNonsense(right, (bound) => draws.below(bound));
  const whole = writeSnapshot(hasher, base, right);
  const manner = (['right', 'right', 'spoilt at first', 'never had'] as const)[draws.below(4)] as Manner;
  const isUsable = manner !== 'never had' || right.every((list) => list.length === 0); // where nothing is to be had, nothing is missing
  const offer = {
    ...whole,
    what: 'a snapshot',
    chunks: right,
    manner,
    part: undefined,
    readable: undefined,
    isUsable,
  };
  const file = whole.bytes;
  switch (draws.below(9)) {
    case 0:
      return { ...offer, what: 'a snapshot that is there already', part: file, isUsable: true };
    case 1:
      return {
        ...offer,
        what: 'a snapshot that is there in part',
        part: cutShort(fetchedFile(base, whole.manifestBytes, right), draws),
      };
    case 2:
      return { ...offer, what: 'a snapshot where garbage is', part: new Uint8Array(draws.below(100)).fill(0x5a) };
    case 3: {
      const other = writeSnapshot(hasher, { ...base, term: plus(base.term, 1) as Term }, right).bytes;
      return { ...offer, what: 'a snapshot where another one is', part: other };
    }
    case 4:
      return {
        ...offer,
        what: 'a snapshot that is there and unreadable',
        part: file,
        readable: draws.below(12),
        isUsable: isUsable ? true : undefined,
      };
    case 5: // given up, and fetched anew when it is offered again
      if (wrong === undefined) return offer;
      return {
        ...offer,
        what: 'a snapshot that is there with a wrong chunk',
        part: fetchedFile(base, whole.manifestBytes, wrong),
      };
    case 6: {
      if (wrong === undefined) return offer;
      return { ...offer, ...writeSnapshot(hasher, base, wrong), what: 'a snapshot of no state', chunks: wrong, isUsable: false };
    }
    case 7: {
      const other = writeSnapshot(hasher, { ...base, index: plus(base.index, 1) as LogIndex }, right);
      return { ...offer, what: 'a snapshot under another index', manifestBytes: other.manifestBytes, isUsable: false };
    }
    default:
      return offer;
  }
}

/** The end of it is not written yet. */
function cutShort(part: Uint8Array, draws: Draws): Uint8Array {
  return part.slice(0, part.length - 1 - draws.below(Math.min(part.length >> 1, 400)));
}

/** The conversation. @returns what was wrong about how it ended. */
function converse({ hasher, draws }: Scene, talk: Talk, offer: Offer): string | undefined {
  const { raft, node } = talk;
  const { manifest, manifestBytes, manner } = offer;
  const { lastIndex, commitIndex } = raft;
  const term = talk.lead();
  if (term !== manifest.term && offer.isUsable === true) return 'without following its leader';
  const { index, term: indexTerm, configuration } = manifest;
  const name = nameOf(hasher, index, manifestBytes);
  node.sent = [];
  talk.say({ kind: 'installSnapshot', term, index, indexTerm, configuration, manifest: manifestBytes });
  const isOvertaken = offer.part === undefined && manner === 'right' && draws.below(2) === 1;
  const end = isOvertaken ? appendMeanwhile(talk, manifest) : lastIndex;
  let spoilt = 0;
  for (let turn = 0; turn < TURNS_MAX && raft.commitIndex < index; turn += 1) {
    const sent = node.sent;
    node.sent = [];
    for (const { to, envelope } of sent) {
      const pull = envelope.message;
      if (pull.kind !== 'snapshotPull' || !equalBytes(pull.manifestHash, name.manifestHash)) continue;
      const { section, number } = pull;
      const bytes = offer.chunks[section]?.[number];
      if (manner === 'never had' || bytes === undefined || to !== talk.stranger) {
        talk.say({ kind: 'snapshotGone', ...name, section, number }, to);
        continue;
      }
      const isSpoilt = manner === 'spoilt at first' && spoilt < 3 && bytes.length > 0;
      if (isSpoilt) spoilt += 1;
      const path = pathOf(hasher, offer.chunks, section, number);
      talk.say({ kind: 'snapshotChunk', ...name, section, number, path, bytes: isSpoilt ? withBitFlipped(bytes, draws) : bytes });
    }
    if (turn === 20 && !isOvertaken)
      talk.say({ kind: 'installSnapshot', term, index, indexTerm, configuration, manifest: manifestBytes });
    node.pass(TURN_MICROS);
  }
  const isThere = raft.commitIndex === index && raft.lastIndex === Math.max(index, end);
  if (isThere) return offer.isUsable === false ? 'with a state that is none' : undefined;
  // A source that was removed is asked in vain until the pull times out, which takes longer than this conversation.
  const members = node.replica.manifest()?.members ?? [];
  const isAnybodyGone = membersOf(configuration).some((id) => members.find((member) => member.id === id)?.removed !== false);
  if (offer.isUsable === true) return isAnybodyGone ? undefined : 'without the state that it was offered';
  return raft.commitIndex === commitIndex && raft.lastIndex === end ? undefined : 'with a log that is neither';
}

/** While it fetches, the log comes after all, to behind the snapshot's end; nothing of it is committed. @returns its last index. */
function appendMeanwhile(talk: Talk, { index, term }: SnapshotManifest): LogIndex {
  const { raft, voters } = talk;
  const first = raft.lastIndex + 1;
  const entries = Array.from({ length: index + 2 - first }, (_, i) => ({
    index: (first + i) as LogIndex,
    term,
    kind: EntryKind.normal,
    data: new Uint8Array(0),
  }));
  const configuration = {
    index: plus(index, 2),
    term,
    kind: EntryKind.configuration,
    data: encodeConfiguration(configurationOf(voters)),
  };
  talk.append(term, raft.lastIndex, [...entries, configuration]);
  return raft.lastIndex;
}

function pathOf(hasher: Scene['hasher'], chunks: Chunks, section: number, number: number): readonly Uint8Array[] {
  const log = new MerkleLog(hasher);
  for (const bytes of chunks[section] ?? []) log.append(chunkHash(hasher, bytes));
  return log.inclusion(number);
}

/** A peer asks for chunks of a checkpoint whose file has gone bad since the node opened it. */
function servedFile(scene: Scene, clean: LivingCopy, checkpoint: Checkpoint): Damage | undefined {
  const { draws, hasher } = scene;
  const { name, manifest, index } = checkpoint;
  // What the node gave up when it opened, for a newer checkpoint on pages, is not served.
  if (clean.removed.includes(name)) return undefined;
  const peer = withStranger(scene);
  const group: GroupId = manifest.group;
  const isUnreadable = draws.below(2) === 0;
  const judge: Judge = (opening) => {
    if (opening.kind === 'refused') return 'not with its groups';
    if (opening.node.replica.manifest()?.revision !== peer.manifest.revision) return 'not with its peer';
    const { node } = opening;
    const talk = new Talk(node, group, peer.stranger, peer.manifest);
    const snapshot = nameOf(hasher, manifest.index, defined(index.manifestBytes, 'a whole snapshot has a manifest'));
    const answers = (section: (typeof SECTIONS)[number], number: number): string => {
      node.sent = [];
      talk.say({ kind: 'snapshotPull', ...snapshot, section, number });
      return node.sent.map(({ envelope }) => envelope.message.kind).join();
    };
    const section = SECTIONS.find((each) => (manifest.sections[each]?.chunks ?? 0) > 0);
    if (section === undefined) return undefined;
    if (answers(section, 1 << 20) !== 'snapshotGone') return 'with a chunk that is none';
    if (answers(section, 0) !== 'snapshotChunk') return 'without a chunk that it has';
    if (isUnreadable) node.directory.spoil(name);
    else node.directory.put(name, new Uint8Array(index.end).fill(0xaa));
    if (answers(section, 0) !== 'snapshotGone') return 'with a chunk from a file that is damaged';
    for (let turn = 0; turn < TURNS_MAX; turn += 1) node.pass(TURN_MICROS);
    return talk.lost();
  };
  return { what: `${name} damaged while it is served`, files: peer.files, judge };
}
