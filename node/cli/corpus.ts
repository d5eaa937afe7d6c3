/**
 * `swarm --corpus F`: seeds that failed before, one JSON line each. They run first, and what fails now is added, so that a
 * nightly swarm never forgets a finding. Lines of other commands in the same file are left alone.
 */
import { appendFileSync, existsSync } from 'node:fs';
import { usageFailure } from './failure.ts';
import { linesOf } from './lines.ts';
import { writeOutput } from './output-file.ts';
import type { SeedDone } from './sim-pool.ts';

interface Finding {
  /** Everything on the command line that shapes the run. */
  readonly command: string;
  readonly seed: string;
  readonly oracle: string;
}

export class Corpus {
  private readonly file: string;
  private readonly command: string;
  private readonly known: Set<string> = new Set();

  constructor(file: string, command: string) {
    this.file = file;
    this.command = command;
    if (!existsSync(file)) return;
    let number = 0;
    for (const line of linesOf(file)) {
      number += 1;
      if (line.trim() === '') continue;
      const finding = parse(line);
      if (finding === undefined) throw usageFailure(`${file}, line ${number}: not a line of a corpus.`);
      if (finding.command === command) this.known.add(finding.seed);
    }
  }

  /** Seeds of a shard's part. */
  seeds(shard: number, shards: number): readonly string[] {
    return [...this.known].filter((_, position) => position % shards === shard - 1);
  }

  /** Keeps a seed that failed. @throws CliFailure where it cannot be written. */
  note({ report }: SeedDone): void {
    const { seed, violation } = report;
    if (violation === null || this.known.has(seed)) return;
    this.known.add(seed);
    const finding: Finding = { command: this.command, seed, oracle: violation.oracle };
    writeOutput(this.file, (file) => appendFileSync(file, `${JSON.stringify(finding)}\n`));
  }
}

function parse(line: string): Finding | undefined {
  try {
    const { command, seed, oracle } = JSON.parse(line) as Partial<Finding>;
    if (typeof command !== 'string' || typeof seed !== 'string' || !/^[0-9]{1,9}$/.test(seed)) return undefined;
    return { command, seed, oracle: String(oracle) };
  } catch {
    return undefined;
  }
}
