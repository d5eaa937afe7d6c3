/**
 * Which vault expires something next. Derived from the vaults' own expiry rows, so it decides nothing: it tells a leader
 * when to propose `expire`. Asked after every step, hence the remembered first.
 */
import { BTree } from '../btree/tree.ts';
import { Reader } from '../bytes/reader.ts';
import { Writer } from '../bytes/writer.ts';
import { type Micros, NEVER, type VaultId } from '../ids.ts';
import { PageSpace } from '../page/space.ts';
import { MemoryPageStore } from '../page/store.ts';
import { readUlid, writeUlid } from './ulid-field.ts';

const NOTHING: Uint8Array = new Uint8Array(0);
const FIRST: Uint8Array = new Uint8Array(0);

export interface DueVault {
  readonly vault: VaultId;
  readonly at: Micros;
}

export class ExpiryQueue {
  /** Key: u64 time, vault 16. */
  private readonly rows: BTree = new BTree(new PageSpace(new MemoryPageStore()));
  private readonly times: Map<VaultId, Micros> = new Map();
  private readonly writer: Writer = new Writer(24);
  /** The earliest entry; ties go to the smaller vault id. */
  first: DueVault | undefined = undefined;

  /** @param at NEVER = nothing of this vault expires. */
  set(vault: VaultId, at: Micros): void {
    const previous = this.times.get(vault) ?? NEVER;
    if (previous === at) return;
    if (previous !== NEVER) this.rows.delete(this.keyOf(previous, vault));
    if (at === NEVER) this.times.delete(vault);
    else {
      this.times.set(vault, at);
      this.rows.set(this.keyOf(at, vault), NOTHING);
    }
    this.first = this.findFirst();
  }

  private keyOf(at: Micros, vault: VaultId): Uint8Array {
    this.writer.reset();
    this.writer.u64(at);
    writeUlid(this.writer, vault);
    return this.writer.peek();
  }

  private findFirst(): DueVault | undefined {
    const cursor = this.rows.scan({ from: FIRST });
    if (!cursor.advance()) return undefined;
    const reader = new Reader(cursor.key());
    const at = reader.u64() as Micros;
    return { vault: readUlid(reader), at };
  }
}
