/**
 * The node as one that signs. It signs what its own state machine has applied, hence what is committed, and what goes on from what
 * it has signed before; and nothing leaves before the record of it is durable. A record that is lost, or that its own log
 * contradicts, ends the key: another one is made, and the operator is told. Source: 40-commitment, "Signatures".
 */
import { equalBytes } from '../bytes/compare.ts';
import type { KeyLoss } from '../client/protocol.ts';
import { GLOBAL_GROUP, type GroupId, type LogIndex, type NodeId, SEQ_ZERO, type Seq, type VaultId } from '../ids.ts';
import { SIGNING_ASKS_MAX } from '../limits.ts';
import { encodeCheckpoint } from '../note/checkpoint.ts';
import { nodeKeyName, vaultOrigin } from '../note/names.ts';
import { cosignText, signText } from '../note/sign.ts';
import type { ReplicaGroup } from '../replica/group.ts';
import type { Vault } from '../state/vault.ts';
import type { SigningHost } from './host.ts';
import type { NodeSignatures, SigningMessage } from './message.ts';
import { mintNodeKey, type NodeKey, openNodeKey } from './node-key.ts';
import { SIGNING_FILE } from './record-file.ts';

/** Bytes of a cosignature's time, ahead of the signature. */
const TIME_BYTES = 8;
const MICROS = 1_000_000;

export type Signed =
  | { readonly kind: 'signed'; readonly signatures: NodeSignatures; readonly after: Seq }
  /** Not now: the node has not applied so much, or has no key that the directory knows. */
  | { readonly kind: 'wait' }
  /** It has signed a larger size. */
  | { readonly kind: 'passed'; readonly size: number }
  /** Its own log does not say so. */
  | { readonly kind: 'refused' };

/** A checkpoint that a peer wants signed and that this node has not applied yet. */
interface Ask {
  readonly from: NodeId;
  readonly group: GroupId;
  readonly vault: VaultId;
  readonly size: number;
  readonly root: Uint8Array;
}

export class Cosigner {
  private readonly host: SigningHost;
  private key: NodeKey;
  /** Why the key is a new one. */
  loss: KeyLoss | undefined;
  /** The key's file is durable from here on; undefined: the node has not started. */
  private heldSeq: Seq | undefined = undefined;
  private isHeld: boolean = false;
  /** Of the directory, when it was last looked at. */
  private revision: LogIndex = -1 as LogIndex;
  private registered: boolean = false;
  /** By peer and vault; the newest of each. */
  private readonly asks: Map<string, Ask> = new Map();

  /** Opens what the directory holds, or makes a key; nothing is written before `start`. */
  constructor(host: SigningHost) {
    this.host = host;
    const place = { ...host, node: host.self };
    const opened = openNodeKey(place);
    this.loss = typeof opened === 'string' ? opened : undefined;
    this.key = typeof opened === 'string' ? mintNodeKey(place, host.reader) : opened;
    if (this.loss !== undefined) host.mark('signing.key-made');
  }

  get publicKey(): Uint8Array {
    return this.key.signer.publicKey;
  }

  /** Whether the key is durable here, so that it may be shown to others. */
  get isDurable(): boolean {
    return this.isHeld;
  }

  /** Whether the directory, as far as it is applied here, knows the key as this node's. */
  get isRegistered(): boolean {
    const keys = this.host.group(GLOBAL_GROUP)?.state.nodeKeys;
    if (keys === undefined) return false;
    if (keys.revision !== this.revision) {
      this.revision = keys.revision;
      const current = keys.currentOf(this.host.self);
      this.registered = current !== undefined && equalBytes(current, this.publicKey);
    }
    return this.registered;
  }

  persisted(seq: Seq): void {
    this.key.record.persisted(seq);
    if (this.heldSeq !== undefined && seq >= this.heldSeq) this.isHeld = true;
  }

  /** The text of a vault's checkpoint. */
  textOf(vault: Vault, size: number, root: Uint8Array): string {
    const { id, organization } = vault;
    return encodeCheckpoint({
      origin: vaultOrigin({ cluster: this.host.cluster(), organization, vault: id }),
      size,
      root,
      extension: [],
    });
  }

  /** Signs a checkpoint of a vault if it may. Of one that others have another block of, it signs nothing until that is settled. */
  sign(group: ReplicaGroup, vault: Vault, size: number, root: Uint8Array): Signed {
    if (!this.isHeld || !this.isRegistered || group.divergence.healthOf(vault.id).state !== 'healthy') return { kind: 'wait' };
    const { record } = this.key;
    const judgement = record.judge(vault.id, vault.log, { size, root });
    switch (judgement.kind) {
      case 'sign':
        return this.signed(vault, size, root);
      case 'wait':
      case 'passed':
        return judgement;
      case 'differs':
        this.host.mark('signing.root-differs');
        return { kind: 'refused' };
      case 'contradicted':
        this.replaceKey();
        return { kind: 'wait' };
    }
  }

  /** A peer wants a checkpoint signed. */
  asked(from: NodeId, group: GroupId, message: Extract<SigningMessage, { kind: 'checkpointAsked' }>): void {
    const { vault, size, root } = message;
    const name = `${from}${vault}`;
    this.asks.delete(name);
    if (this.asks.size >= SIGNING_ASKS_MAX) {
      for (const oldest of this.asks.keys()) {
        this.asks.delete(oldest);
        break;
      }
    }
    this.asks.set(name, { from, group, vault, size, root });
  }

  /** At the end of a step: answers what can be answered by now. What is asked for too early waits, until it is asked for anew or pushed out. */
  settle(): void {
    this.begin();
    for (const [name, ask] of this.asks) {
      const group = this.host.group(ask.group);
      if (group === undefined || group.quarantined || group.divergence.isIsolated(ask.vault)) {
        this.asks.delete(name);
        continue;
      }
      const vault = group.state.vault(ask.vault);
      if (vault === undefined || vault.height < ask.size) continue;
      this.host.guarded(group, () => this.answer(name, ask, group, vault));
    }
    const { record } = this.key;
    if (this.heldSeq === undefined || !record.isChanged) return;
    const isDeleted = (vault: VaultId): boolean => this.host.groups().some(({ state }) => state.gone.isDeleted(vault));
    this.host.write(record.takeOps(this.host.nextSeq(), isDeleted));
  }

  /**
   * Once the node has started and its directory is whole: what recovery read may still be only in the operating system's cache, and a
   * key that it made is on no disk yet. Before that there is nothing to sign with, and nothing is written where nothing can be read.
   */
  private begin(): void {
    if (this.heldSeq === undefined && this.host.group(GLOBAL_GROUP)?.quarantined === false) this.hold(this.loss === undefined);
  }

  private answer(name: string, { from, vault: id, size, root }: Ask, group: ReplicaGroup, vault: Vault): void {
    const signed = this.sign(group, vault, size, root);
    if (signed.kind === 'wait') return;
    this.asks.delete(name);
    if (signed.kind === 'signed') {
      this.host.send(from, group.id, signed.after, { kind: 'checkpointSigned', vault: id, size, ...signed.signatures });
    } else if (signed.kind === 'passed') {
      this.host.mark('signing.smaller-size-refused');
      this.host.send(from, group.id, SEQ_ZERO, { kind: 'checkpointPassed', vault: id, size: signed.size });
    }
  }

  private signed(vault: Vault, size: number, root: Uint8Array): Signed {
    const { hasher, self, cluster, wall, nextSeq } = this.host;
    const { signer, record } = this.key;
    const after = record.sign({ vault: vault.id, size, root }, nextSeq());
    const name = nodeKeyName(cluster(), self);
    const text = this.textOf(vault, size, root);
    const timeS = Math.floor(wall() / MICROS);
    const plain = signText(hasher, signer, name, text).bytes;
    const cosignature = cosignText(hasher, signer, name, text, timeS).bytes.slice(TIME_BYTES);
    return { kind: 'signed', signatures: { plain, timeS, cosignature }, after };
  }

  /** What this key has signed is not what the log says: it signs nothing any more. */
  private replaceKey(): void {
    this.host.mark('signing.key-contradicted');
    this.loss = 'contradicted';
    this.key = mintNodeKey({ ...this.host, node: this.host.self });
    this.isHeld = false;
    this.registered = false;
    this.revision = -1 as LogIndex;
    this.hold(false);
  }

  private hold(isOnDisk: boolean): void {
    this.heldSeq = this.host.nextSeq();
    if (!isOnDisk || this.key.record.isChanged) return; // `settle` writes it
    // The process before may have died between the renaming of a new file and the sync of the directory, or of a sync that failed.
    this.host.write([...this.key.record.writeAgain(), { op: 'sync', file: SIGNING_FILE }, { op: 'syncDirectory' }]);
  }
}
