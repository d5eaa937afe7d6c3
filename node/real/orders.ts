/**
 * What a real run tells the layer under a node's file calls (fault-layer.ts): JSON lines appended to a file, which the layer looks at every few
 * milliseconds. Why a file and not a channel: a node has neither another standard stream nor a port to spare, and a signal carries no words.
 */
import { appendFileSync, closeSync, existsSync, openSync, readSync, rmSync, statSync, writeFileSync } from 'node:fs';

/** How a process ends: what it wrote reaches its files, or what no sync covers may not. */
export type DeathKind = 'crash' | 'powerLoss';

export type Order =
  /** End after that many more file calls: 0 = now. fromNextWrite: counted from the next write to a file. */
  | { readonly order: 'die'; readonly after: number; readonly fromNextWrite: boolean; readonly how: DeathKind }
  /** Forget an order to die that did not come to pass yet. */
  | { readonly order: 'live' }
  /** Refuse the next sync (EIO) or the next write (ENOSPC); null takes that back. */
  | { readonly order: 'refuse'; readonly error: 'EIO' | 'ENOSPC' | null }
  /** Every sync takes so long, milliseconds. */
  | { readonly order: 'slow'; readonly syncMs: number };

export function giveOrder(file: string, order: Order): void {
  appendFileSync(file, `${JSON.stringify(order)}\n`);
}

/** The file for a life that begins: no orders, and no death behind it. */
export function beginOrders(file: string): void {
  rmSync(lastWords(file), { force: true });
  writeFileSync(file, '');
}

/** Said by a process right before it ends as ordered: the order may be taken back before anybody hears of the end. */
export function confirmDeath(file: string): void {
  writeFileSync(lastWords(file), '');
}

/** Whether the life that these orders were for ended because one of them said so. */
export function isDeathConfirmed(file: string): boolean {
  return existsSync(lastWords(file));
}

function lastWords(file: string): string {
  return `${file}.obeyed`;
}

/** Reads what was appended since. */
export class OrderReader {
  private readonly file: string;
  private offset: number;

  /** What stands in the file already was meant for somebody else. */
  constructor(file: string) {
    this.file = file;
    this.offset = sizeOf(file);
  }

  take(): readonly Order[] {
    const size = sizeOf(this.file);
    if (size === this.offset) return [];
    const bytes = new Uint8Array(size - this.offset);
    const descriptor = openSync(this.file, 'r');
    try {
      readSync(descriptor, bytes, 0, bytes.length, this.offset);
    } finally {
      closeSync(descriptor);
    }
    const text = new TextDecoder().decode(bytes);
    const whole = text.lastIndexOf('\n') + 1;
    this.offset += whole;
    return text
      .slice(0, whole)
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Order);
  }
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
