/**
 * Encryption at rest as a replica sees it: what the log and the snapshots are given to seal with, when the key file is to be
 * written, and which keys go. Without a key file all of it is nothing.
 * Order: a key is durable before what is sealed with it (`takeOps` stands ahead of everything else in the same persist); it goes once
 * the deletion of its vault is applied here, hence committed. A crash in between leaves a key that nothing needs, or a deletion that
 * is applied again; at every start the keys of vaults that a restored state knows as deleted go, too.
 */
import type { Cipher, Entropy, Hasher } from '../capability.ts';
import type { PageFilePlace } from '../checkpoint/file.ts';
import type { DirectoryReader, FileOp } from '../effect.ts';
import type { PageSealer } from '../page/page-sealer.ts';
import { SealedChunks } from '../seal/chunks.ts';
import { SealedEntries } from '../seal/entries.ts';
import { KEY_FILE, NODE_KEY } from '../seal/key-file.ts';
import { SealedPages } from '../seal/pages.ts';
import { type Sealer, SealKind, VaultKeys } from '../seal/vault-keys.ts';
import type { ChunkSealer } from '../snapshot/chunk-sealer.ts';
import type { GroupState } from '../state/group-state.ts';
import type { EntrySealer } from '../wal/entry-sealer.ts';
import { replaceFile, TEMPORARY_SUFFIX } from './directory.ts';

export class Sealing {
  readonly entries: EntrySealer | undefined;
  readonly chunks: ChunkSealer | undefined;
  private readonly keys: VaultKeys | undefined;
  /** Whether a key file was being written when the node stopped. */
  private isStale: boolean;

  /** Throws StorageError where the directory's key file and the cipher do not fit together. */
  constructor(
    reader: DirectoryReader,
    options: { readonly cipher?: Cipher | undefined; readonly hasher: Hasher; readonly entropy: Entropy },
  ) {
    const keys = VaultKeys.open(reader, options.cipher, options.entropy);
    this.keys = keys;
    this.entries = keys === undefined ? undefined : new SealedEntries(keys, options.hasher);
    this.chunks = keys === undefined ? undefined : new SealedChunks(keys);
    this.isStale = reader.size(KEY_FILE + TEMPORARY_SUFFIX) !== undefined;
  }

  /** What seals the pages of a file; undefined where everything is in clear. */
  pagesOf(place: PageFilePlace): PageSealer | undefined {
    return this.keys === undefined ? undefined : new SealedPages(this.keys, place);
  }

  /** What seals the secret with which the node signs; undefined where everything is in clear. */
  get secret(): Sealer | undefined {
    return this.keys?.sealer(NODE_KEY, SealKind.signing);
  }

  /** Operations that make the key file what it has to be, to be carried out ahead of what was sealed meanwhile. */
  takeOps(): readonly FileOp[] {
    const bytes = this.keys?.takeChange();
    if (bytes === undefined) return [];
    const ops = replaceFile(KEY_FILE, bytes, this.isStale);
    this.isStale = false;
    return ops;
  }

  /** Whether `takeOps` has something. */
  get isChanged(): boolean {
    return this.keys?.isChanged ?? false;
  }

  /** Destroys the keys of vaults that the state has seen deleted. @returns whether one was deleted by an entry just applied. */
  follow({ gone }: GroupState): boolean {
    for (const vault of gone.takeRestored()) this.keys?.destroy(vault);
    const news = gone.takeNews();
    for (const vault of news) this.keys?.destroy(vault);
    return news.length > 0;
  }
}

/** Operations for a new directory that is to be sealed; ahead of whatever makes it a node's. @param reader of one that is not empty */
export function createKeyFile(cipher: Cipher, reader?: DirectoryReader): readonly FileOp[] {
  return replaceFile(KEY_FILE, VaultKeys.create(cipher), reader?.size(KEY_FILE + TEMPORARY_SUFFIX) !== undefined);
}
