/** What of the story is looked at: the visible span, the instant, the filters. Every change is told to the listeners. */

import type { RecordedFrame } from '../../record/recording.ts';
import { FAMILIES, type Family, HAPPENINGS, type Happening, happeningOf } from '../families.ts';
import { lastRelevantSteps } from '../focus.ts';
import type { Step } from '../steps.ts';
import { lowerBound, type Story } from './story.ts';

/** Shortest visible span, microseconds. */
const SPAN_MIN = 200;
/** Shortest span shown around the focus, and the steps it has room for. */
const FOCUS_SPAN = 4000;
const FOCUS_STEPS = 16;
/** Longer spans leave out what is said over and over. */
const IDLE_SPAN = 2_000_000;

export class View {
  from: number = 0;
  to: number;
  time: number;
  /** -1 = all. */
  group: number;
  readonly families: Set<Family> = new Set(FAMILIES);
  readonly happenings: Set<Happening> = new Set(HAPPENINGS);
  /** Nodes that are looked at. */
  readonly nodes: Set<number>;
  /** The instant with which states are compared; undefined = the step before. */
  base: number | undefined = undefined;
  private readonly story: Story;
  private readonly listeners: (() => void)[] = [];

  constructor(story: Story) {
    this.story = story;
    this.to = Math.max(story.recording.end, SPAN_MIN);
    this.time = story.recording.focus;
    this.group = story.recording.violation?.evidence.group ?? -1;
    this.nodes = new Set(Array.from({ length: story.recording.nodes }, (_, node) => node));
  }

  onChange(listener: () => void): void {
    this.listeners.push(listener);
  }

  changed(): void {
    for (const listener of this.listeners) listener();
  }

  /** Whether a frame is of what is looked at: of a chosen kind and group, and to or from a chosen node. */
  wantsFrame({ from, to, items, family }: RecordedFrame & { readonly family: Family }): boolean {
    if (!this.families.has(family)) return false;
    if (!this.nodes.has(from) && !this.nodes.has(to)) return false;
    return this.group < 0 || items.some((item) => item.group === this.group || item.group < 0);
  }

  wantsStep(step: Step): boolean {
    if (step.kind === 'message' ? !this.families.has(step.family as Family) : !this.happenings.has(happeningOf(step.kind)))
      return false;
    if (step.isIdle && this.to - this.from > IDLE_SPAN) return false;
    if (this.group >= 0 && step.group >= 0 && step.group !== this.group) return false;
    return step.nodes.length === 0 || step.nodes.some((node) => this.nodes.has(node));
  }

  /** Compares states with this instant from now on, or with the step before again. */
  toggleBase(): void {
    this.base = this.base === undefined ? this.time : undefined;
    this.changed();
  }

  /** Shows the place where a reader should look first. */
  lookAtFocus(): void {
    const { recording, steps } = this.story;
    const { focus } = recording;
    const first = lastRelevantSteps(recording, steps, FOCUS_STEPS)[0]?.at ?? 0;
    const span = Math.max(FOCUS_SPAN, (focus - first) * 1.15);
    this.time = focus;
    this.show(focus - span * 0.9, focus + span * 0.1);
  }

  showAll(): void {
    this.show(0, this.story.recording.end);
  }

  show(from: number, to: number): void {
    const end = Math.max(this.story.recording.end, SPAN_MIN);
    const span = Math.min(Math.max(to - from, SPAN_MIN), end * 1.04);
    const middle = (from + to) / 2;
    this.from = Math.min(Math.max(middle - span / 2, -end * 0.02), end * 1.02 - span);
    this.to = this.from + span;
    this.changed();
  }

  /** @param factor below 1 comes closer. @param around stays where it is. */
  zoom(factor: number, around: number = this.time): void {
    const anchor = around < this.from || around > this.to ? (this.from + this.to) / 2 : around;
    this.show(anchor - (anchor - this.from) * factor, anchor + (this.to - anchor) * factor);
  }

  pan(micros: number): void {
    this.show(this.from + micros, this.to + micros);
  }

  /** Moves to a time, and the visible span with it. */
  goTo(time: number): void {
    this.time = Math.min(Math.max(Math.round(time), 0), this.story.recording.end);
    const span = this.to - this.from;
    if (this.time < this.from || this.time > this.to) this.show(this.time - span / 2, this.time + span / 2);
    else this.changed();
  }

  /** Moves by instants at which something happens that is looked at. */
  stepBy(count: number): void {
    const instants = this.instants();
    const here = lowerBound(instants, this.time, (at) => at);
    const isBetween = instants[here] !== this.time;
    const next = count > 0 && isBetween ? here + count - 1 : here + count;
    this.goTo(instants[Math.min(Math.max(next, 0), instants.length - 1)] ?? 0);
  }

  private instants(): readonly number[] {
    const { steps, recording } = this.story;
    const found = [0, ...steps.filter((step) => this.wantsStep(step)).map(({ at }) => at), recording.end];
    return found.filter((at, position) => position === 0 || at > (found[position - 1] as number));
  }
}
