/**
 * Injects faults one after another while a run lasts: when, which and for how long are draws. Several may be active at once.
 * `stop` ends what is active, in the order it began; what was started under a stopped nemesis is undone exactly once.
 */
import { type Choices, type Draws, Fate } from '../tape.ts';
import type { FaultKind } from './counts.ts';
import type { Fault, FaultTarget } from './fault.ts';

export interface NemesisKnobs {
  /** Faults with the weight each is drawn with. */
  readonly weights: readonly { readonly fault: Fault; readonly weight: number }[];
  readonly intervalMeanMicros: number;
  readonly durationMeanMicros: number;
  readonly downMax: number;
}

interface Active {
  readonly kind: FaultKind;
  /** True time at which it began. */
  readonly since: number;
  readonly end: () => void;
  ended: boolean;
}

/** Label under which each episode has its fate. */
export const EPISODES: string = 'nemesis/episodes';

export class Nemesis {
  private readonly target: FaultTarget;
  private readonly knobs: NemesisKnobs;
  private readonly timing: Draws;
  private readonly kinds: Draws;
  private readonly fates: Draws;
  private readonly choices: Choices;
  private readonly weightSum: number;
  private active: Active[] = [];
  private stopped: boolean = false;
  private episodes: number = 0;
  /** True time of the newest injection. */
  lastInjection: number = 0;

  constructor(target: FaultTarget, knobs: NemesisKnobs, choices: Choices) {
    this.target = target;
    this.knobs = knobs;
    this.choices = choices;
    this.timing = choices.under('nemesis/timing');
    this.kinds = choices.under('nemesis/kind');
    this.fates = choices.under(EPISODES);
    this.weightSum = knobs.weights.reduce((sum, { weight }) => sum + weight, 0);
  }

  start(): void {
    if (this.weightSum > 0) this.scheduleNext();
  }

  /** Ends every active fault and injects nothing any more. */
  stop(): void {
    this.stopped = true;
    for (const fault of this.active) this.end(fault);
    this.active = [];
  }

  private scheduleNext(): void {
    const fate = this.fates.fate();
    if (fate === Fate.end) return;
    const wait = 1 + this.timing.exponential(this.knobs.intervalMeanMicros);
    this.target.at(this.target.now + wait, () => {
      if (this.stopped) return;
      this.inject(fate);
      this.scheduleNext();
    });
  }

  private inject(fate: Fate): void {
    const fault = this.drawFault();
    const durationMicros = (1 + this.timing.exponential(this.knobs.durationMeanMicros)) * (fault.lasts ?? 1);
    // A label per episode: one that is skipped shifts no other.
    const draws = this.choices.under(`fault/${this.episodes}/${fault.kind}`);
    this.episodes += 1;
    if (fate === Fate.skipped) return;
    this.lastInjection = this.target.now;
    const end = fault.inject({ target: this.target, draws, durationMicros, downMax: this.knobs.downMax });
    if (end === undefined) return;
    const active: Active = { kind: fault.kind, since: this.target.now, end, ended: false };
    this.active.push(active);
    this.target.counts.watch?.began(active.kind, active.since);
    this.target.at(this.target.now + durationMicros, () => {
      this.end(active);
      this.active = this.active.filter((other) => other !== active);
    });
  }

  private end(fault: Active): void {
    if (fault.ended) return;
    fault.ended = true;
    fault.end();
    this.target.counts.watch?.ended(fault.kind, fault.since);
  }

  private drawFault(): Fault {
    let left = this.kinds.below(this.weightSum);
    for (const { fault, weight } of this.knobs.weights) {
      if (left < weight) return fault;
      left -= weight;
    }
    return (this.knobs.weights[0] as { fault: Fault }).fault;
  }
}
