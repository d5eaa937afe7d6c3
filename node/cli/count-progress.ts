/** One line of progress for work that is counted; nothing at all where stderr is not a terminal. */

const PROGRESS_MS = 200;

export class CountProgress {
  private readonly label: string;
  private readonly total: number | undefined;
  private readonly started: number = performance.now();
  private shownAt: number = 0;

  /** @param label what is done and counted, such as "exported blocks" @param total undefined: nobody knows */
  constructor(label: string, total?: number) {
    this.label = label;
    this.total = total;
  }

  /** @param done so many by now */
  show(done: number): void {
    const now = performance.now();
    if (!process.stderr.isTTY || now - this.shownAt < PROGRESS_MS) return;
    this.shownAt = now;
    const rate = Math.round((done * 1000) / Math.max(now - this.started, 1));
    process.stderr.write(`\r\u001b[K${this.label} ${done}${this.total === undefined ? '' : ` of ${this.total}`}, ${rate}/s`);
  }

  end(): void {
    if (process.stderr.isTTY && this.shownAt > 0) process.stderr.write('\r\u001b[K');
  }
}
