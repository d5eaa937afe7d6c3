/**
 * When two states of a member are one: the text of everything that can still make a difference. Written by going through the
 * objects of the production code, whatever fields they have, and leaving out or levelling only what is named here:
 * - Times. With checkQuorum off nothing compares them but deadlines, and a deadline is an input of the exploration (Member.timeOut)
 *   that may come at any moment. What remains of a time is whether it is NEVER.
 * - Counters of what has been: marks of persisted batches count from the newest, refused messages and the stream of random
 *   numbers (lengths of time-outs, contexts of reads) do not count at all.
 * - What a leader knows of its peers, on nodes that do not lead, and votes on nodes that are not asking for any: becoming leader or
 *   candidate begins them anew.
 * - The order of votes that have arrived, and where in its ring a window of appends begins.
 * - The configuration, which nobody changes.
 * test/sim/explore/abstraction.test.ts takes states that are one by this and gives them equal inputs.
 */
import { NEVER } from '../../core/ids.ts';
import { Inflight } from '../../core/raft/inflight.ts';
import { Lease } from '../../core/raft/lease.ts';
import { RaftLog } from '../../core/raft/log.ts';
import { Members } from '../../core/raft/members.ts';
import type { Entry } from '../../core/raft/message.ts';
import { Persistence } from '../../core/raft/persistence.ts';
import { Progress } from '../../core/raft/progress.ts';
import { Reads } from '../../core/raft/reads.ts';
import { RaftState } from '../../core/raft/state.ts';
import { Votes } from '../../core/raft/votes.ts';
import type { Member } from './member.ts';
import { plainText } from './plain-text.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Fields that make no difference, by class. */
const LEFT_OUT: ReadonlyMap<object, readonly string[]> = new Map<object, readonly string[]>([
  [RaftState.prototype, ['options', 'limits', 'dropped', 'now', 'leaderHeard', 'electionTimeoutMicros', 'configurations']],
  [Members.prototype, ['configuration', 'incoming', 'outgoing', 'limits']],
  [Progress.prototype, ['offeredAt', 'lastHeard', 'roundBegan']],
  [Reads.prototype, ['wireContext']],
  [Lease.prototype, ['durationMicros', 'rounds', 'sentAt']],
  [Persistence.prototype, ['mark']],
]);

/** Fields of which only counts whether they are NEVER. */
const TIMES: readonly string[] = [
  'electionDeadline',
  'heartbeatDeadline',
  'quorumDeadline',
  'transferDeadline',
  'announceDeadline',
  'until',
];

export function keyOf(member: Member): string {
  const state = (member.raft as unknown as { readonly state: RaftState }).state;
  const { disk, pending, held } = member;
  const { term, votedFor, commitIndex } = disk.hardState;
  const newest = pending[pending.length - 1]?.mark ?? 0;
  const batches = pending.map(({ mark, hardState, truncateFrom, entries }) => {
    const hard = hardState === undefined ? '' : `${hardState.term} ${hardState.votedFor ?? ''} ${hardState.commitIndex}`;
    return `${newest - mark};${hard};${truncateFrom ?? ''};${entries.map(entryText).join(' ')}`;
  });
  // In the order of sending, link after link: where links forget, the last one stays.
  const byLink = [...held].sort((a, b) => (a.to < b.to ? -1 : Number(a.to > b.to)));
  const waiting = byLink.map(({ mark, to, message }) => `${newest - mark}>${to} ${plainText(message)}`);
  return [
    new StateText(state.role).of(state),
    `disk ${term} ${votedFor ?? ''} ${commitIndex} ${disk.entries.map(entryText).join(' ')}`,
    batches.join('|'),
    waiting.join('|'),
  ].join('\n');
}

/** Everything about an entry but its index, which is where it stands. */
export function entryText({ term, kind, data }: Entry): string {
  return data.length === 0 ? `${term}.${kind}` : `${term}.${kind}.${data.join('.')}`;
}

class StateText {
  private readonly role: string;
  private readonly seen: Map<object, number> = new Map();

  constructor(role: string) {
    this.role = role;
  }

  of(value: unknown): string {
    if (typeof value === 'function') return '';
    if (typeof value !== 'object' || value === null) return String(value);
    const known = this.seen.get(value);
    if (known !== undefined) return `#${known}`;
    this.seen.set(value, this.seen.size);
    if (Array.isArray(value)) return `[${value.map((part) => this.of(part)).join(',')}]`;
    return this.ofObject(value);
  }

  private ofObject(value: object): string {
    const fields = value as Fields;
    if (value instanceof RaftLog) return logText(fields);
    if (value instanceof Inflight) return windowText(fields);
    if (value instanceof Votes) return this.votesText(fields);
    if (value instanceof Progress && this.role !== 'leader') return String(fields.id);
    if (value instanceof Persistence) return this.persistenceText(value, fields);
    return this.fieldsText(value, fields, (name) => this.fieldText(name, fields[name]));
  }

  private fieldsText(value: object, fields: Fields, text: (name: string) => string): string {
    const omitted = LEFT_OUT.get(Object.getPrototypeOf(value)) ?? [];
    const names = Object.keys(fields).filter((name) => !omitted.includes(name));
    return `{${names.map(text).join(',')}}`;
  }

  private fieldText(name: string, value: unknown): string {
    if (TIMES.includes(name)) return value === NEVER ? 'never' : 'some';
    return this.of(value);
  }

  private votesText({ granted, refused }: Fields): string {
    if (this.role !== 'candidate' && this.role !== 'preCandidate') return '';
    return `${sorted(granted)}/${sorted(refused)}`;
  }

  private persistenceText(value: Persistence, fields: Fields): string {
    const { mark, pending } = fields as {
      readonly mark: number;
      readonly pending: readonly (Fields & { readonly mark: number })[];
    };
    const batches = pending.map((batch) =>
      Object.keys(batch).map((name) => (name === 'mark' ? mark - batch.mark : String(batch[name]))),
    );
    return this.fieldsText(value, fields, (name) => (name === 'pending' ? batches.join(';') : this.of(fields[name])));
  }
}

function sorted(ids: unknown): string {
  return [...(ids as readonly string[])].sort().join();
}

function logText(fields: Fields): string {
  const { entries, ...rest } = fields as { readonly entries: readonly Entry[] };
  return `${Object.values(rest).join()}:${entries.map(entryText).join(' ')}`;
}

/** What is in flight, oldest first, wherever the ring holds it. */
function windowText(fields: Fields): string {
  const { lastIndexes, sizes, start, count, appendsMax } = fields as {
    readonly lastIndexes: readonly number[];
    readonly sizes: readonly number[];
    readonly start: number;
    readonly count: number;
    readonly appendsMax: number;
  };
  const slots = Array.from({ length: count }, (_, i) => (start + i) % appendsMax);
  return slots.map((slot) => `${lastIndexes[slot]}x${sizes[slot]}`).join(' ');
}
