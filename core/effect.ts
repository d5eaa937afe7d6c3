/**
 * The sans-IO contract: what a runtime feeds into a core, and what it must carry out.
 *
 * Ordering contract, the same for the simulator and for real nodes:
 *   1. Inputs are given one at a time; `step` never runs concurrently with itself.
 *   2. Effects of one step are executed in order.
 *   3. `persist` operations run in sequence order. The runtime reports `persisted {seq}` once every operation of `seq`
 *      and of all smaller ones is durable; it may coalesce neighbouring persists (see FileOp `sync`).
 *   4. An effect with `after: s` is executed only once `persisted` has been reported for s (0 = at once).
 *   5. A failed operation is reported as `persistFailed`; nothing after it is executed, the core answers `fatal`.
 *   6. `now` never goes back. Both clocks are sampled after the input's bytes were read.
 */
import type { ClientRequest, ClientResult } from './client/protocol.ts';
import type { Envelope } from './codec/envelope.ts';
import type { GroupId, Micros, NodeId, RequestId, Seq, VaultId } from './ids.ts';
import type { Manifest } from './replica/manifest.ts';

export interface Clocks {
  /** Monotonic microseconds; deadlines and leases. */
  readonly now: Micros;
  /** Microseconds since 1970; may step or be wrong, decides no safety property. */
  readonly wall: Micros;
}

export type InputBody =
  /** One whole wire frame of a peer (core/codec). */
  | { readonly kind: 'frame'; readonly from: NodeId; readonly bytes: Uint8Array }
  /** nextDeadline() has passed. Harmless when early. */
  | { readonly kind: 'deadline' }
  /** All persists up to and including seq are durable. */
  | { readonly kind: 'persisted'; readonly seq: Seq }
  /** A persist failed. It may be partly on disk. */
  | { readonly kind: 'persistFailed'; readonly seq: Seq; readonly code: string }
  /** A client request. Exactly one reply effect follows, sooner or later. */
  | { readonly kind: 'request'; readonly id: RequestId; readonly body: ClientRequest }
  /** A group's state is asked for, piece by piece (core/replica/exports.ts). Each `begin` and `more` is answered once, `end` is not. */
  | { readonly kind: 'export'; readonly id: RequestId; readonly group: GroupId; readonly ask: ExportAsk }
  /** First boot of an uninitialised node as a member of a cluster; ignored (counted) where a manifest is already there. */
  | { readonly kind: 'bootstrap'; readonly manifest: Manifest }
  /** The operator wants a diverged vault rebuilt now; nothing is answered, its status tells. Ignored where it is not isolated. */
  | { readonly kind: 'recoverVault'; readonly group: GroupId; readonly vault: VaultId }
  /** The link to a peer came up or went down. */
  | { readonly kind: 'peer'; readonly peer: NodeId; readonly state: 'up' | 'down' };

export type Input = Clocks & InputBody;

/** begin: capture the state and give its first piece. more: the next one. end: the rest is not wanted. */
export type ExportAsk = 'begin' | 'more' | 'end';

/** Bytes of a group's state as a snapshot's file (core/snapshot/file.ts), in order. */
export interface ExportPiece {
  readonly bytes: Uint8Array;
  /** Whether the file ends here. */
  readonly last: boolean;
}

/**
 * One operation on the node's data directory (flat: names contain no slash).
 * `write`, and the existence of names, are volatile until a later `sync` of that file / `syncDirectory`.
 * Coalescing: a runtime may drop the LAST `sync f` of one persist when the next persist only writes to f and ends in
 * `sync f`; a sync that is not last in its persist is an ordering barrier and stays.
 */
export type FileOp =
  /** New file of sizeBytes zero bytes, allocated. Fails if the name exists. */
  | { readonly op: 'create'; readonly file: string; readonly sizeBytes: number }
  /** Overwrites (or extends) at offset. The bytes are owned by the runtime until the persist completes. */
  | { readonly op: 'write'; readonly file: string; readonly offset: number; readonly bytes: Uint8Array }
  /** fdatasync: data and size of the file are durable (its name only after syncDirectory). */
  | { readonly op: 'sync'; readonly file: string }
  | { readonly op: 'rename'; readonly from: string; readonly to: string }
  | { readonly op: 'remove'; readonly file: string }
  /** fsync of the directory: created, renamed and removed names are durable. */
  | { readonly op: 'syncDirectory' };

export type Effect =
  | { readonly kind: 'persist'; readonly seq: Seq; readonly ops: readonly FileOp[] }
  /** May leave iff the durable sequence is >= after. Packed by core/codec: one frame per peer and turn. */
  | { readonly kind: 'send'; readonly to: NodeId; readonly after: Seq; readonly envelope: Envelope }
  | { readonly kind: 'reply'; readonly id: RequestId; readonly after: Seq; readonly result: ClientResult }
  /** Answers an `export` input; where it cannot be answered a `reply` says why. Waits for nothing: what it shows is applied. */
  | { readonly kind: 'exported'; readonly id: RequestId; readonly piece: ExportPiece }
  /** scope 'node': stop executing anything of this core. A group: it is quarantined, its siblings live. */
  | { readonly kind: 'fatal'; readonly scope: 'node' | GroupId; readonly code: string; readonly detail: string }
  /** The operator has to know; everything goes on. Codes: docs/reference/errors.md. */
  | { readonly kind: 'alarm'; readonly group: GroupId; readonly code: string; readonly detail: string };

/** What both kinds of runtime drive. */
export interface Core {
  step(input: Input): readonly Effect[];
  /** When to call with `deadline`; NEVER if there is nothing to wait for. Read it after every step. */
  nextDeadline(): Micros;
  /** Hex digest over the deciding state; equal histories give equal digests. */
  digest(): string;
}

/** Synchronous reads of a data directory, used while opening. Throws StorageError on a read error. */
export interface DirectoryReader {
  /** Names in the directory, sorted by code unit. */
  list(): readonly string[];
  /** Size in bytes, or undefined where there is no such file. */
  size(file: string): number | undefined;
  /** Up to lengthBytes bytes from offset; shorter only at the end of the file. The result is the caller's own. */
  read(file: string, offset: number, lengthBytes: number): Uint8Array;
}
