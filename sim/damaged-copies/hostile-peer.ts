/**
 * A copy is opened, and the only peer it hears is one that breaks the rules of Raft, which no run could let it do: a copy has no
 * cluster whose safety could end. What was committed on it must stay as it was, and no invariant of its own may break.
 */
import { defined } from '../../core/assert.ts';
import { drawId } from '../../core/bytes/hex-id.ts';
import type { PeerMessage } from '../../core/codec/envelope.ts';
import { encodeFrame } from '../../core/codec/frame.ts';
import { type GroupId, INDEX_ZERO, type LogIndex, type NodeId, plus, TERM_ZERO, type Term } from '../../core/ids.ts';
import { encodeConfiguration } from '../../core/raft/configuration-bytes.ts';
import { type Configuration, configurationOf, type Entry, EntryKind } from '../../core/raft/message.ts';
import type { Raft } from '../../core/raft/raft.ts';
import { CLUSTER_FILE } from '../../core/replica/directory.ts';
import { encodeManifest, type Manifest } from '../../core/replica/manifest.ts';
import { memberOf } from '../../core/state/member-table.ts';
import { recoverWal } from '../../core/wal/recover.ts';
import { entropyFrom } from '../entropy.ts';
import { nonConfigurations } from '../non-configurations.ts';
import type { Draws } from '../tape.ts';
import type { ChangedFiles } from './copy.ts';
import type { Damage, Scene } from './damage.ts';
import { FIRST_SEQ, LivingCopy } from './opening.ts';
import { newestGroup, withGroup } from './small-files.ts';

const NOTHING: Uint8Array = new Uint8Array(0);
const STRANGER_ADDRESS = '127.0.0.1:4999';

/** One group of a copy, and who speaks to it. */
export class Talk {
  readonly node: LivingCopy;
  readonly group: GroupId;
  /** A member of the cluster and of no group. */
  readonly stranger: NodeId;
  private readonly manifest: Manifest;
  private committed: readonly Entry[] = [];
  commitBefore: LogIndex = INDEX_ZERO;

  constructor(node: LivingCopy, group: GroupId, stranger: NodeId, manifest: Manifest) {
    this.node = node;
    this.group = group;
    this.stranger = stranger;
    this.manifest = manifest;
    this.remember();
  }

  /** What is committed now must stay. */
  private remember(): void {
    this.commitBefore = this.raft.commitIndex;
    this.committed = this.raft.entries(INDEX_ZERO, this.commitBefore);
  }

  get raft(): Raft {
    return defined(this.node.replica.group(this.group), 'the group is up').raft;
  }

  get voters(): readonly NodeId[] {
    return this.raft.newestConfiguration.configuration.voters;
  }

  say(message: PeerMessage, from: NodeId = this.stranger): void {
    const envelopes = [{ group: this.group, message }];
    this.node.give({ kind: 'frame', from, bytes: encodeFrame({ cluster: this.manifest.cluster, sender: from, envelopes }) });
  }

  /** The stranger becomes the leader of a new term. @returns the term. */
  lead(): Term {
    const term = plus(this.raft.term, 1) as Term;
    this.say({ kind: 'heartbeat', term, commit: INDEX_ZERO, context: 0 });
    return term;
  }

  /** The stranger leads, and says that everything is committed. @returns the term. */
  leadAndCommit(): Term {
    const term = this.lead();
    this.say({ kind: 'heartbeat', term, commit: this.raft.lastIndex, context: 0 });
    this.remember();
    return term;
  }

  append(term: Term, prevIndex: LogIndex, entries: readonly Entry[], commit: LogIndex = INDEX_ZERO): void {
    const prevTerm = this.raft.entry(prevIndex)?.term ?? termOfBase(this.raft, prevIndex);
    this.say({ kind: 'appendEntries', term, prevIndex, prevTerm, commit, entries });
  }

  /** @returns what of the committed log is not what it was. */
  lost(): string | undefined {
    const fatal = this.node.fatals[0];
    if (fatal !== undefined) return `with ${fatal.code}: ${fatal.detail}`;
    const { raft } = this;
    if (raft.commitIndex < this.commitBefore) return 'with a commit index that fell';
    const other = this.committed.find((entry) => {
      const now = raft.entry(entry.index);
      return now === undefined ? entry.index > raft.baseIndex : now.term !== entry.term || now.data.length !== entry.data.length;
    });
    return other === undefined ? undefined : `with another entry ${other.index} in its committed log`;
  }
}

function termOfBase(raft: Raft, index: LogIndex): Term {
  return index > INDEX_ZERO && index === raft.baseIndex ? raft.snapshotMeta(index).term : TERM_ZERO;
}

/** @returns what was wrong about how the copy took it. */
export type Story = (talk: Talk, draws: Draws) => string | undefined;

function entry(index: number, term: Term, kind: EntryKind = EntryKind.normal, data: Uint8Array = NOTHING): Entry {
  return { index: index as LogIndex, term, kind, data };
}

function replaceCommitted(talk: Talk, draws: Draws): string | undefined {
  const { raft } = talk;
  const term = talk.leadAndCommit();
  const count = raft.commitIndex - raft.baseIndex;
  if (count < 1) return undefined;
  const index = raft.baseIndex + 1 + draws.below(count);
  talk.append(term, plus(index as LogIndex, -1), [entry(index, term)], index as LogIndex);
  return undefined;
}

function appendNonConfiguration(talk: Talk, draws: Draws): string | undefined {
  const term = talk.lead();
  const { lastIndex } = talk.raft;
  for (const data of nonConfigurations(talk.voters, draws)) {
    talk.append(term, lastIndex, [entry(lastIndex + 1, term, EntryKind.configuration, data)]);
    if (talk.raft.lastIndex !== lastIndex) return 'with an entry that holds no configuration';
  }
  return undefined;
}

/** A configuration that never commits is taken back with the log that held it. */
function rollBack(talk: Talk): string | undefined {
  const before = talk.raft.newestConfiguration;
  const { lastIndex } = talk.raft;
  const { voters } = before.configuration;
  const term = talk.lead();
  const joint: Configuration = { ...configurationOf(voters), votersOutgoing: voters, autoLeave: true };
  const next = configurationOf([talk.stranger]);
  talk.append(term, lastIndex, [
    entry(lastIndex + 1, term, EntryKind.configuration, encodeConfiguration(joint)),
    entry(lastIndex + 2, term, EntryKind.configuration, encodeConfiguration(next)),
  ]);
  if (talk.raft.newestConfiguration.configuration.voters.join() !== talk.stranger) return 'without following its leader';
  const later = talk.lead();
  talk.append(later, lastIndex, [entry(lastIndex + 1, later)]);
  return talk.raft.newestConfiguration.index === before.index ? undefined : 'with a configuration that was taken back';
}

/** Offers that are none, of which nothing may be asked for. */
function impossibleOffers(talk: Talk): string | undefined {
  const term = talk.lead();
  const configuration = configurationOf(talk.voters);
  const base = { kind: 'installSnapshot', configuration, manifest: NOTHING } as const;
  const beyond = plus(talk.raft.lastIndex, 10);
  talk.node.sent = [];
  talk.say({ ...base, term: plus(term, -1), index: beyond, indexTerm: plus(term, -1) });
  talk.say({ ...base, term, index: INDEX_ZERO, indexTerm: TERM_ZERO });
  talk.say({ ...base, term, index: beyond, indexTerm: plus(term, 1) });
  talk.say({ ...base, term, index: beyond, indexTerm: term });
  talk.node.pass(1000);
  const isAsked = talk.node.sent.some(({ envelope }) => envelope.message.kind === 'snapshotPull');
  return isAsked ? 'with a question for a snapshot that is none' : undefined;
}

/** The copy leads, by votes of its peers, and hears what no follower says. */
function hecklers(talk: Talk, draws: Draws): string | undefined {
  talk.lead();
  const isAlone = talk.voters.length === 1; // then it commits by itself, and may take others in
  talk.say({ kind: 'timeoutNow', term: plus(talk.raft.term, draws.below(2)) });
  for (const voter of talk.voters) {
    if (voter !== talk.node.replica.id) talk.say({ kind: 'requestVoteResponse', term: talk.raft.term, granted: true }, voter);
  }
  if (talk.raft.role !== 'leader') return undefined; // not a voter, or of peers that were removed since
  const { term } = talk.raft;
  const answer = { kind: 'appendResponse', term, hintIndex: INDEX_ZERO, hintTerm: TERM_ZERO } as const;
  const from = talk.voters.find((id) => id !== talk.node.replica.id) ?? talk.stranger;
  talk.say({ ...answer, ok: true, index: talk.raft.lastIndex });
  talk.say({ kind: 'heartbeatResponse', term, context: 0 });
  talk.say({ ...answer, ok: true, index: plus(talk.raft.lastIndex, 1) }, from);
  talk.say({ ...answer, ok: false, index: talk.raft.lastIndex, hintIndex: plus(talk.raft.lastIndex, 5) }, from);
  talk.say({ kind: 'heartbeat', term, commit: talk.raft.lastIndex, context: 0 }, from);
  talk.append(term, talk.raft.lastIndex, [entry(talk.raft.lastIndex + 1, term)]);
  const installs = { index: plus(talk.raft.lastIndex, 10), indexTerm: term, configuration: configurationOf(talk.voters) };
  talk.say({ kind: 'installSnapshot', term, ...installs, manifest: NOTHING }, from);
  if (!isAlone && talk.raft.commitIndex > talk.commitBefore) return 'with a commit that no quorum made';
  talk.say({ kind: 'heartbeatResponse', term: plus(term, 1), context: 0 }, from);
  return talk.raft.role === 'leader' ? 'by leading on in an older term' : undefined;
}

/** Its disk refuses a write: from then on it says nothing. */
function refusedWrite(talk: Talk): string | undefined {
  talk.node.give({ kind: 'persistFailed', seq: FIRST_SEQ, code: 'EIO' });
  return silentAfterFailure(talk.node, () =>
    talk.say({ kind: 'heartbeat', term: plus(talk.raft.term, 1), commit: INDEX_ZERO, context: 0 }),
  );
}

function silentAfterFailure(node: LivingCopy, say: () => void): string | undefined {
  if (node.fatals.pop()?.code !== 'persist_failed') return 'without giving up its disk';
  node.sent = [];
  say();
  node.pass(1_000_000);
  return node.sent.length === 0 && node.fatals.length === 0 ? undefined : 'with words after it had given up';
}

/** The disk refuses even the first write. */
export function refusingDisk(scene: Scene): Damage {
  return {
    what: 'a disk that refuses its repairs',
    files: new Map(),
    judge: (opening) => {
      if (opening.kind === 'refused') return 'not with its groups';
      const { directory } = opening.node;
      const node = new LivingCopy(directory, { ...scene, reader: directory }, 'refuses');
      const complaint = silentAfterFailure(node, () => node.give({ kind: 'persisted', seq: FIRST_SEQ }));
      return complaint ?? (node.groups.length === 0 ? undefined : 'with groups that are up');
    },
  };
}

export const STORIES: readonly (readonly [string, Story])[] = [
  ['replaces what is committed', replaceCommitted],
  ['appends configurations that are none', appendNonConfiguration],
  ['takes configurations back', rollBack],
  ['offers snapshots that are none', impossibleOffers],
  ['answers what was never asked', hecklers],
  ['watches a disk fail', refusedWrite],
];

/** The original with one member more, who is in no group. */
export function withStranger({ manifest, draws }: Scene): {
  readonly files: ChangedFiles;
  readonly stranger: NodeId;
  readonly manifest: Manifest;
} {
  const stranger = drawId<'NodeId'>(entropyFrom(draws));
  const members = [...manifest.members, memberOf(stranger, STRANGER_ADDRESS)].sort((a, b) => (a.id < b.id ? -1 : 1));
  const more = { ...manifest, members, revision: plus(manifest.revision, 1) };
  return { files: new Map([[CLUSTER_FILE, encodeManifest(more)]]), stranger, manifest: more };
}

/** A member speaks of a group that the copy is no founder of, and of one that nobody knows. */
export function newGroup(scene: Scene, clean: LivingCopy): Damage | undefined {
  const { id } = clean.replica;
  if (scene.manifest.founders.every((founder) => founder.id === id)) return undefined;
  if (recoverWal(scene.reader).allQuarantined) return undefined; // what it lost once may have been a record of that very group
  const peer = withStranger(scene);
  const manifest = withGroup(peer.manifest, (founder) => founder !== id);
  const group = newestGroup(manifest);
  return {
    what: 'a group more',
    files: new Map([[CLUSTER_FILE, encodeManifest(manifest)]]),
    judge: (opening) => {
      if (opening.kind === 'refused') return 'not with its groups';
      const { replica } = opening.node;
      if (replica.group(group) !== undefined) return 'with a group that it is not in';
      const frame = (of: GroupId): void => {
        const message = { kind: 'heartbeat', term: 1 as Term, commit: INDEX_ZERO, context: 0 } as const;
        const { cluster } = manifest;
        const bytes = encodeFrame({ cluster, sender: peer.stranger, envelopes: [{ group: of, message }] });
        opening.node.give({ kind: 'frame', from: peer.stranger, bytes });
      };
      frame(plus(group, 1));
      frame(group);
      if (replica.group(plus(group, 1)) !== undefined) return 'with a group that there is not';
      return replica.group(group)?.raft.leader === peer.stranger ? undefined : 'without a group that it is told of';
    },
  };
}

export function hostilePeer(scene: Scene, clean: LivingCopy): Damage | undefined {
  const { draws } = scene;
  const group = clean.groups[draws.below(clean.groups.length)] as GroupId;
  const { files, stranger, manifest } = withStranger(scene);
  const [what, story] = STORIES[draws.below(STORIES.length)] as (typeof STORIES)[number];
  return {
    what: `a peer that ${what}`,
    files,
    judge: (opening) => {
      if (opening.kind === 'refused') return 'not with its groups';
      if (opening.node.replica.manifest()?.revision !== manifest.revision) return 'not with its peer';
      const talk = new Talk(opening.node, group, stranger, manifest);
      return story(talk, draws) ?? talk.lost();
    },
  };
}
