/**
 * Stage *decode* of a verification: the bytes of a pruned tree become a table of nodes in preorder, or a reason.
 * It walks with an explicit stack of open nodes whose bits strictly increase and stay below 776, so no input is deep.
 */
import { refused } from '../bytes/parsed.ts';
import type { U64 } from '../bytes/u64.ts';
import { readWord } from '../bytes/word.ts';
import { sameHash } from '../merkle/hashes.ts';
import { ENTITY_PATH_BYTES, isPathLength, PATH_BITS_MAX, REVERSE_PATH_BYTES, TUPLE_PATH_BYTES } from '../merkle/path.ts';
import { decodeValue, type LeafValue } from '../merkle/value.ts';
import { NodeTag, PROOF_FORMAT } from './format.ts';

/** Index of a node that is not shown. */
export const NOT_SHOWN: number = -1;

/** One node of the table. Fields that a tag has no use for are NOT_SHOWN, 0 or undefined. */
export interface ProofNode {
  readonly tag: number;
  readonly bit: number;
  /** Index of the shown children, of the parent, and of the first node behind this subtree. */
  readonly left: number;
  right: number;
  readonly parent: number;
  end: number;
  /** Which child of its parent this is: 0 left, 1 right. */
  readonly side: 0 | 1;
  /** Offset in the proof: of a pruned hash, of a value, of a boundary's path. */
  readonly at: number;
  /** Length of a value or of a boundary's path. */
  readonly length: number;
  /** The value of a revealed leaf. */
  readonly value: LeafValue | undefined;
}

export type DecodedProof =
  | { readonly ok: true; readonly nodes: readonly ProofNode[] }
  | { readonly ok: false; readonly reason: string };

export interface DecodeLimits {
  /** Longest proof, bytes. */
  readonly maxBytes: number;
  /** Height of the header the proof belongs to: no leaf is newer. undefined = not checked. */
  readonly maxVersion: U64 | undefined;
  /** Hash of nothing, which stands for no pruned side. */
  readonly empty: Uint8Array;
}

/** Reads a proof, strictly. */
export function decodeProof(proof: Uint8Array, limits: DecodeLimits): DecodedProof {
  return new Decoder(proof, limits).run();
}

function pathLengthOf(value: LeafValue): number {
  if (value.kind === 'tuple') return TUPLE_PATH_BYTES;
  return value.kind === 'reverse' ? REVERSE_PATH_BYTES : ENTITY_PATH_BYTES;
}

class Decoder {
  private readonly proof: Uint8Array;
  private readonly limits: DecodeLimits;
  private readonly nodes: ProofNode[] = [];
  private at: number = 0;
  /** Innermost node that waits for a child. */
  private open: number = NOT_SHOWN;

  constructor(proof: Uint8Array, limits: DecodeLimits) {
    this.proof = proof;
    this.limits = limits;
  }

  run(): DecodedProof {
    const { proof } = this;
    if (proof.length > this.limits.maxBytes) return refused('larger than the size cap');
    if (proof.length < 2) return refused('truncated');
    if (proof[0] !== PROOF_FORMAT) return refused('unknown proof format');
    this.at = 1;
    do {
      const reason = this.node();
      if (reason !== undefined) return refused(reason);
    } while (this.open !== NOT_SHOWN);
    if (this.at !== proof.length) return refused('trailing bytes');
    return { ok: true, nodes: this.nodes };
  }

  /** Reads one node. @returns why it is refused. */
  private node(): string | undefined {
    if (this.at >= this.proof.length) return 'truncated';
    const tag = this.proof[this.at] as number;
    this.at += 1;
    switch (tag) {
      case NodeTag.empty:
        if (this.open !== NOT_SHOWN) return 'empty under an inner node';
        this.push(tag, 0, 0, 0, undefined);
        return undefined;
      case NodeTag.inner:
        return this.inner(tag, 2);
      case NodeTag.leftPruned:
      case NodeTag.rightPruned:
        return this.inner(tag, 34);
      case NodeTag.revealed:
        return this.revealed();
      case NodeTag.boundary:
        return this.boundary();
      default:
        return 'unknown tag';
    }
  }

  private inner(tag: number, size: number): string | undefined {
    const at = this.at;
    if (this.proof.length - at < size) return 'truncated';
    const bit = ((this.proof[at] as number) << 8) | (this.proof[at + 1] as number);
    if (bit <= this.openBit()) return 'bit does not increase';
    if (bit >= PATH_BITS_MAX) return 'bit beyond the longest path';
    if (tag !== NodeTag.inner && sameHash(this.proof, at + 2, this.limits.empty, 0)) return 'EMPTY as a pruned hash';
    this.open = this.push(tag, bit, at + 2, 0, undefined);
    this.at = at + size;
    return undefined;
  }

  private revealed(): string | undefined {
    const { proof, at } = this;
    if (proof.length - at < 4) return 'truncated';
    const length = readWord(proof, at);
    const start = at + 4;
    if (length > proof.length - start) return 'truncated';
    const decoded = decodeValue(proof, start, start + length);
    if (!decoded.ok) return `value: ${decoded.reason}`;
    const value = decoded.value;
    if (this.openBit() >= 8 * pathLengthOf(value)) return 'bit beyond the leaf path';
    if (this.limits.maxVersion !== undefined && value.version > this.limits.maxVersion) return 'a leaf newer than the header';
    this.at = start + length;
    this.close(this.push(NodeTag.revealed, 0, start, length, value));
    return undefined;
  }

  private boundary(): string | undefined {
    const { proof, at } = this;
    if (proof.length - at < 1) return 'truncated';
    const length = proof[at] as number;
    if (!isPathLength(length)) return 'path length';
    if (this.openBit() >= 8 * length) return 'bit beyond the leaf path';
    if (proof.length - at < 1 + length + 32) return 'truncated';
    this.at = at + 1 + length + 32;
    this.close(this.push(NodeTag.boundary, 0, at + 1, length, undefined));
    return undefined;
  }

  private openBit(): number {
    return this.open === NOT_SHOWN ? -1 : (this.nodes[this.open] as ProofNode).bit;
  }

  /** Adds a node below the open one; an inner node's first shown child follows it. @returns its index. */
  private push(tag: number, bit: number, at: number, length: number, value: LeafValue | undefined): number {
    const index = this.nodes.length;
    const parent = this.open;
    const above = this.nodes[parent];
    const side = above !== undefined && above.right === index ? 1 : 0;
    const left = tag === NodeTag.inner || tag === NodeTag.rightPruned ? index + 1 : NOT_SHOWN;
    const right = tag === NodeTag.leftPruned ? index + 1 : NOT_SHOWN;
    this.nodes.push({ tag, bit, left, right, parent, end: index + 1, side, at, length, value });
    return index;
  }

  /** A leaf is complete, and with it every open node that waited for it as its last child. */
  private close(leaf: number): void {
    const end = leaf + 1;
    let open = this.open;
    while (open !== NOT_SHOWN) {
      const node = this.nodes[open] as ProofNode;
      if (node.tag === NodeTag.inner && node.right === NOT_SHOWN) {
        node.right = end;
        break;
      }
      node.end = end;
      open = node.parent;
    }
    this.open = open;
  }
}
