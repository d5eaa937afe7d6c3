/**
 * What happened on a recorded node, gathered while its tape is replayed and told as one page of text: who led, which terms, what
 * clients asked and what they were answered, what the disk and the peers did, and what went wrong.
 */
import type { OutboundFrame } from '../../core/codec/outbox.ts';
import type { Effect, InputBody } from '../../core/effect.ts';
import type { GroupId, NodeId } from '../../core/ids.ts';
import type { TapeHead } from '../../core/recording/tape-format.ts';
import type { Replica } from '../../core/replica/replica.ts';
import { groupStates } from '../node-states.ts';
import type { ReplayListener, ReplayReport } from './replay.ts';

interface Line {
  readonly micros: number;
  readonly text: string;
}

/** Lines of the course of events that are told; what is left out is counted. */
const LINES_MAX = 60;

class Counts {
  private readonly counts: Map<string, number> = new Map();

  add(name: string, count: number = 1): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + count);
  }

  /** The most frequent first. */
  toString(): string {
    const sorted = [...this.counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
    return sorted.map(([name, count]) => `${name} ${count}`).join(', ') || 'none';
  }
}

export class Account implements ReplayListener {
  private readonly lines: Line[] = [];
  private readonly inputs: Counts = new Counts();
  private readonly requests: Counts = new Counts();
  private readonly answers: Counts = new Counts();
  private readonly received: Counts = new Counts();
  private readonly sent: Counts = new Counts();
  private persists: number = 0;
  private writtenBytes: number = 0;
  private readonly roles: Map<GroupId, string> = new Map();
  private recovered: readonly string[] = [];
  private self: NodeId | undefined = undefined;

  opened(replica: Replica): void {
    const { damage, tornBytes, quarantined } = replica.recovered;
    this.self = replica.id;
    this.recovered = [
      tornBytes > 0 ? `${tornBytes} torn bytes at the end of the log` : '',
      damage.length > 0 ? `damage in ${damage.length} places` : '',
      quarantined.length > 0 ? `groups ${quarantined.join(', ')} quarantined` : '',
    ].filter((each) => each !== '');
  }

  stepped(micros: number, input: InputBody, effects: readonly Effect[], replica: Replica): void {
    this.inputs.add(input.kind);
    this.heard(micros, input);
    for (const effect of effects) this.wanted(micros, effect);
    for (const { group } of replica.touchedGroups()) {
      const { role, term, leader } = group.raft;
      const led = leader === this.self ? 'this node' : leader === undefined ? 'nobody yet' : short(leader);
      const words = role === 'leader' || role === 'follower' ? `term ${term}, led by ${led}` : `${role} of term ${term}`;
      if (this.roles.get(group.id) === words) continue;
      this.roles.set(group.id, words);
      this.tell(micros, `group ${group.id}: ${words}`);
    }
  }

  released(frames: readonly OutboundFrame[]): void {
    for (const { to } of frames) this.sent.add(short(to));
  }

  /** One page. @param title how the tape is named */
  page(title: string, head: TapeHead, report: ReplayReport): string {
    const shown = this.lines.slice(0, LINES_MAX);
    const omitted = this.lines.length - shown.length;
    return [
      `${title}: node ${head.node}, vouch ${head.version}`,
      `  ${report.inputs} inputs in ${seconds(report.micros)} s: ${this.inputs}`,
      `  opened with ${this.recovered.join(', ') || 'nothing torn and nothing damaged'}`,
      '',
      'COURSE',
      ...shown.map(({ micros, text }) => `  ${seconds(micros).padStart(10)} s  ${text}`),
      ...(omitted > 0 ? [`  and ${omitted} more changes of leader or term, or troubles`] : []),
      '',
      'CLIENTS',
      `  asked: ${this.requests}`,
      `  answered: ${this.answers}`,
      'PEERS',
      `  frames received: ${this.received}`,
      `  frames sent: ${this.sent}`,
      'DISK',
      `  ${this.persists} persists, ${this.writtenBytes} bytes`,
      'END',
      ...groupStates(report.replica).map((state) => `  ${state}`),
      '',
    ].join('\n');
  }

  private heard(micros: number, input: InputBody): void {
    if (input.kind === 'request') this.requests.add(input.body.kind === 'query' ? input.body.query.kind : input.body.kind);
    if (input.kind === 'frame') this.received.add(short(input.from));
    if (input.kind === 'peer') this.tell(micros, `link to ${short(input.peer)} ${input.state}`);
    if (input.kind === 'persistFailed') this.tell(micros, `the disk refused persist ${input.seq}: ${input.code}`);
    if (input.kind === 'recoverVault') this.tell(micros, `asked to rebuild vault ${input.vault} of group ${input.group}`);
  }

  private wanted(micros: number, effect: Effect): void {
    if (effect.kind === 'reply') this.answers.add(effect.result.kind === 'error' ? effect.result.code : effect.result.kind);
    if (effect.kind === 'fatal') this.tell(micros, `FATAL for ${scopeOf(effect.scope)}: ${effect.code}: ${effect.detail}`);
    if (effect.kind === 'alarm') this.tell(micros, `alarm of group ${effect.group}: ${effect.code}: ${effect.detail}`);
    if (effect.kind !== 'persist') return;
    this.persists += 1;
    for (const op of effect.ops) if (op.op === 'write') this.writtenBytes += op.bytes.length;
  }

  private tell(micros: number, text: string): void {
    this.lines.push({ micros, text });
  }
}

function scopeOf(scope: 'node' | GroupId): string {
  return scope === 'node' ? 'the node' : `group ${scope}`;
}

/** Enough of an id to tell a cluster's nodes apart. */
function short(id: NodeId): string {
  return id.slice(0, 8);
}

function seconds(micros: number): string {
  return (micros / 1e6).toFixed(3);
}
