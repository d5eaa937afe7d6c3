/** One line of progress for work that is counted in bytes; nothing at all where stderr is not a terminal. */

const PROGRESS_MS = 200;

export class ByteProgress {
  private readonly label: string;
  private readonly totalBytes: number | undefined;
  private readonly started: number = performance.now();
  private doneBytes: number = 0;
  private shownAt: number = 0;

  /** @param totalBytes undefined: nobody knows */
  constructor(label: string, totalBytes?: number) {
    this.label = label;
    this.totalBytes = totalBytes;
  }

  add(bytes: number): void {
    this.doneBytes += bytes;
    const now = performance.now();
    if (!process.stderr.isTTY || now - this.shownAt < PROGRESS_MS) return;
    this.shownAt = now;
    const rate = sizeText((this.doneBytes * 1000) / Math.max(now - this.started, 1));
    const of = this.totalBytes === undefined ? '' : ` of ${sizeText(this.totalBytes)}`;
    process.stderr.write(`\r\u001b[K${this.label} ${sizeText(this.doneBytes)}${of}, ${rate}/s`);
  }

  end(): void {
    if (process.stderr.isTTY && this.shownAt > 0) process.stderr.write('\r\u001b[K');
  }
}

/** A size as people read it. */
export function sizeText(bytes: number): string {
  if (bytes < 1000) return `${Math.round(bytes)} B`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  let size = bytes / 1000;
  let unit = 0;
  for (; size >= 1000 && unit < units.length - 1; unit += 1) size /= 1000;
  return `${size.toFixed(size < 10 ? 1 : 0)} ${units[unit]}`;
}
