/** What happens, as JSON lines, each with the milliseconds since the beginning; and the counts of the last line. */
import { appendFileSync, writeFileSync } from 'node:fs';

export class Journal {
  readonly file: string;
  private readonly startedAt: number = performance.now();

  constructor(file: string) {
    this.file = file;
    writeFileSync(file, '');
  }

  get milliseconds(): number {
    return Math.round(performance.now() - this.startedAt);
  }

  note(event: string, fields: Readonly<Record<string, unknown>> = {}): void {
    appendFileSync(this.file, `${JSON.stringify({ ms: this.milliseconds, event, ...fields })}\n`);
  }
}
