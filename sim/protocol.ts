/**
 * What the world needs to know of a protocol to run it: how a node is created and opened, and how its messages, requests
 * and results become bytes. Vouch itself is one such protocol (vouch.ts); the tests have a second, tiny one.
 */
import type { Clocks, DirectoryReader, FileOp } from '../core/effect.ts';
import type { Micros, NodeId, RequestId, Seq } from '../core/ids.ts';
import type { Build } from './build.ts';
import type { Draws } from './tape.ts';

/** The four types a protocol chooses. */
export interface Shape {
  /** What a `send` effect carries. */
  readonly envelope: unknown;
  readonly request: unknown;
  readonly result: unknown;
  /** What a new node is told to become a member. */
  readonly manifest: unknown;
}

/** The inputs a world gives; the same variants as core/effect.ts with the protocol's own types. */
export type SimInput<S extends Shape> = Clocks &
  (
    | { readonly kind: 'frame'; readonly from: NodeId; readonly bytes: Uint8Array }
    | { readonly kind: 'deadline' }
    | { readonly kind: 'persisted'; readonly seq: Seq }
    | { readonly kind: 'persistFailed'; readonly seq: Seq; readonly code: string }
    | { readonly kind: 'request'; readonly id: RequestId; readonly body: S['request'] }
    | { readonly kind: 'bootstrap'; readonly manifest: S['manifest'] }
    | { readonly kind: 'peer'; readonly peer: NodeId; readonly state: 'up' | 'down' }
  );

export interface PersistEffect {
  readonly kind: 'persist';
  readonly seq: Seq;
  readonly ops: readonly FileOp[];
}
export interface SendEffect<S extends Shape> {
  readonly kind: 'send';
  readonly to: NodeId;
  readonly after: Seq;
  readonly envelope: S['envelope'];
}
export interface ReplyEffect<S extends Shape> {
  readonly kind: 'reply';
  readonly id: RequestId;
  readonly after: Seq;
  readonly result: S['result'];
}
export interface FatalEffect {
  readonly kind: 'fatal';
  readonly scope: 'node' | number;
  readonly code: string;
  readonly detail: string;
}
/** A piece of a state that goes into a backup. Nothing in a world asks for one. */
export interface ExportedEffect {
  readonly kind: 'exported';
}
/** Something for the operator; everything goes on. */
export interface AlarmEffect {
  readonly kind: 'alarm';
  readonly group: number;
  readonly code: string;
  readonly detail: string;
}
export type SimEffect<S extends Shape> =
  | PersistEffect
  | SendEffect<S>
  | ReplyEffect<S>
  | ExportedEffect
  | FatalEffect
  | AlarmEffect;

export interface SimCore<S extends Shape> {
  step(input: SimInput<S>): readonly SimEffect<S>[];
  nextDeadline(): Micros;
  digest(): string;
}

/** Packs the sends of one node into frames: one frame per peer and release, nothing whose `after` is not durable. */
export interface FrameQueue<S extends Shape> {
  push(effect: SendEffect<S>): void;
  release(durable: Seq): readonly { readonly to: NodeId; readonly bytes: Uint8Array }[];
}

/** A frame that was sent from one node to another. */
export interface SentFrame {
  readonly to: NodeId;
  readonly bytes: Uint8Array;
}

/** A frame that no correct node sends. */
export interface ForgedFrame {
  /** Whether it goes to the sender of the real one, as if its receiver had sent it. */
  readonly back: boolean;
  readonly bytes: Uint8Array;
}

/** Where a core is opened: node and incarnation name its streams of choices. */
export interface Place {
  readonly node: number;
  readonly incarnation: number;
  readonly build: Build;
}

export interface Protocol<S extends Shape, C extends SimCore<S>> {
  /** A new data directory: the node's identity and the operations that make it durable. */
  create(draws: Draws): { readonly id: NodeId; readonly ops: readonly FileOp[] };
  /** Opens a directory; effects are executed before the first step. */
  open(reader: DirectoryReader, clocks: Clocks, place: Place): { readonly core: C; readonly effects: readonly SimEffect<S>[] };
  /** What the node at that position is told when it is opened and knows no cluster; undefined = nothing, it waits to be introduced. */
  manifest(nodes: readonly NodeId[], self: number): S['manifest'] | undefined;
  /** Whether the core knows its cluster; one that does not is given the manifest when it is opened. */
  isMember(core: C): boolean;
  frames(core: C, self: NodeId): FrameQueue<S>;
  /** Messages in a frame, for the assertion that nothing leaves early. */
  messageCount(frame: Uint8Array): number;
  /** A client's bytes as they arrive at a node; undefined where they do not decode. */
  decodeRequest(bytes: Uint8Array): { readonly id: number; readonly body: S['request'] } | undefined;
  encodeResult(id: number, result: S['result']): Uint8Array;
  /** Something that no correct node would send, made from a frame of the moment; undefined where nothing can be made of it. */
  forge?(sent: SentFrame, draws: Draws): ForgedFrame | undefined;
  /**
   * A frame between nodes as the other version of the links writes it: the same content, which this version refuses; and of such a
   * frame, what this version would have written. Undefined: the protocol has one version, and both builds understand each other.
   */
  inOtherVersion?(frame: Uint8Array): Uint8Array;
  /** Makes the state of a core another one, as a wrong step or a flipped bit would. @returns whether there was something to change. */
  tamper?(core: C, draws: Draws): boolean;
  /** Opens a damaged copy of a node's directory, which changes nothing. @returns what was wrong about how it went; undefined = all well. */
  readonly openDamagedCopy?: ((reader: DirectoryReader, clocks: Clocks, draws: Draws) => string | undefined) | undefined;
}
