/**
 * Answers respect real time: whoever asks after an answer was given sees at least the block that it showed.
 * A consequence of linearizability that needs no search, judged as each answer arrives.
 */
import type { Replica } from '../../../core/replica/replica.ts';
import { type Observer, Violation } from '../../observer.ts';
import type { VouchShape } from '../../vouch.ts';

/** The newest block shown up to a time. */
interface Shown {
  readonly time: number;
  readonly height: number;
}

export class AnswersInOrder implements Observer<VouchShape, Replica> {
  readonly name: string = 'answers-in-order';
  readonly claim: string =
    'A request made after an answer was given is answered at its block or a later one, unless it asked for an older one.';
  /** By vault; times and heights grow. */
  private readonly shown: Map<string, Shown[]> = new Map();

  /** An answer arrived at a client. Times never fall from call to call. */
  told(answer: {
    readonly vault: string;
    readonly invokedAt: number;
    readonly time: number;
    readonly height: number;
    /** Whether it may be behind what was shown; it shows its block to others all the same. */
    readonly mayBeOld: boolean;
  }): void {
    let shown = this.shown.get(answer.vault);
    if (shown === undefined) {
      shown = [];
      this.shown.set(answer.vault, shown);
    }
    const floor = heightBefore(shown, answer.invokedAt);
    if (answer.height < floor && !answer.mayBeOld) {
      throw new Violation(
        this.name,
        `vault ${answer.vault}: block ${floor} had been shown before ${answer.invokedAt} µs, a later request was answered at block ${answer.height}`,
      );
    }
    const newest = shown[shown.length - 1];
    if (newest === undefined || answer.height > newest.height) shown.push({ time: answer.time, height: answer.height });
  }
}

/** Height of the newest block shown strictly before a time; 0 where none was. */
function heightBefore(shown: readonly Shown[], time: number): number {
  let low = 0;
  let high = shown.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((shown[middle] as Shown).time < time) low = middle + 1;
    else high = middle;
  }
  return low === 0 ? 0 : (shown[low - 1] as Shown).height;
}
