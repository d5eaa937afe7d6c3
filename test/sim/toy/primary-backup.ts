/**
 * A tiny second protocol for the simulator: a register that node 0 keeps and copies to the others.
 * A write is answered once it is durable on every node; nobody ever takes over. Just enough to have messages, timers,
 * persists and replies, so that the world is tested apart from Vouch. `forgetful` plants the bug that the oracle must find.
 */
import { fromUtf8, toUtf8 } from '../../../core/bytes/text.ts';
import type { Clocks, DirectoryReader, FileOp } from '../../../core/effect.ts';
import { type Micros, NEVER, type NodeId, type RequestId, type Seq } from '../../../core/ids.ts';
import type { FrameQueue, Protocol, SendEffect, SimCore, SimEffect, SimInput } from '../../../sim/protocol.ts';
import type { Draws } from '../../../sim/tape.ts';

export interface ToyShape {
  readonly envelope: { readonly kind: 'copy' | 'held'; readonly version: number };
  readonly request: { readonly kind: 'write' | 'read' };
  readonly result: { readonly version: number };
  readonly manifest: readonly NodeId[];
}

const FILE = 'STATE';
const RETRY_MICROS = 20_000;

export class ToyCore implements SimCore<ToyShape> {
  readonly self: NodeId;
  version: number;
  nodes: readonly NodeId[] = [];
  private readonly isForgetful: boolean;
  private seq: number = 0;
  private held: Map<NodeId, number> = new Map();
  private waiting: { readonly id: RequestId; readonly version: number; readonly after: number }[] = [];
  private retryAt: Micros = NEVER;

  constructor(self: NodeId, reader: DirectoryReader, isForgetful: boolean) {
    this.self = self;
    this.isForgetful = isForgetful;
    this.version = decode<number>(reader.read(FILE, 0, reader.size(FILE) ?? 0));
  }

  step(input: SimInput<ToyShape>): readonly SimEffect<ToyShape>[] {
    switch (input.kind) {
      case 'bootstrap':
        this.nodes = input.manifest;
        return [];
      case 'request':
        return this.request(input.now, input.id, input.body.kind);
      case 'frame':
        return this.message(input.from, decode<ToyShape['envelope'][]>(input.bytes));
      case 'deadline':
        return this.copies(input.now);
      default:
        return [];
    }
  }

  nextDeadline(): Micros {
    return this.retryAt;
  }

  digest(): string {
    return `${this.version}/${this.waiting.length}`;
  }

  private request(now: Micros, id: RequestId, kind: 'write' | 'read'): readonly SimEffect<ToyShape>[] {
    if (kind === 'read') return [{ kind: 'reply', id, after: 0 as Seq, result: { version: this.version } }];
    this.version += 1;
    const persist = this.persist();
    this.waiting.push({ id, version: this.version, after: this.seq });
    return [persist, ...this.copies(now)];
  }

  private message(from: NodeId, envelopes: readonly ToyShape['envelope'][]): readonly SimEffect<ToyShape>[] {
    const effects: SimEffect<ToyShape>[] = [];
    for (const { kind, version } of envelopes) {
      if (kind === 'held') {
        this.held.set(from, Math.max(version, this.held.get(from) ?? 0));
        continue;
      }
      if (version > this.version) {
        this.version = version;
        effects.push(this.persist());
      }
      effects.push({ kind: 'send', to: from, after: this.seq as Seq, envelope: { kind: 'held', version: this.version } });
    }
    return [...effects, ...this.answers()];
  }

  private answers(): readonly SimEffect<ToyShape>[] {
    const lowest = Math.min(...this.nodes.filter((node) => node !== this.self).map((node) => this.held.get(node) ?? 0));
    const done = this.waiting.filter(({ version }) => version <= lowest);
    this.waiting = this.waiting.filter(({ version }) => version > lowest);
    if (this.waiting.length === 0) this.retryAt = NEVER;
    return done.map(({ id, version, after }) => ({
      kind: 'reply',
      id,
      after: (this.isForgetful ? 0 : after) as Seq,
      result: { version },
    }));
  }

  private copies(now: Micros): readonly SimEffect<ToyShape>[] {
    this.retryAt = (now + RETRY_MICROS) as Micros;
    const envelope = { kind: 'copy', version: this.version } as const;
    return this.nodes.filter((node) => node !== this.self).map((to) => ({ kind: 'send', to, after: 0 as Seq, envelope }));
  }

  private persist(): SimEffect<ToyShape> {
    this.seq += 1;
    const bytes = encode(String(this.version).padStart(9));
    const ops: FileOp[] = [
      { op: 'write', file: FILE, offset: 0, bytes },
      { op: 'sync', file: FILE },
    ];
    return { kind: 'persist', seq: this.seq as Seq, ops };
  }
}

/** One frame per peer and release, like the production outbox. `isHasty` plants another bug: it does not look at `after`. */
class ToyFrames implements FrameQueue<ToyShape> {
  private queue: SendEffect<ToyShape>[] = [];
  private readonly isHasty: boolean;

  constructor(isHasty: boolean) {
    this.isHasty = isHasty;
  }

  push(effect: SendEffect<ToyShape>): void {
    this.queue.push(effect);
  }

  release(durable: Seq): readonly { readonly to: NodeId; readonly bytes: Uint8Array }[] {
    const free = this.queue.filter(({ after }) => this.isHasty || after <= durable);
    this.queue = this.queue.filter((effect) => !free.includes(effect));
    const peers = [...new Set(free.map(({ to }) => to))];
    return peers.map((to) => ({ to, bytes: encode(free.filter((effect) => effect.to === to).map(({ envelope }) => envelope)) }));
  }
}

export class ToyProtocol implements Protocol<ToyShape, ToyCore> {
  private readonly bugs: { readonly isForgetful?: boolean; readonly isHasty?: boolean };
  private created: number = 0;

  constructor(bugs: { readonly isForgetful?: boolean; readonly isHasty?: boolean } = {}) {
    this.bugs = bugs;
  }

  create(_draws: Draws): { readonly id: NodeId; readonly ops: readonly FileOp[] } {
    const id = `node-${this.created}` as NodeId;
    this.created += 1;
    const bytes = encode(String(0).padStart(9));
    const ops: FileOp[] = [
      { op: 'create', file: FILE, sizeBytes: bytes.length },
      { op: 'write', file: FILE, offset: 0, bytes },
      { op: 'sync', file: FILE },
      { op: 'syncDirectory' },
    ];
    return { id, ops };
  }

  open(
    reader: DirectoryReader,
    _clocks: Clocks,
    place: { readonly node: number },
  ): { readonly core: ToyCore; readonly effects: readonly SimEffect<ToyShape>[] } {
    return { core: new ToyCore(`node-${place.node}` as NodeId, reader, this.bugs.isForgetful === true), effects: [] };
  }

  manifest(nodes: readonly NodeId[]): readonly NodeId[] {
    return nodes;
  }

  isMember(): boolean {
    return false;
  }

  frames(): FrameQueue<ToyShape> {
    return new ToyFrames(this.bugs.isHasty === true);
  }

  messageCount(frame: Uint8Array): number {
    return decode<unknown[]>(frame).length;
  }

  decodeRequest(bytes: Uint8Array): { readonly id: number; readonly body: ToyShape['request'] } | undefined {
    return decode(bytes);
  }

  encodeResult(id: number, result: ToyShape['result']): Uint8Array {
    return encode({ id, ...result });
  }
}

export function encode(value: unknown): Uint8Array {
  return toUtf8(typeof value === 'string' ? value : JSON.stringify(value)) as Uint8Array;
}

export function decode<T>(bytes: Uint8Array): T {
  return JSON.parse(fromUtf8(bytes, 0, bytes.length) ?? 'null') as T;
}
