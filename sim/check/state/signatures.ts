/**
 * What nodes sign, judged where it leaves them. The chain of each vault is worked out anew from the blocks as they were first sealed
 * anywhere; a signature is checked against the text that follows from it, so that one under anything else does not hold.
 * Checked: every line that leaves, in an answer to a peer or in a note for a client, whatever became of the node meanwhile.
 */
import { toHex } from '../../../core/bytes/text.ts';
import type { Hasher, SigningKeys } from '../../../core/capability.ts';
import { MerkleLog } from '../../../core/chain/merkle-log.ts';
import type { ClusterId, GroupId, OrganizationId, VaultId } from '../../../core/ids.ts';
import { encodeCheckpoint } from '../../../core/note/checkpoint.ts';
import { noteKey, SignatureType } from '../../../core/note/key.ts';
import { nodeKeyName, parseNodeKeyName, vaultOrigin } from '../../../core/note/names.ts';
import { decodeNote } from '../../../core/note/note.ts';
import { checkSignature } from '../../../core/note/sign.ts';
import type { Replica } from '../../../core/replica/replica.ts';
import { signatureLines } from '../../../core/signing/gathering.ts';
import type { SigningMessage } from '../../../core/signing/message.ts';
import { SigningRecord } from '../../../core/signing/signing-record.ts';
import type { SealedBlock } from '../../../core/state/block-observer.ts';
import type { Vault } from '../../../core/state/vault.ts';
import { type Observer, Violation } from '../../observer.ts';
import type { ReplyEffect, SendEffect } from '../../protocol.ts';
import type { VouchShape } from '../../vouch.ts';
import type { VouchNode } from '../raft/watch.ts';

/** A vault's log as the blocks make it. */
interface Chain {
  readonly group: GroupId;
  readonly log: MerkleLog;
  /** Log index of the entry that made each block, by height - 1. */
  readonly indexes: number[];
}

type SignedMessage = Extract<SigningMessage, { kind: 'checkpointSigned' }>;

export class Signatures implements Observer<VouchShape, Replica> {
  readonly name: string = 'signatures-tell-the-chain';
  readonly claim: string =
    'A node signs only what it has applied and is committed, never two roots for one size, never less than it signed before with that key, and nothing that its disk does not know of.';
  private readonly options: {
    readonly hasher: Hasher;
    readonly keys: SigningKeys;
    readonly cluster: ClusterId;
    /** Highest index committed anywhere, as of before the present step. */
    readonly committedIn: (group: GroupId) => number;
  };
  private readonly chains: Map<VaultId, Chain> = new Map();
  /** Largest size that left, by public key and vault. */
  private readonly largest: Map<string, number> = new Map();
  /** Keys that a node has ever had, by its name in notes. */
  private readonly keysOf: Map<string, Uint8Array[]> = new Map();

  constructor(options: Signatures['options']) {
    this.options = options;
  }

  /** A block was sealed for the first time. */
  sealed({ group, vault, blockHash, index }: SealedBlock): void {
    const chain = this.chains.get(vault) ?? { group, log: new MerkleLog(this.options.hasher), indexes: [] };
    this.chains.set(vault, chain);
    chain.log.append(blockHash);
    chain.indexes.push(index);
  }

  /** Whatever has left under the key that the disk holds, the record beside that key knows of. A record that cannot be read is another matter. */
  opened(node: VouchNode): void {
    const opened = SigningRecord.open(node.disk, node.id);
    if (typeof opened === 'string') return;
    const { record, header } = opened;
    const key = toHex(header.publicKey);
    for (const [vault, { group }] of this.chains) {
      const left = this.largest.get(`${key}${vault}`) ?? 0;
      const kept = record.sizeOf(vault);
      if (kept === 0 || left <= kept) continue; // of a deleted vault nothing is kept
      throw this.violation(node, group, `has signed height ${left} of vault ${vault}, and its disk knows of ${kept}`);
    }
  }

  leaving(node: VouchNode, effect: SendEffect<VouchShape> | ReplyEffect<VouchShape>): void {
    if (effect.kind === 'reply') {
      if (effect.result.kind === 'checkpoint') this.note(node, effect.result.note);
      return;
    }
    const { message, group } = effect.envelope;
    if (message.kind === 'checkpointSigned') this.signed(node, group, message);
  }

  private signed(node: VouchNode, group: GroupId, message: SignedMessage): void {
    const vault = node.core?.group(group)?.state.vault(message.vault);
    const publicKey = this.keyOf(node);
    if (vault === undefined || publicKey === undefined) return;
    if (vault.height < message.size) {
      throw this.violation(node, group, `signs height ${message.size} of a vault of which it has applied ${vault.height} blocks`);
    }
    const text = this.textOf(node, vault, message.size);
    const name = nodeKeyName(this.options.cluster, node.id);
    const types = [SignatureType.ed25519, SignatureType.cosignature] as const;
    const lines = signatureLines(this.options.hasher, { name, publicKey }, message);
    types.forEach((type, i) => {
      const key = noteKey(this.options.hasher, { name, type, publicKey });
      const line = lines[i];
      if (line === undefined || !checkSignature(this.options.keys.verifier, key, text, line).ok) {
        throw this.violation(node, group, `signs something else than the chain at height ${message.size} of vault ${vault.id}`);
      }
    });
    const place = `${toHex(publicKey)}${vault.id}`;
    const before = this.largest.get(place) ?? 0;
    if (message.size < before) {
      throw this.violation(
        node,
        group,
        `signs height ${message.size} of vault ${vault.id} behind height ${before}, with the same key`,
      );
    }
    this.largest.set(place, message.size);
  }

  /** Every line of a note is one of a key that its node has had, under the chain's own text. */
  private note(node: VouchNode, note: string): void {
    this.keyOf(node);
    const decoded = decodeNote(note);
    if (!decoded.ok) throw this.violation(node, undefined, `gives a note that is none: ${decoded.reason}`);
    const { text, signatures } = decoded.value;
    const [origin = '', size = ''] = text.split('\n');
    const id = origin.split('/')[3] as VaultId;
    const organization = origin.split('/')[2] as OrganizationId;
    const group = this.chains.get(id)?.group;
    if (text !== this.textOf(node, { id, organization }, Number(size))) {
      throw this.violation(node, group, `gives a note that does not tell the chain of vault ${id} at height ${size}`);
    }
    for (const line of signatures) {
      const isOurs = parseNodeKeyName(line.name)?.cluster === this.options.cluster;
      const holds = [SignatureType.ed25519, SignatureType.cosignature].some((type) =>
        (this.keysOf.get(line.name) ?? []).some((publicKey) => {
          const key = noteKey(this.options.hasher, { name: line.name, type, publicKey });
          return checkSignature(this.options.keys.verifier, key, text, line).ok;
        }),
      );
      if (!isOurs || !holds) throw this.violation(node, group, `gives a note with a line that is not one of ${line.name}`);
    }
  }

  /** The text at that height; it is committed, or nobody may sign it. */
  private textOf(node: VouchNode, { id, organization }: Pick<Vault, 'id' | 'organization'>, size: number): string {
    const chain = this.chains.get(id);
    const index = chain?.indexes[size - 1];
    if (chain === undefined || index === undefined) {
      throw this.violation(node, chain?.group, `signs height ${size} of vault ${id}, which nobody has sealed`);
    }
    const own = node.core?.group(chain.group)?.raft.commitIndex ?? 0;
    if (index > Math.max(own, this.options.committedIn(chain.group))) {
      throw this.violation(node, chain.group, `signs height ${size} of vault ${id}, whose entry ${index} is not committed`);
    }
    const { cluster } = this.options;
    return encodeCheckpoint({
      origin: vaultOrigin({ cluster, organization, vault: id }),
      size,
      root: chain.log.root(size),
      extension: [],
    });
  }

  private keyOf(node: VouchNode): Uint8Array | undefined {
    const publicKey = node.core?.signingStatus?.publicKey;
    if (publicKey === undefined) return undefined;
    const name = nodeKeyName(this.options.cluster, node.id);
    const known = this.keysOf.get(name) ?? [];
    this.keysOf.set(name, known);
    if (!known.some((each) => toHex(each) === toHex(publicKey))) known.push(publicKey);
    return publicKey;
  }

  private violation(node: VouchNode, group: GroupId | undefined, what: string): Violation {
    const evidence = { nodes: [node.index], ...(group === undefined ? {} : { group }) };
    return new Violation(this.name, `node ${node.index} ${what}`, 'safety', evidence);
  }
}
