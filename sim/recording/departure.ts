/** How a replay of a tape ends early. Thrown through the core, which catches neither. */

/** The replay is not the recorded run: what was recorded, and what is now. */
export class Departure extends Error {
  override readonly name: string = 'Departure';
  /** What differs, for the sentence "… differs: recorded …, now …". */
  readonly what: string;
  readonly recorded: string;
  readonly replayed: string;

  constructor(what: string, recorded: string, replayed: string) {
    super(`${what}: recorded ${recorded}, now ${replayed}`);
    this.what = what;
    this.recorded = recorded;
    this.replayed = replayed;
  }
}

/** The tape ends within a step: the answer that the core wants was never written. */
export class TapeOver extends Error {
  override readonly name: string = 'TapeOver';
}

/** The bytes of the tape are not what was written. */
export class TapeDamaged extends Error {
  override readonly name: string = 'TapeDamaged';
  /** In the file. */
  readonly offset: number;

  constructor(offset: number) {
    super(`damaged at byte ${offset}`);
    this.offset = offset;
  }
}
