/**
 * Clients that compare what they were told, once the cluster is whole: each shows all notes that it has seen, and one checkpoint that
 * every node has signed is the measure. Two roots of one size need nothing more; of a smaller size it is asked, of any node, what
 * root the measure's log had there. The answer is believed as far as its hashes fold to the measure's root, so a liar can only
 * refuse. Out come fork proofs (core/note), for anybody to check.
 */
import { equalBytes } from '../../core/bytes/compare.ts';
import { toHex } from '../../core/bytes/text.ts';
import type { Hasher, SignatureVerifier } from '../../core/capability.ts';
import type { LogConsistency } from '../../core/chain/inclusion.ts';
import { consistencyRoots, withOlderRoot } from '../../core/chain/log-proof.ts';
import { type Checkpoint, decodeCheckpoint } from '../../core/note/checkpoint.ts';
import { forkProof } from '../../core/note/fork-proof.ts';
import type { NoteKey } from '../../core/note/key.ts';
import { decodeNote, type SignedNote } from '../../core/note/note.ts';

/** A note that a client has been given, believed or not. */
export interface SeenNote {
  readonly note: SignedNote;
  readonly checkpoint: Checkpoint;
}

export class Gossip {
  /** Fork proofs that were made, by what they say, each once. */
  readonly proofs: Map<string, string> = new Map();
  /** By text and lines, each once. */
  private readonly notes: Map<string, SeenNote> = new Map();
  private readonly hasher: Hasher;
  private readonly verifier: SignatureVerifier;
  private readonly keys: readonly NoteKey[];
  private measure: SeenNote | undefined = undefined;
  /** Sizes that nobody compares yet. */
  private readonly open: Set<number> = new Set();

  /** @param options.keys pinned keys of all nodes, of all types that clients have pinned */
  constructor(options: { readonly hasher: Hasher; readonly verifier: SignatureVerifier; readonly keys: readonly NoteKey[] }) {
    this.hasher = options.hasher;
    this.verifier = options.verifier;
    this.keys = options.keys;
  }

  /** Notes that anybody has seen. */
  get seen(): readonly SeenNote[] {
    return [...this.notes.values()];
  }

  /** @returns the note as it was read; undefined: it is none, or not of a checkpoint */
  saw(text: string): SeenNote | undefined {
    const note = decodeNote(text);
    const checkpoint = note.ok ? decodeCheckpoint(note.value.text) : note;
    if (!note.ok || !checkpoint.ok) return undefined;
    const seen = { note: note.value, checkpoint: checkpoint.value };
    if (this.notes.has(text)) return seen;
    this.compareWithEqual(seen);
    this.notes.set(text, seen);
    this.plan(seen);
    return seen;
  }

  /** A checkpoint that every node has signed. The first one is the measure. */
  measured(seen: SeenNote): void {
    if (this.measure !== undefined) return;
    this.measure = seen;
    for (const each of this.seen) this.plan(each);
  }

  /** What to ask next; undefined: all of it is asked. Whoever takes it compares it, or gives it back. */
  takeSize(): { readonly from: number; readonly to: number } | undefined {
    const [from] = this.open;
    if (from === undefined || this.measure === undefined) return undefined;
    this.open.delete(from);
    return { from, to: this.measure.checkpoint.size };
  }

  giveBack(from: number): void {
    this.open.add(from);
  }

  /** @returns whether the answer is about the measure's log; else it says nothing, and another node must be asked */
  compare(from: number, answer: LogConsistency): boolean {
    const { measure, hasher } = this;
    if (measure === undefined) return false;
    const hashes = withOlderRoot(from, answer.fromRoot, answer.path);
    const roots = consistencyRoots(hasher, from, measure.checkpoint.size, hashes);
    if (roots === undefined || !equalBytes(roots.newer, measure.checkpoint.root)) return false;
    for (const seen of this.seen) {
      const { size, root } = seen.checkpoint;
      if (size === from && !equalBytes(root, roots.older)) this.accuse(seen, measure, hashes);
    }
    return true;
  }

  /** Its size is to be asked about. */
  private plan({ checkpoint: { size } }: SeenNote): void {
    if (this.measure !== undefined && size >= 1 && size < this.measure.checkpoint.size) this.open.add(size);
  }

  /** Two roots of one size under one key are a proof by themselves. */
  private compareWithEqual(seen: SeenNote): void {
    for (const other of this.seen) {
      const { size, root } = other.checkpoint;
      if (size === seen.checkpoint.size && !equalBytes(root, seen.checkpoint.root)) this.accuse(other, seen, []);
    }
  }

  /** Makes a proof for every pinned key that has signed both. */
  private accuse(older: SeenNote, newer: SeenNote, hashes: readonly Uint8Array[]): void {
    const { size, root } = older.checkpoint;
    for (const key of this.keys) {
      const name = `${key.name} ${key.type} ${size} ${toHex(root)} ${newer.checkpoint.size}`;
      if (this.proofs.has(name)) continue;
      const proof = forkProof(this.hasher, this.verifier, { key, older: older.note, newer: newer.note, hashes });
      if (proof.ok) this.proofs.set(name, proof.value);
    }
  }
}
