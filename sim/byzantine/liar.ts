/**
 * A node that lies to clients. It holds its own real key, which signs whatever it likes; of the others' keys it has the lines that
 * they really gave, hence none under anything that they have not applied. In one of three manners:
 *
 *   forgedRoots       one story for everybody: a log of its own from some height on, with headers, trees and proofs that fit
 *   twoStories        two such logs, or one and the real one, each for a part of the clients, of one size or of two
 *   rolledBackSigner  an old checkpoint, with all its real lines, as the newest; or a signer with an old copy of its record, which keeps
 *                     every rule of signing and signs other blocks at sizes that it has signed before
 *
 * Where it lies is the edge at which a node answers clients. In Raft, and towards its peers, it is honest: Raft stands no member that
 * lies about votes or entries, and nothing here tries to show that it does.
 */
import type { Hasher, SigningKeys } from '../../core/capability.ts';
import { decodeHeader } from '../../core/chain/header.ts';
import type { ClientRequest, ClientResult, VaultEntry } from '../../core/client/protocol.ts';
import { type ClusterId, type Height, SEQ_ZERO } from '../../core/ids.ts';
import { decodeCheckpoint, encodeCheckpoint } from '../../core/note/checkpoint.ts';
import { nodeKeyName, vaultOrigin } from '../../core/note/names.ts';
import { decodeNote, encodeNote, type NoteSignature } from '../../core/note/note.ts';
import { cosignText, signText } from '../../core/note/sign.ts';
import { SigningRecord } from '../../core/signing/signing-record.ts';
import type { TupleKey } from '../../core/state/transaction.ts';
import type { Vault } from '../../core/state/vault.ts';
import type { VouchNode } from '../check/raft/watch.ts';
import type { Draws } from '../tape.ts';
import { copyOfRecord, type DiskCopy, keyOnDisk } from './disk-copy.ts';
import { FalseLog } from './false-log.ts';

export const MANNERS = ['forgedRoots', 'twoStories', 'rolledBackSigner'] as const;
export type Manner = (typeof MANNERS)[number];

/** Forks lie at most so many blocks back. */
const FORK_DEPTH_MAX = 6;
const MICROS = 1_000_000;
const INTRUDER = 'user:mallory-';

export interface LiarOptions {
  readonly hasher: Hasher;
  readonly keys: SigningKeys;
  readonly cluster: ClusterId;
  readonly vault: VaultEntry;
  /** Tuples that a false log says are all there. */
  readonly tuples: readonly TupleKey[];
  readonly draws: Draws;
}

/** How it lies to one client. */
type Story = { readonly kind: 'false'; readonly log: FalseLog; readonly isShort: boolean } | { readonly kind: 'honest' };

export class Liar {
  readonly manner: Manner;
  private readonly options: LiarOptions;
  private readonly draws: Draws;
  /** Questions that it answers honestly before it begins: clients then remember something. */
  private patience: number;
  /** Share of checkpoints about which it lies. */
  private readonly boldness: number;
  private readonly isSecondHonest: boolean;
  private readonly isSecondShort: boolean;
  private readonly showsOldNote: boolean;
  /** Whether it puts real lines of the others, from another text, under its own: nobody may count them. */
  private readonly borrowsLines: boolean;
  /** Texts that it has signed and that are not of the chain. */
  readonly forged: Set<string> = new Set();
  private readonly logs: (FalseLog | undefined)[] = [];
  /** What each client was told last. */
  private readonly told: Map<number, Story> = new Map();
  private oldNote: { readonly note: string; readonly size: Height; readonly signatures: number } | undefined = undefined;
  private oldRecord: DiskCopy | undefined = undefined;
  private signer: SigningRecord | undefined = undefined;

  constructor(options: LiarOptions) {
    this.options = options;
    const { draws } = options;
    this.draws = draws;
    this.manner = draws.pick(MANNERS);
    this.patience = draws.pick([0, 2, 6, 15] as const);
    this.boldness = draws.pick([0.3, 0.7, 1] as const);
    this.isSecondHonest = draws.below(3) === 0;
    this.isSecondShort = draws.below(2) === 0;
    this.showsOldNote = draws.below(2) === 0;
    this.borrowsLines = draws.below(4) === 3;
  }

  /** A note leaves the node honestly: the first one is kept, to be shown again when it is old. */
  gave(note: string, signatures: number): void {
    const decoded = decodeNote(note);
    const checkpoint = decoded.ok ? decodeCheckpoint(decoded.value.text) : decoded;
    if (!checkpoint.ok || checkpoint.value.origin !== this.origin || this.oldNote !== undefined) return;
    this.oldNote = { note, size: checkpoint.value.size as Height, signatures };
  }

  /** What it says in its node's place; undefined: it lets the node speak. @param client any number that tells clients apart */
  answer(node: VouchNode, client: number, request: ClientRequest): ClientResult | undefined {
    const { vault: entry } = this.options;
    if (request.kind !== 'query' || request.vault !== entry.id) return undefined;
    const vault = node.core?.group(entry.group)?.state.vault(entry.id);
    if (vault === undefined || vault.height < 2) return undefined;
    this.oldRecord ??= copyOfRecord(node.disk);
    if (this.patience > 0) {
      this.patience -= 1;
      return undefined;
    }
    const { query } = request;
    if (query.kind === 'checkpoint') return this.checkpoint(node, vault, client);
    const story = this.told.get(client);
    if (story?.kind !== 'false') return undefined;
    const { log } = story;
    switch (query.kind) {
      case 'logConsistency': {
        const { from, to } = query;
        if (to > log.size || from < 1 || from > to) return undefined;
        const roots = { fromRoot: log.log.root(from), toRoot: log.log.root(to) };
        const consistency = { from, to, ...roots, path: log.log.consistency(from, to) };
        return { kind: 'logConsistency', consistency, anchor: log.anchorAt(log.size) };
      }
      case 'logInclusion': {
        const { height, size } = query;
        if (size > log.size || height > size || height <= log.fork) return undefined;
        const { header } = log.anchorAt(height);
        const inclusion = { header, size, root: log.log.root(size), path: log.log.inclusion(height - 1, size) };
        return { kind: 'logInclusion', inclusion, anchor: log.anchorAt(log.size) };
      }
      case 'proof': {
        const height = request.at.kind === 'height' ? request.at.height : log.size;
        if (height > log.size || height <= log.fork) return undefined;
        return { kind: 'proof', anchor: log.anchorAt(height), proof: log.prove(query.questions) };
      }
      default:
        return undefined;
    }
  }

  private checkpoint(node: VouchNode, vault: Vault, client: number): ClientResult | undefined {
    this.told.set(client, { kind: 'honest' });
    if (!this.draws.chance(this.boldness)) return undefined;
    if (this.manner === 'rolledBackSigner' && this.showsOldNote) {
      return this.oldNote === undefined ? undefined : { kind: 'checkpoint', ...this.oldNote };
    }
    const story = this.storyFor(node, vault, client);
    if (story === undefined) return undefined;
    this.told.set(client, story);
    if (story.kind === 'honest') return this.signed(node, vault.height, vault.log.root(vault.height), vault);
    const { log } = story;
    const size = log.size - (story.isShort && log.size - 1 > log.fork ? 1 : 0);
    const root = log.log.root(size);
    if (this.manner === 'rolledBackSigner' && !this.mayStillSign(node, log, size, root)) {
      this.told.set(client, { kind: 'honest' });
      return undefined;
    }
    const signed = this.signed(node, size, root, vault);
    if (signed !== undefined) this.forged.add(this.textOf(size, root));
    return signed;
  }

  private storyFor(node: VouchNode, vault: Vault, client: number): Story | undefined {
    const number = this.manner === 'twoStories' ? client % 2 : 0;
    if (number === 1 && this.isSecondHonest) return { kind: 'honest' };
    const log = this.logs[number] ?? this.begin(node, vault, number);
    if (log === undefined) return undefined;
    log.extend(vault);
    return { kind: 'false', log, isShort: number === 1 && this.isSecondShort };
  }

  private begin(node: VouchNode, vault: Vault, number: number): FalseLog | undefined {
    const { hasher, tuples, vault: entry } = this.options;
    const least = this.manner === 'rolledBackSigner' ? (this.recordOf(node)?.sizeOf(entry.id) ?? vault.height) : 0;
    if (least >= vault.height) return undefined;
    const fork = Math.max(least, vault.height - 1 - this.draws.below(FORK_DEPTH_MAX));
    const intruder: TupleKey = { resource: 'doc:0', relation: 'viewer', subject: `${INTRUDER}${number}` };
    const log = new FalseLog({ hasher, vault, fork, granted: [...tuples, intruder] });
    this.logs[number] = log;
    return log;
  }

  /** The rule of signing, asked of the old record and of the log that is told: both are what a restored backup would have. */
  private mayStillSign(node: VouchNode, log: FalseLog, size: number, root: Uint8Array): boolean {
    const { id } = this.options.vault;
    const record = this.recordOf(node);
    if (record?.judge(id, log.log, { size, root }).kind !== 'sign') return false;
    record.sign({ vault: id, size, root }, SEQ_ZERO);
    return true;
  }

  private recordOf(node: VouchNode): SigningRecord | undefined {
    if (this.signer !== undefined || this.oldRecord === undefined) return this.signer;
    const opened = SigningRecord.open(this.oldRecord, node.id);
    if (typeof opened !== 'string') this.signer = opened.record;
    return this.signer;
  }

  /** Both lines of its own key under that text, at the time of the newest block. */
  private signed(node: VouchNode, size: number, root: Uint8Array, vault: Vault): ClientResult | undefined {
    const { hasher, keys, cluster } = this.options;
    const signer = keyOnDisk(node, keys);
    if (signer === undefined) return undefined;
    const text = this.textOf(size, root);
    const name = nodeKeyName(cluster, node.id);
    const header = decodeHeader(vault.anchor.header);
    const timeS = header.ok ? Math.floor(Number(header.value.time) / MICROS) : 0;
    const signatures = [signText(hasher, signer, name, text), cosignText(hasher, signer, name, text, timeS)];
    if (this.borrowsLines) signatures.push(...this.linesOfOthers(name));
    return { kind: 'checkpoint', note: encodeNote({ text, signatures }), size: size as Height, signatures: 1 };
  }

  private linesOfOthers(own: string): readonly NoteSignature[] {
    const old = this.oldNote === undefined ? undefined : decodeNote(this.oldNote.note);
    return old?.ok === true ? old.value.signatures.filter(({ name }) => name !== own) : [];
  }

  private textOf(size: number, root: Uint8Array): string {
    return encodeCheckpoint({ origin: this.origin, size, root, extension: [] });
  }

  private get origin(): string {
    const { cluster, vault } = this.options;
    return vaultOrigin({ cluster, organization: vault.organization, vault: vault.id });
  }
}
