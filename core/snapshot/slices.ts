/**
 * How long a step works at a snapshot: so many records, or so many bytes of them (C11). Clocks are inputs, so work is counted
 * and not timed.
 */
import type { Buggify } from '../capability.ts';
import { SNAPSHOT_SLICE_BYTES } from '../limits.ts';

export class Slice {
  private records: number = 0;
  private bytes: number = 0;
  private readonly recordsMax: number;

  /** @param recordsMax of a step. @param buggify makes a slice as short as it can be */
  constructor(recordsMax: number, buggify: Buggify) {
    this.recordsMax = buggify('snapshot.short-slice') ? 1 : recordsMax;
  }

  /** Counts a record. @returns whether the step has done enough. */
  spend(bytes: number): boolean {
    this.records += 1;
    this.bytes += bytes;
    return this.records >= this.recordsMax || this.bytes >= SNAPSHOT_SLICE_BYTES;
  }
}
