/** Colours of the canvas, read from the style sheet so that light and dark are said once. */
import { FAMILIES, type Family } from '../families.ts';

export interface Colours {
  readonly ink: string;
  readonly faint: string;
  readonly line: string;
  readonly paper: string;
  readonly bad: string;
  readonly fault: string;
  readonly down: string;
  readonly cursor: string;
  readonly leader: string;
  readonly leaderInk: string;
  readonly candidate: string;
  readonly candidateInk: string;
  readonly follower: string;
  readonly ok: string;
  readonly fail: string;
  readonly info: string;
  readonly families: Readonly<Record<Family, string>>;
}

export function readColours(): Colours {
  const style = getComputedStyle(document.documentElement);
  const of = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return {
    ink: of('ink'),
    faint: of('faint'),
    line: of('line'),
    paper: of('paper'),
    bad: of('bad'),
    fault: of('fault'),
    down: of('down'),
    cursor: of('cursor'),
    leader: of('leader'),
    leaderInk: of('leader-ink'),
    candidate: of('candidate'),
    candidateInk: of('candidate-ink'),
    follower: of('follower'),
    ok: of('ok'),
    fail: of('fail'),
    info: of('info'),
    families: Object.fromEntries(FAMILIES.map((family) => [family, of(family)])) as Record<Family, string>,
  };
}
