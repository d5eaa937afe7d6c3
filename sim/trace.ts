/**
 * The trace hash: two 32-bit lanes that fold (time, node, kind, bytes) of every input and effect and each final digest.
 * Not cryptographic; it must be cheap, order-sensitive, and differ after any single altered byte, completion or delay.
 * Every fold is a bijection of each lane for fixed input, so a difference once made is never folded away by equal input.
 */

/** Told of every event before it is folded: what happened, and the hash of everything before it. */
export type TraceListener = (time: number, node: number, kind: number, before: number) => void;

export class TraceHash {
  private low: number = 0x243f6a88;
  private high: number = 0x85a308d3;
  /** How many things were folded. */
  folded: number = 0;
  /** Undefined unless two runs are compared. */
  listener: TraceListener | undefined = undefined;

  /** One 32-bit word. */
  word(value: number): void {
    const low = Math.imul(this.low ^ value, 0x9e3779b1);
    this.low = (low ^ (low >>> 15)) | 0;
    this.high = (Math.imul(this.high ^ (value >>> 16) ^ (value << 16), 0x85ebca6b) + this.low) | 0;
  }

  /** What happened, where, when. @param time microseconds, a safe non-negative integer. */
  event(time: number, node: number, kind: number): void {
    this.folded += 1;
    if (this.listener !== undefined) this.listener(time, node, kind, this.prefix());
    this.word(time | 0);
    this.word((time / 0x1_0000_0000) | 0);
    this.word((node << 8) | kind);
  }

  bytes(bytes: Uint8Array): void {
    const whole = bytes.length & ~3;
    this.word(bytes.length);
    let low = this.low;
    let high = this.high;
    for (let i = 0; i < whole; i += 4) {
      const value =
        (bytes[i] as number) |
        ((bytes[i + 1] as number) << 8) |
        ((bytes[i + 2] as number) << 16) |
        ((bytes[i + 3] as number) << 24);
      low = Math.imul(low ^ value, 0x9e3779b1);
      low ^= low >>> 15;
      high = (Math.imul(high ^ value, 0x85ebca6b) + low) | 0;
    }
    this.low = low | 0;
    this.high = high;
    let rest = 0;
    for (let i = whole; i < bytes.length; i += 1) rest = (rest << 8) | (bytes[i] as number);
    if (whole < bytes.length) this.word(rest);
  }

  text(text: string): void {
    this.word(text.length);
    for (let i = 0; i < text.length; i += 1) this.word(text.charCodeAt(i));
  }

  /** 32 bits of everything folded so far. */
  prefix(): number {
    return (this.low ^ Math.imul(this.high, 0x9e3779b1)) >>> 0;
  }

  /** Sixteen hex digits of everything folded so far. */
  digest(): string {
    return (this.high >>> 0).toString(16).padStart(8, '0') + (this.low >>> 0).toString(16).padStart(8, '0');
  }
}
