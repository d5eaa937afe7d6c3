/**
 * Faults as spans of time. A fault is counted when it happens; what it did to whom is learnt from what follows at the same
 * instant: directions that close, disks that slow down, clocks that jump. So a new kind of fault is recorded without a word here.
 */
import type { FaultKind, FaultWatch } from '../faults/counts.ts';
import { Bounded } from './bounded.ts';
import type { FaultSpan } from './recording.ts';

/** Kinds that are told elsewhere: frames say what became of them, absences say who did not run and what its disk lost. */
const TOLD_ELSEWHERE: readonly FaultKind[] = [
  'crash',
  'powerLoss',
  'restart',
  'pause',
  'loss',
  'duplicate',
  'reorder',
  'overflow',
  'lostWrite',
  'tornWrite',
];
const SPANS_MAX = 2000;

interface Span {
  readonly kind: FaultKind;
  readonly from: number;
  to: number;
  times: number;
  isOpen: boolean;
  readonly nodes: Set<number>;
  readonly cut: Set<string>;
  text: string;
}

export class FaultLog implements FaultWatch {
  private readonly spans: Bounded<Span> = new Bounded(SPANS_MAX);
  private readonly clock: { readonly now: number };
  private readonly nodeCount: number;
  private readonly onCounted: (kind: FaultKind, times: number) => void;
  private newest: Span | undefined = undefined;

  constructor(clock: { readonly now: number }, nodeCount: number, onCounted: (kind: FaultKind, times: number) => void) {
    this.clock = clock;
    this.nodeCount = nodeCount;
    this.onCounted = onCounted;
  }

  get forgotten(): number {
    return this.spans.dropped;
  }

  counted(kind: FaultKind, times: number): void {
    this.onCounted(kind, times);
    if (TOLD_ELSEWHERE.includes(kind)) return;
    const { now } = this.clock;
    if (this.newest?.kind === kind && this.newest.from === now && !this.newest.isOpen) {
      this.newest.times += times;
      return;
    }
    this.newest = { kind, from: now, to: now, times, isOpen: false, nodes: new Set(), cut: new Set(), text: '' };
    this.spans.push(this.newest);
  }

  began(kind: FaultKind, since: number): void {
    const span = this.find(kind, since);
    if (span !== undefined) span.isOpen = true;
  }

  ended(kind: FaultKind, since: number): void {
    const span = this.find(kind, since);
    if (span === undefined) return;
    span.isOpen = false;
    span.to = this.clock.now;
  }

  /** A direction between endpoints was closed or opened. */
  direction(from: number, to: number, blocks: number): void {
    if (blocks === 0) return;
    const open = this.spans.items.filter((span) => span.isOpen && span.kind === 'flapping');
    const span = this.newest?.from === this.clock.now ? this.newest : open[open.length - 1];
    span?.cut.add(`${from}>${to}`);
  }

  /** Something about a node changed by the newest fault of that kind. */
  touched(kind: FaultKind, node: number, text: string): void {
    const span = this.spans.items.findLast((candidate) => candidate.kind === kind);
    if (span === undefined) return;
    span.nodes.add(node);
    if (span.text === '') span.text = text;
  }

  /** Everything so far; what is still open lasts until now. */
  finish(): readonly FaultSpan[] {
    const { now } = this.clock;
    return this.spans.items.map((span) => ({
      kind: span.kind,
      text: span.cut.size > 0 ? cutText(span.cut, this.nodeCount) : span.text,
      nodes: span.cut.size > 0 ? cutNodes(span.cut, this.nodeCount) : [...span.nodes].sort((a, b) => a - b),
      times: span.times,
      from: span.from,
      to: span.isOpen ? now : span.to,
    }));
  }

  private find(kind: FaultKind, since: number): Span | undefined {
    return this.spans.items.findLast((span) => span.kind === kind && span.from === since);
  }
}

/** `{0 1} | {2}` where nodes fall into sides that do not hear each other; else the directions: `2→0, 2→1`. */
function cutText(cut: ReadonlySet<string>, nodeCount: number): string {
  const isCut = (from: number, to: number): boolean => cut.has(`${from}>${to}`);
  const sides: number[][] = [];
  for (let node = 0; node < nodeCount; node += 1) {
    const joined = sides.filter((side) => side.some((other) => !isCut(node, other) || !isCut(other, node)));
    for (const side of joined) sides.splice(sides.indexOf(side), 1);
    sides.push([...joined.flat(), node]);
  }
  if (sides.length > 1) {
    for (const side of sides) side.sort((a, b) => a - b);
    sides.sort(([a = 0], [b = 0]) => a - b);
    return sides.map((side) => `{${side.join(' ')}}`).join(' | ');
  }
  const between: string[] = [];
  for (let from = 0; from < nodeCount; from += 1) {
    for (let to = 0; to < nodeCount; to += 1) {
      if (!isCut(from, to)) continue;
      if (!isCut(to, from)) between.push(`${from}→${to}`);
      else if (from < to) between.push(`${from}↔${to}`);
    }
  }
  return between.length === 0 ? 'clients only' : between.join(', ');
}

function cutNodes(cut: ReadonlySet<string>, nodeCount: number): readonly number[] {
  const nodes = new Set<number>();
  for (const direction of cut) for (const end of direction.split('>')) if (Number(end) < nodeCount) nodes.add(Number(end));
  return [...nodes].sort((a, b) => a - b);
}
