/**
 * Finished hunts in a file, one JSON object a line, so that a long campaign which was ended goes on where it was. A result is
 * found again only for the very code that gave it: its key is over the bundle that ran and the order it had.
 */
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync, truncateSync } from 'node:fs';
import type { HuntOrder, HuntResult } from '../../sim/mutants/hunt.ts';
import { CliFailure } from './failure.ts';
import { writeOutput } from './output-file.ts';

interface Line {
  readonly key: string;
  readonly id: string;
  readonly result: HuntResult;
}

export class HuntJournal {
  private readonly file: string | undefined;
  private readonly results: Map<string, HuntResult> = new Map();

  /** @param file undefined: nothing is kept. */
  constructor(file: string | undefined) {
    this.file = file;
    if (file === undefined || !existsSync(file)) return;
    const text = readFileSync(file, 'utf8');
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    for (const [at, line] of whole.split('\n').entries()) {
      if (line === '') continue;
      const { key, result } = parse(line, `${file}:${at + 1}`);
      this.results.set(key, result);
    }
    // What follows was cut off while it was written: that hunt is repeated, and the next line begins there.
    if (whole.length < text.length) truncateSync(file, Buffer.byteLength(whole));
  }

  static key(bundle: string, order: HuntOrder): string {
    return createHash('sha256').update(JSON.stringify(order)).update(readFileSync(bundle)).digest('hex');
  }

  find(key: string): HuntResult | undefined {
    return this.results.get(key);
  }

  add(key: string, id: string, result: HuntResult): void {
    this.results.set(key, result);
    const line = `${JSON.stringify({ key, id, result } satisfies Line)}\n`;
    if (this.file !== undefined) writeOutput(this.file, (file) => appendFileSync(file, line));
  }
}

function parse(text: string, place: string): Line {
  try {
    const line = JSON.parse(text) as Partial<Line> | null;
    if (typeof line?.key === 'string' && typeof line.result?.seeds === 'number') return line as Line;
  } catch {
    // Said below.
  }
  throw new CliFailure(`${place} is not a line of a hunt journal.`, 2);
}
