/**
 * One checkpoint of a vault for which this node gathers the signatures of the group's members: its own, and those that it asks for.
 * Whatever a peer answers is checked under the key that the directory has of it before it counts.
 */
import { defined } from '../assert.ts';
import { concatBytes } from '../bytes/compare.ts';
import { writeU64 } from '../bytes/u64.ts';
import type { Hasher, SignatureVerifier } from '../capability.ts';
import { type Height, type Micros, maxOf, type NodeId, type RequestId, SEQ_ZERO, type Seq } from '../ids.ts';
import { noteKey, SignatureType } from '../note/key.ts';
import { encodeNote, type NoteSignature } from '../note/note.ts';
import { checkSignature } from '../note/sign.ts';
import type { ReplicaGroup } from '../replica/group.ts';
import type { Vault } from '../state/vault.ts';
import type { NodeSignatures } from './message.ts';

/** Bytes of a cosignature's time, ahead of the signature. */
const TIME_BYTES = 8;

/** A client that waits for a checkpoint. */
export interface Waiter {
  readonly request: RequestId;
  /** The smallest size that it takes. */
  readonly size: number;
  /** Of so many nodes. */
  readonly signatures: number;
}

/** A checkpoint with signatures. */
export interface CosignedNote {
  readonly size: Height;
  readonly root: Uint8Array;
  readonly note: string;
  readonly signatures: number;
  /** When this node's own lines may leave. */
  readonly after: Seq;
}

/** Under whose name and key a node's lines stand. */
export interface SigningNode {
  readonly name: string;
  readonly publicKey: Uint8Array;
}

export class Gathering {
  readonly group: ReplicaGroup;
  readonly vault: Vault['id'];
  readonly size: number;
  readonly root: Uint8Array;
  readonly text: string;
  readonly endsAt: Micros;
  /** When those that have not answered are asked again. */
  askAt: Micros;
  waiters: Waiter[] = [];
  /** Members that have not answered. */
  readonly awaiting: Set<NodeId>;
  /** A size that others have signed already: this one will not be signed by them. */
  passed: number = 0;
  private readonly lines: Map<NodeId, readonly [NoteSignature, NoteSignature]> = new Map();
  private after: Seq = SEQ_ZERO;

  constructor(options: {
    readonly group: ReplicaGroup;
    readonly vault: Vault['id'];
    readonly size: number;
    readonly root: Uint8Array;
    readonly text: string;
    readonly members: readonly NodeId[];
    readonly askAt: Micros;
    readonly endsAt: Micros;
  }) {
    const { group, vault, size, root, text, members, askAt, endsAt } = options;
    this.group = group;
    this.vault = vault;
    this.size = size;
    this.root = root;
    this.text = text;
    this.awaiting = new Set(members);
    this.askAt = askAt;
    this.endsAt = endsAt;
  }

  get count(): number {
    return this.lines.size;
  }

  /** This node's own signatures. @param after when they may leave */
  own(hasher: Hasher, node: NodeId, by: SigningNode, signatures: NodeSignatures, after: Seq): void {
    this.lines.set(node, signatureLines(hasher, by, signatures));
    this.after = maxOf(this.after, after);
    this.awaiting.delete(node);
  }

  /** A peer's. @returns whether they are its, under this text */
  add(
    { hasher, verifier }: { readonly hasher: Hasher; readonly verifier: SignatureVerifier },
    node: NodeId,
    by: SigningNode,
    signatures: NodeSignatures,
  ): boolean {
    if (!this.awaiting.has(node)) return true; // said twice
    const lines = signatureLines(hasher, by, signatures);
    const types = [SignatureType.ed25519, SignatureType.cosignature] as const;
    const holds = types.every((type, i) => {
      return checkSignature(verifier, noteKey(hasher, { ...by, type }), this.text, lines[i] as NoteSignature).ok;
    });
    if (!holds) return false;
    this.lines.set(node, lines);
    this.awaiting.delete(node);
    return true;
  }

  /** The note as it is by now; there is a signature. Nodes stand in order of their ids. */
  note(): CosignedNote {
    const nodes = [...this.lines.keys()].sort();
    const signatures = nodes.flatMap((node) => [...defined(this.lines.get(node), 'a listed node has its lines')]);
    const note = encodeNote({ text: this.text, signatures });
    return { size: this.size as Height, root: this.root, note, signatures: nodes.length, after: this.after };
  }
}

/** Both lines of a node, plain and cosignature. */
export function signatureLines(
  hasher: Hasher,
  by: SigningNode,
  { plain, timeS, cosignature }: NodeSignatures,
): readonly [NoteSignature, NoteSignature] {
  const { name } = by;
  const idOf = (type: SignatureType): number => noteKey(hasher, { ...by, type }).id;
  const time = new Uint8Array(TIME_BYTES);
  writeU64(timeS, time, 0);
  return [
    { name, keyId: idOf(SignatureType.ed25519), bytes: plain },
    { name, keyId: idOf(SignatureType.cosignature), bytes: concatBytes(time, cosignature) },
  ];
}
