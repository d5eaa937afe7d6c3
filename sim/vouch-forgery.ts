/**
 * Messages that no correct node sends, made from one that was sent: what a broken or hostile member could say besides
 * lying about its log. A receiver must drop or survive every one of them; none may cost more than an election.
 * Not here: what Raft cannot survive, a member that lies about votes, terms it led, or entries it holds.
 */
import type { Envelope, PeerMessage } from '../core/codec/envelope.ts';
import { decodeFrame, encodeFrame, type Frame } from '../core/codec/frame.ts';
import { type GroupId, INDEX_ZERO, type LogIndex, type NodeId, plus, TERM_ZERO, type Term } from '../core/ids.ts';
import { configurationOf, type Entry, EntryKind, type Message } from '../core/raft/message.ts';
import type { Claim } from '../core/replica/divergence-message.ts';
import { nonConfigurations } from './non-configurations.ts';
import type { ForgedFrame, SentFrame } from './protocol.ts';
import type { Draws } from './tape.ts';

/** Terms, indexes and rounds far beyond any that a run reaches, and still ones that the codec carries. */
const TERM_BEYOND = (2 ** 50) as Term;
const BEYOND = 2 ** 40;
const GROUP_BEYOND = 3000 as GroupId;
const BIT_FLIPS_MAX = 4;

/** A message in the place of a real one; `back` = it goes to whoever sent that one. */
interface Forgery {
  readonly message: PeerMessage;
  readonly back: boolean;
}

/** @returns undefined where nothing impossible can be made of the frame. */
export function forge(sent: SentFrame, draws: Draws): ForgedFrame | undefined {
  const decoded = decodeFrame(sent.bytes);
  if (!decoded.ok) return undefined;
  const { value: frame } = decoded;
  switch (draws.below(8)) {
    case 0:
      return { back: false, bytes: damaged(sent.bytes, draws) };
    case 1:
      return { back: false, bytes: encodeFrame({ ...frame, envelopes: frame.envelopes.map(elsewhere) }) };
    case 2:
      return { back: false, bytes: encodeFrame({ ...frame, envelopes: frame.envelopes.map(beyondAllTerms) }) };
    default:
      return forgedMessage(frame, sent.to, draws);
  }
}

/** A frame as a bad wire delivers it: the checksum must notice. */
function damaged(bytes: Uint8Array, draws: Draws): Uint8Array {
  const copy = bytes.slice(0, draws.below(2) === 0 ? bytes.length : draws.below(bytes.length));
  const flips = 1 + draws.below(BIT_FLIPS_MAX);
  for (let i = 0; i < flips && copy.length > 0; i += 1) {
    const at = draws.below(copy.length);
    copy[at] = (copy[at] as number) ^ (1 << draws.below(8));
  }
  return copy;
}

function elsewhere({ message }: Envelope): Envelope {
  return { group: GROUP_BEYOND, message };
}

function beyondAllTerms({ group, message }: Envelope): Envelope {
  if ('term' in message) return { group, message: { ...message, term: TERM_BEYOND } };
  return { group, message: 'index' in message ? { ...message, index: plus(message.index, BEYOND) } : message };
}

function forgedMessage(frame: Frame, receiver: NodeId, draws: Draws): ForgedFrame | undefined {
  const { group, message } = frame.envelopes[draws.below(frame.envelopes.length)] as Envelope;
  const forgery = impossible(message, receiver, draws);
  if (forgery === undefined) return undefined;
  const sender = forgery.back ? receiver : frame.sender;
  const envelopes = [{ group, message: forgery.message }];
  return { back: forgery.back, bytes: encodeFrame({ cluster: frame.cluster, sender, envelopes }) };
}

/** One thing that a correct node would not have said where it said the given message. */
function impossible(message: PeerMessage, receiver: NodeId, draws: Draws): Forgery | undefined {
  switch (message.kind) {
    case 'appendEntries':
      if (message.entries.length > 0 && draws.below(2) === 0) {
        return draws.below(2) === 0 ? withWrongTerms(message, draws) : withoutConfiguration(message, receiver, draws);
      }
      return draws.below(2) === 0 ? secondLeader(message.term, draws) : unasked(message.term);
    case 'heartbeat':
      if (draws.below(3) === 0) return impossibleOffer(message.term, receiver, draws);
      return draws.below(2) === 0 ? secondLeader(message.term, draws) : unasked(message.term);
    case 'appendResponse':
      return { back: false, message: { ...message, ok: true, index: plus(message.index, BEYOND) } };
    case 'heartbeatResponse':
      return { back: false, message: { ...message, context: message.context + BEYOND } };
    case 'readIndexResponse':
      return { back: false, message: { ...message, context: message.context + BEYOND } };
    case 'installSnapshot':
      if (draws.below(2) === 0) return impossibleOffer(message.term, receiver, draws);
      return { back: false, message: { ...message, manifest: flipped(message.manifest, draws) } };
    case 'hibernate':
      return { back: true, message };
    case 'alive':
      return { back: false, message: { ...message, low: message.low ^ 1 } };
    case 'blocksTold':
    case 'blocksAnswered':
      return { back: false, message: { ...message, claims: message.claims.map((claim) => otherBlock(claim, draws)) } };
    case 'snapshotPull':
      return { back: false, message: { ...message, number: message.number + BIT_FLIPS_MAX } };
    case 'snapshotChunk':
      return { back: false, message: { ...message, bytes: flipped(message.bytes, draws) } };
    default:
      return undefined;
  }
}

/** A lie about a block: one member's word, which must make nobody give up a vault. */
function otherBlock(claim: Claim, draws: Draws): Claim {
  return { ...claim, blockHash: flipped(claim.blockHash, draws) };
}

/** One bit is another one. */
function flipped(bytes: Uint8Array, draws: Draws): Uint8Array {
  const copy = bytes.slice();
  const at = draws.below(Math.max(copy.length, 1));
  if (copy.length > 0) copy[at] = (copy[at] as number) ^ (1 << draws.below(8));
  return copy;
}

/** Entries whose terms fall, or exceed their leader's. */
function withWrongTerms(message: Extract<Message, { kind: 'appendEntries' }>, draws: Draws): Forgery {
  const at = draws.below(message.entries.length);
  const term = draws.below(2) === 0 ? plus(message.term, 1) : TERM_ZERO;
  const entries: readonly Entry[] = message.entries.map((entry, i) => (i === at ? { ...entry, term } : entry));
  // A term of zero is below that of every entry before; where there is none before, the first entry says so itself.
  return { back: false, message: { ...message, prevTerm: plus(message.prevTerm, message.prevIndex === 0 ? 1 : 0), entries } };
}

/** A configuration entry that holds none: the append is dropped before anything of it is believed. */
function withoutConfiguration(message: Extract<Message, { kind: 'appendEntries' }>, receiver: NodeId, draws: Draws): Forgery {
  const at = draws.below(message.entries.length);
  const nothings = nonConfigurations([receiver], draws);
  const data = nothings[draws.below(nothings.length)] as Uint8Array;
  const entries = message.entries.map((entry, i) => (i === at ? { ...entry, kind: EntryKind.configuration, data } : entry));
  return { back: false, message: { ...message, entries } };
}

/** A snapshot of nothing, of an entry of a later term than its leader's, of a term that never was, or offered to the leader. */
function impossibleOffer(term: Term, receiver: NodeId, draws: Draws): Forgery {
  const offer = { kind: 'installSnapshot', configuration: configurationOf([receiver]), manifest: new Uint8Array(0) } as const;
  const nothing = { ...offer, term, index: INDEX_ZERO, indexTerm: TERM_ZERO };
  switch (draws.below(4)) {
    case 0:
      return { back: false, message: nothing };
    case 1:
      return { back: false, message: { ...nothing, index: plus(INDEX_ZERO, 1), indexTerm: plus(term, 1) } };
    case 2:
      return { back: false, message: { ...nothing, term: TERM_ZERO } };
    default:
      return { back: true, message: nothing };
  }
}

/** The follower speaks to its leader as if it led the same term. It claims nothing about the log. */
function secondLeader(term: Term, draws: Draws): Forgery {
  const prevIndex: LogIndex = INDEX_ZERO;
  if (draws.below(2) === 0) return { back: true, message: { kind: 'heartbeat', term, commit: INDEX_ZERO, context: 0 } };
  return {
    back: true,
    message: { kind: 'appendEntries', term, prevIndex, prevTerm: TERM_ZERO, commit: INDEX_ZERO, entries: [] },
  };
}

/** A follower tells its leader to campaign, which leads already. The other way round it would be a transfer, which ends a lease. */
function unasked(term: Term): Forgery {
  return { back: true, message: { kind: 'timeoutNow', term } };
}
