/**
 * The operator of a cluster whose members change: nodes are added as voters or learners, promoted, preferred, moved, replaced and
 * removed, and leadership is handed to whom the operator likes. It does not look before it asks: what makes no sense is refused, and the
 * refusals are part of what is tried. It leaves two voters at least, so that there is always somebody to hand over to.
 */
import type { OperationOutcome } from '../../core/client/operation.ts';
import type { MemberCommand, MemberEntry } from '../../core/client/protocol.ts';
import type { GroupId, NodeId } from '../../core/ids.ts';
import type { Draws } from '../tape.ts';
import { addressOf, movedAddressOf } from '../vouch.ts';
import type { Behaviour, Plan } from './client.ts';

const TIMEOUT_MICROS = 5_000_000;
/** No cluster here has so many groups. */
const STRANGE_GROUP = 999 as GroupId;
const STRANGE_GROUP_EVERY = 20;
/** Few, so that often several nodes have the same one. */
const PRIORITIES: readonly number[] = [0, 100, 100, 200];
/** Voters that are left alone. */
const VOTERS_MIN = 2;

type Wish = 'add' | 'learn' | 'promote' | 'prefer' | 'transfer' | 'move' | 'replace' | 'remove' | 'nonsense';

/** Drawn from: what takes nodes away is wished less often than what brings them. */
const WISHES: readonly Wish[] = [
  'add',
  'transfer',
  'add',
  'learn',
  'promote',
  'promote',
  'transfer',
  'replace',
  'remove',
  'move',
  'prefer',
  'nonsense',
];

export class Operator implements Behaviour {
  /** What it has wished for so far. */
  wishes: number = 0;
  private readonly nodes: readonly NodeId[];
  private readonly groups: readonly GroupId[];
  private readonly pauseMeanMicros: number;
  private readonly draws: Draws;
  private readonly isOpen: () => boolean;
  private readonly lost: () => number | undefined;
  /** Whether the cluster has said that the lost node is no member any more. */
  private hasReplaced: boolean = false;
  private attempts: number = 0;
  private asked: number = 0;
  private answered: number = 0;
  /** Members as the operator was last told, by id. */
  private readonly known: Map<NodeId, Pick<MemberEntry, 'role' | 'removed'>>;

  constructor(options: {
    /** Of the world; the first `founders` are members. */
    readonly nodes: readonly NodeId[];
    readonly founders: number;
    readonly groups: readonly GroupId[];
    readonly pauseMeanMicros: number;
    readonly draws: Draws;
    /** Whether there is anything more to be wished. */
    readonly isOpen: () => boolean;
    /** A node whose disk is gone; undefined: there is none. */
    readonly lost?: () => number | undefined;
  }) {
    this.nodes = options.nodes;
    this.groups = options.groups;
    this.pauseMeanMicros = options.pauseMeanMicros;
    this.draws = options.draws;
    this.isOpen = options.isOpen;
    this.lost = options.lost ?? (() => undefined);
    const founders = options.nodes.slice(0, options.founders);
    this.known = new Map(founders.map((id) => [id, { role: 'voter', removed: false }]));
  }

  think(): number {
    return this.draws.exponential(this.pauseMeanMicros);
  }

  /** Whether it has asked for a change of members that it has no answer to. */
  get isAsking(): boolean {
    return this.asked > this.answered;
  }

  /** A node that is lost and still a member, as far as the operator knows. */
  get missing(): number | undefined {
    return this.hasReplaced ? undefined : this.lost();
  }

  next(): Plan | 'skipped' | undefined {
    const { missing } = this;
    if (missing !== undefined) return this.replaceLost(missing);
    if (!this.isOpen()) return undefined;
    const wish = this.draws.pick(WISHES);
    const node = this.draws.below(this.nodes.length);
    const other = this.draws.below(this.nodes.length);
    const group = this.draws.below(STRANGE_GROUP_EVERY) === 1 ? STRANGE_GROUP : this.draws.pick(this.groups);
    if (wish === 'transfer') return this.transfer(group, this.draws.below(2) === 0 ? undefined : this.nodeAt(node));
    const body = this.command(wish, node, other);
    return body === undefined ? 'skipped' : this.ask(body);
  }

  private command(wish: Exclude<Wish, 'transfer'>, at: number, otherAt: number): MemberCommand | undefined {
    const node = this.nodeAt(at);
    switch (wish) {
      case 'add':
        return { kind: 'addMember', node, address: addressOf(at), role: 'voter' };
      case 'learn':
        return { kind: 'addMember', node, address: addressOf(at), role: 'learner' };
      case 'promote':
        return { kind: 'promoteMember', node };
      case 'prefer':
        return { kind: 'preferMember', node, priority: this.draws.pick(PRIORITIES) };
      case 'nonsense':
        return { kind: 'moveMember', node, address: 'no address' };
      case 'move':
        return { kind: 'moveMember', node, address: movedAddressOf(at) };
      case 'replace':
        if (at === otherAt || this.wouldTakeTooMany(node)) return undefined;
        return { kind: 'replaceMember', node, by: this.nodeAt(otherAt), address: addressOf(otherAt) };
      case 'remove':
        return this.wouldTakeTooMany(node) ? undefined : { kind: 'removeMember', node };
    }
  }

  /** Brings in another node for the one that is lost; where none is to be had, the lost one is removed. Until the cluster has said yes. */
  private replaceLost(at: number): Plan {
    const node = this.nodeAt(at);
    this.attempts += 1;
    const strangers = this.nodes.flatMap((id, other) => (other === at || this.known.has(id) ? [] : [other]));
    const other = this.attempts % 2 === 1 && strangers.length > 0 ? this.draws.pick(strangers) : undefined;
    const body: MemberCommand =
      other === undefined
        ? { kind: 'removeMember', node }
        : { kind: 'replaceMember', node, by: this.nodeAt(other), address: addressOf(other) };
    return this.ask(body, (outcome) => {
      if (outcome.ok) this.hasReplaced = true;
    });
  }

  /** Counts with what was asked for and not answered as if it were done. */
  private wouldTakeTooMany(node: NodeId): boolean {
    const lost = this.lost();
    const isLeft = (id: NodeId): boolean => id !== node && (lost === undefined || id !== this.nodeAt(lost));
    const left = [...this.known].filter(([id, { role, removed }]) => isLeft(id) && role === 'voter' && !removed);
    return left.length < VOTERS_MIN;
  }

  private ask(body: MemberCommand, onDone: (outcome: OperationOutcome) => void = () => undefined): Plan {
    this.wishes += 1;
    this.asked += 1;
    if (body.kind === 'removeMember' || body.kind === 'replaceMember')
      this.known.set(body.node, { role: 'voter', removed: true });
    return {
      request: { kind: 'directory', body },
      route: { kind: 'leader' },
      timeoutMicros: TIMEOUT_MICROS,
      done: (outcome) => {
        this.answered += 1;
        this.learn(outcome);
        onDone(outcome);
      },
    };
  }

  private learn(outcome: OperationOutcome): void {
    if (outcome.ok && outcome.answer.kind === 'member') this.known.set(outcome.answer.member.id, outcome.answer.member);
  }

  private transfer(group: GroupId, to: NodeId | undefined): Plan {
    this.wishes += 1;
    return {
      request: { kind: 'transfer', group, from: undefined, to },
      route: { kind: 'leader' },
      timeoutMicros: TIMEOUT_MICROS,
      done: () => undefined,
    };
  }

  private nodeAt(at: number): NodeId {
    return this.nodes[at] as NodeId;
  }
}
