/**
 * Why a check was decided so, in lines that a person can read: an allow as the chain of tuples that it rests on, a deny as what was
 * looked at. Whether a tuple that does not grant is missing, or there under a condition that is not met, the reasons do not keep apart.
 */
import { unreachable } from '../assert.ts';
import type { TupleKey } from '../state/transaction.ts';
import type { Step, Why } from './reading.ts';

/** Longest explanation, lines. Why 400: nobody reads more, and a deny may rest on thousands of tuples. */
const LINES_MAX: number = 400;

/** Lines, indented by two blanks a level. @param why of a check */
export function explain(why: Why): readonly string[] {
  const lines: string[] = [];
  new Explainer(lines).tell(why, 0);
  return lines.length <= LINES_MAX ? lines : [...lines.slice(0, LINES_MAX), `… and more than ${LINES_MAX} lines.`];
}

function textOf({ resource, relation, subject }: TupleKey): string {
  return `${resource}#${relation}@${subject}`;
}

class Explainer {
  private readonly lines: string[];
  /** Relations that were told already: a deny meets some of them often. */
  private readonly told: Set<string> = new Set();
  private readonly verdicts: Map<Why, boolean> = new Map();

  constructor(lines: string[]) {
    this.lines = lines;
  }

  tell(why: Why, level: number): void {
    if (this.lines.length > LINES_MAX) return;
    const { step, from } = why;
    switch (step.kind) {
      case 'relation':
        return this.tellRelation(step, why, level);
      case 'direct':
        this.tellDirect(step, why, level);
        return this.tellAll(from, level);
      case 'tupleToUserset':
        this.tellParents(step, why, level);
        return this.tellAll(from, level);
      case 'reflexive':
        return this.line(level, 'every userset is a member of itself');
      case 'cycle':
        return this.line(level, `${step.resource}#${step.relation} rests on itself here, which grants nothing`);
      case 'computed':
      case 'union':
        return this.tellAll(from, level);
      case 'intersection':
        if (this.allows(why)) return this.tellAll(from, level);
        this.line(level, 'one of several that are all needed does not hold:');
        return this.tellAll(
          from.filter((one) => !this.allows(one)),
          level,
        );
      case 'exclusion':
        return this.tellExclusion(step, why, level);
      default:
        return unreachable(step);
    }
  }

  private line(level: number, text: string): void {
    this.lines.push(`${'  '.repeat(level)}${text}`);
  }

  private tellAll(whys: readonly Why[], level: number): void {
    for (const why of whys) this.tell(why, level);
  }

  private tellRelation(step: Extract<Step, { readonly kind: 'relation' }>, why: Why, level: number): void {
    const name = `${step.resource}#${step.relation}`;
    const text = `${name}: ${this.allows(why) ? 'yes' : 'no'}`;
    if (this.told.has(text)) return this.line(level, `${text}, as above`);
    this.told.add(text);
    this.line(level, text);
    const [reason] = why.from;
    if (reason !== undefined) this.tell(reason, level + 1);
  }

  private tellDirect({ tuple }: Extract<Step, { readonly kind: 'direct' }>, { reads, from }: Why, level: number): void {
    if (tuple !== undefined) return this.line(level, `the tuple ${textOf(tuple)}`);
    for (const read of reads) {
      if (read.kind === 'tuple') this.line(level, `${textOf(read.tuple)} grants nothing: not there, or its condition is not met`);
      else if (read.kind === 'subjects') {
        const name = `${read.resource}#${read.relation}`;
        this.line(level, from.length === 0 ? `no userset that counts has ${name}` : `of every userset that has ${name}:`);
      }
    }
  }

  private tellParents(
    { tupleset, computed, tuple }: Extract<Step, { readonly kind: 'tupleToUserset' }>,
    { reads, from }: Why,
    level: number,
  ): void {
    if (tuple !== undefined) return this.line(level, `the tuple ${textOf(tuple)}, which passes on ${computed}`);
    for (const read of reads) {
      if (read.kind !== 'subjects') continue;
      const name = `${read.resource}#${tupleset}`;
      this.line(level, from.length === 0 ? `nothing that counts is ${name}` : `of all that is ${name}:`);
    }
  }

  private tellExclusion({ denied }: Extract<Step, { readonly kind: 'exclusion' }>, why: Why, level: number): void {
    const [first, second] = why.from;
    if (denied) {
      this.line(level, 'excluded, because of:');
      const last = second ?? first;
      if (last !== undefined) this.tell(last, level + 1);
      return;
    }
    if (first !== undefined) this.tell(first, level);
    if (second === undefined || !this.allows(why)) return;
    this.line(level, 'and not excluded:');
    this.tell(second, level + 1);
  }

  /** Whether a reason is one of an allow. */
  private allows(why: Why): boolean {
    const known = this.verdicts.get(why);
    if (known !== undefined) return known;
    const verdict = this.verdictOf(why);
    this.verdicts.set(why, verdict);
    return verdict;
  }

  private verdictOf({ step, from }: Why): boolean {
    switch (step.kind) {
      case 'reflexive':
        return true;
      case 'cycle':
        return false;
      case 'direct':
      case 'tupleToUserset':
        return step.tuple !== undefined;
      case 'relation':
      case 'computed':
        return from[0] !== undefined && this.allows(from[0]);
      case 'union':
        return from.some((why) => this.allows(why));
      case 'intersection':
        return from.length > 0 && from.every((why) => this.allows(why));
      case 'exclusion':
        return !step.denied && from[0] !== undefined && this.allows(from[0]);
      default:
        return unreachable(step);
    }
  }
}
