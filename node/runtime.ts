/**
 * The production runtime: carries out what a Core decides, on real clocks, a real disk and real sockets.
 *
 * A turn = take everything that has arrived, sample the clocks once (after the last byte of it was read), step each input,
 * start the persists, then let out what is durable: one frame per peer, all replies. Turns run from setImmediate, that is
 * after the event loop has read every readable socket: under load a turn is a batch, alone it is one input.
 * Ordering contract: core/effect.ts. Nothing here decides anything; a failed persist is reported once and never retried (C6).
 */
import { assert, unreachable } from '../core/assert.ts';
import type { ClientRequest, ClientResult } from '../core/client/protocol.ts';
import type { OutboundFrame, Outbox } from '../core/codec/outbox.ts';
import type { Clocks, Core, Effect, ExportAsk, ExportPiece, FileOp, Input, InputBody } from '../core/effect.ts';
import { type GroupId, type Micros, type NodeId, type RequestId, SEQ_ZERO, type Seq } from '../core/ids.ts';
import { sampleClocks } from './clock.ts';
import { DeadlineTimer } from './deadline-timer.ts';

/** What the runtime needs of a disk; FileDisk is one. */
export interface PersistPort {
  /** Called once, before the first submit. `persisted` covers every smaller seq; after `failed` nothing more is carried out. */
  listen(listener: { persisted(seq: Seq): void; failed(seq: Seq, code: string): void }): void;
  /** Runs the operations behind all earlier ones. The bytes stay unchanged until then. */
  submit(seq: Seq, ops: readonly FileOp[]): void;
}

export interface RuntimePorts {
  /** Packs sends into frames; knows cluster and sender. */
  readonly outbox: Outbox;
  readonly disk: PersistPort;
  readonly peers: { send(to: NodeId, frame: Uint8Array): void };
  /** The node cannot go on. Called once; nothing of this core is executed afterwards. */
  readonly onNodeFatal: (code: string, detail: string) => void;
  readonly onGroupFatal: (group: GroupId, code: string, detail: string) => void;
  /** The operator has to know. */
  readonly onAlarm: (group: GroupId, code: string, detail: string) => void;
  readonly observer?: RuntimeObserver;
  /** Writes down what the core is given and wants. */
  readonly recorder?: RuntimeRecorder | undefined;
  /** Called at the end of every turn, when what it decided has been let out. */
  readonly afterTurn?: () => void;
  readonly clocks?: () => Clocks;
}

/** What metrics want to know. Calls are synchronous and must be cheap. */
export interface RuntimeObserver {
  turn(inputCount: number, elapsedMicros: number): void;
  persisted(elapsedMicros: number, writtenBytes: number): void;
}

/** What a tape is made of (core/recording); all calls are synchronous. */
export interface RuntimeRecorder {
  /** A turn begins: these inputs will be stepped. */
  turn(clocks: Clocks, batch: readonly InputBody[]): void;
  /** One of them was, and this is what it led to. */
  stepped(effects: readonly Effect[]): void;
  /** Or it threw. */
  threw(detail: string): void;
  /** The turn is over, and these frames leave. */
  released(frames: readonly OutboundFrame[]): void;
}

interface RunningPersist {
  readonly seq: Seq;
  readonly startedAt: Micros;
  readonly writtenBytes: number;
}

interface HeldReply {
  readonly after: Seq;
  readonly id: RequestId;
  readonly result: ClientResult;
}

export class Runtime {
  private readonly core: Core;
  private readonly ports: RuntimePorts;
  private readonly clocks: () => Clocks;
  private readonly timer: DeadlineTimer;
  private inbox: InputBody[] = [];
  private turnScheduled: boolean = false;
  private stopped: boolean = false;
  private durableSeq: Seq = SEQ_ZERO;
  private nextRequest: number = 1;
  private readonly waiting: Map<RequestId, (result: ClientResult) => void> = new Map();
  /** Exports that are owed a piece. */
  private readonly exports: Map<RequestId, (piece: ExportPiece) => void> = new Map();
  /** Replies whose `after` is not durable yet, oldest first. */
  private held: HeldReply[] = [];
  /** Persists that are not durable yet, oldest first; for the observer. */
  private running: RunningPersist[] = [];

  /** @param effects what opening the core asked for; carried out before the first step's. */
  constructor(core: Core, effects: readonly Effect[], ports: RuntimePorts) {
    this.core = core;
    this.ports = ports;
    this.clocks = ports.clocks ?? sampleClocks;
    this.timer = new DeadlineTimer(
      () => this.clocks().now,
      () => this.give({ kind: 'deadline' }),
    );
    ports.disk.listen({
      persisted: (seq) => this.persisted(seq),
      failed: (seq, code) => this.give({ kind: 'persistFailed', seq, code }),
    });
    this.execute(effects);
    this.letOut();
    this.schedule();
  }

  /** Requests that have no reply yet. */
  get requestsInFlight(): number {
    return this.waiting.size;
  }

  /** Queues an input for the next turn. Its bytes have been read: the clocks of that turn are sampled later. */
  give(input: InputBody): void {
    if (this.stopped) return;
    this.inbox.push(input);
    this.schedule();
  }

  /** Asks the core. @param done called exactly once with the answer, unless the node stops first. */
  request(body: ClientRequest, done: (result: ClientResult) => void): void {
    const id = this.nextRequest as RequestId;
    this.nextRequest += 1;
    this.waiting.set(id, done);
    this.give({ kind: 'request', id, body });
  }

  /** Names a new export of a group's state (core/replica/exports.ts). */
  newExport(): RequestId {
    const id = this.nextRequest as RequestId;
    this.nextRequest += 1;
    return id;
  }

  /** The first or next piece of an export, or why there is none. One is asked for at a time. */
  export(id: RequestId, group: GroupId, ask: Exclude<ExportAsk, 'end'>): Promise<ExportPiece | ClientResult> {
    return new Promise((resolve) => {
      if (this.stopped) return resolve(STOPPED);
      this.waiting.set(id, resolve);
      this.exports.set(id, resolve);
      this.give({ kind: 'export', id, group, ask });
    });
  }

  /** The rest of an export is not wanted. */
  endExport(id: RequestId, group: GroupId): void {
    this.give({ kind: 'export', id, group, ask: 'end' });
  }

  /** Carries out nothing more. Persists already started complete on their own. */
  stop(): void {
    this.stopped = true;
    this.timer.stop();
    this.inbox = [];
    this.held = [];
    const abandoned = [...this.waiting.values()];
    this.waiting.clear();
    this.exports.clear();
    for (const done of abandoned) done(STOPPED);
  }

  private schedule(): void {
    if (this.turnScheduled || this.stopped) return;
    this.turnScheduled = true;
    setImmediate(() => this.turn());
  }

  private turn(): void {
    this.turnScheduled = false;
    if (this.stopped) return;
    const batch = this.inbox;
    this.inbox = [];
    const { now, wall } = this.clocks();
    this.ports.recorder?.turn({ now, wall }, batch);
    try {
      for (const body of batch) {
        if (body.kind === 'persisted') this.durableSeq = body.seq;
        this.execute(this.step({ ...body, now, wall }));
        if (this.stopped) return;
      }
      this.letOut();
    } catch (error) {
      this.fail('broken_invariant', messageOf(error));
      return;
    }
    const deadline = this.core.nextDeadline();
    // What is due at once is not left to a timer, which waits for a millisecond at least.
    if (deadline <= now) this.give({ kind: 'deadline' });
    else this.timer.arm(deadline);
    this.ports.afterTurn?.();
    this.ports.observer?.turn(batch.length, this.clocks().now - now);
  }

  private step(input: Input): readonly Effect[] {
    const { recorder } = this.ports;
    if (recorder === undefined) return this.core.step(input);
    try {
      const effects = this.core.step(input);
      recorder.stepped(effects);
      return effects;
    } catch (error) {
      recorder.threw(messageOf(error));
      throw error;
    }
  }

  private execute(effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (this.stopped) return;
      switch (effect.kind) {
        case 'persist':
          this.persist(effect.seq, effect.ops);
          break;
        case 'send':
          this.ports.outbox.push(effect);
          break;
        case 'reply':
          this.held.push(effect);
          break;
        case 'exported':
          this.exported(effect.id, effect.piece);
          break;
        case 'fatal':
          if (effect.scope === 'node') this.fail(effect.code, effect.detail);
          else this.ports.onGroupFatal(effect.scope, effect.code, effect.detail);
          break;
        case 'alarm':
          this.ports.onAlarm(effect.group, effect.code, effect.detail);
          break;
        default:
          unreachable(effect);
      }
    }
  }

  private persist(seq: Seq, ops: readonly FileOp[]): void {
    if (this.ports.observer !== undefined) {
      this.running.push({ seq, startedAt: this.clocks().now, writtenBytes: writtenBytes(ops) });
    }
    this.ports.disk.submit(seq, ops);
  }

  private persisted(seq: Seq): void {
    this.give({ kind: 'persisted', seq });
    const { observer } = this.ports;
    if (observer === undefined) return;
    const now = this.clocks().now;
    let first = this.running[0];
    while (first !== undefined && first.seq <= seq) {
      observer.persisted(now - first.startedAt, first.writtenBytes);
      this.running.shift();
      first = this.running[0];
    }
  }

  /** Frames and replies whose `after` is durable leave; the others stay, in order. */
  private letOut(): void {
    const frames = this.ports.outbox.release(this.durableSeq);
    this.ports.recorder?.released(frames);
    for (const { to, bytes } of frames) this.ports.peers.send(to, bytes);
    if (this.held.length === 0) return;
    const due = this.held;
    this.held = [];
    for (const reply of due) {
      if (reply.after > this.durableSeq) {
        this.held.push(reply);
        continue;
      }
      const done = this.waiting.get(reply.id);
      assert(done !== undefined, 'a request is answered once');
      this.waiting.delete(reply.id);
      this.exports.delete(reply.id);
      done(reply.result);
    }
  }

  private exported(id: RequestId, piece: ExportPiece): void {
    const give = this.exports.get(id);
    assert(give !== undefined, 'a piece was asked for');
    this.exports.delete(id);
    this.waiting.delete(id);
    give(piece);
  }

  private fail(code: string, detail: string): void {
    if (this.stopped) return;
    this.stop();
    this.ports.onNodeFatal(code, detail);
  }
}

const STOPPED: ClientResult = {
  kind: 'error',
  code: 'unknown_outcome',
  message: 'This node stopped before it could answer. Ask another one.',
  leader: undefined,
  retryAfterMs: 0,
};

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function writtenBytes(ops: readonly FileOp[]): number {
  let count = 0;
  for (const op of ops) if (op.op === 'write') count += op.bytes.length;
  return count;
}
