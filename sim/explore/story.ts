/**
 * A counterexample in words. It is played once more on members of its own, step by step, without anything that was looked up or
 * remembered: every message delivered was sent by an earlier step, and each step ends where the exploration said that it would.
 */
import { assert } from '../../core/assert.ts';
import type { GroupId } from '../../core/ids.ts';
import type { Message } from '../../core/raft/message.ts';
import { RECEIVER } from '../record/phrase.ts';
import { envelopeWords } from '../record/words.ts';
import { apply, type Facts, isRestart, LETTER, type Locals, PERSISTED, PROPOSE, RESTART, TIME_OUT } from './locals.ts';
import { Member, nodeIds } from './member.ts';
import { essential, type PathStep } from './path.ts';
import type { Scope } from './scope.ts';
import { beginsToLead } from './step-rules.ts';

export interface Story {
  /** One sentence for each step. */
  readonly steps: readonly string[];
  /**
   * As `vouch sim shrink` counts (sim/story-events.ts): deaths and returns of processes, operations of clients, elections won, and
   * messages that overtook others or came once more. A message that has not arrived by the end is under way.
   */
  readonly storyEvents: number;
}

/** @throws InvariantError where the path is not a run of the production code: then the exploration was wrong. */
export function tell(scope: Scope, locals: Locals, path: readonly PathStep[]): Story {
  return new Teller(scope, locals).tell(path);
}

class Teller {
  private readonly locals: Locals;
  private readonly members: readonly Member[];
  private readonly states: number[];
  private readonly sent: Set<number> = new Set();
  /** Letters that have arrived, in that order. */
  private readonly arrived: number[] = [];
  private storyEvents: number = 0;
  private readonly scope: Scope;

  constructor(scope: Scope, locals: Locals) {
    this.scope = scope;
    this.locals = locals;
    this.members = nodeIds(scope.nodes).map((id) => new Member(id, scope));
    this.states = this.members.map((_, node) => locals.initial(node));
  }

  tell(path: readonly PathStep[]): Story {
    const steps = this.essentialOf(path).map((step, at, all) => this.play(step, at === all.length - 1));
    return { steps, storyEvents: this.storyEvents };
  }

  private essentialOf(path: readonly PathStep[]): readonly PathStep[] {
    const states = [...this.states];
    const sent = path.map(({ node, input }) => {
      const step = this.locals.step(states[node] as number, input);
      states[node] = step.target;
      return step.sent;
    });
    return essential(
      path,
      ({ input }) => input - LETTER,
      (at) => sent[at] as readonly number[],
    );
  }

  private play({ node, input }: PathStep, isLast: boolean): string {
    const member = this.members[node] as Member;
    const state = this.states[node] as number;
    const before = this.locals.factsOf(state);
    const step = this.locals.step(state, input);
    const letter = this.locals.letterOf(input);
    const failed = isLast && step.breach?.rule === 'core-invariant';
    if (input >= LETTER) assert(this.sent.has(input - LETTER), 'what is delivered was sent');
    const intro = `node ${node} ${this.inputWords(before, input)}`;
    this.count(before, this.locals.factsOf(step.target), input);
    if (failed) return `${intro}: ${step.breach?.message ?? ''}`;
    apply(member, input, letter, nodeIds(this.scope.nodes));
    assert(this.locals.find(member) === step.target, 'a step ends where the exploration said');
    this.states[node] = step.target;
    for (const one of step.sent) this.sent.add(one);
    const changes = changesBetween(before, this.locals.factsOf(step.target), isRestart(input));
    return [intro, ...changes, ...this.sentWords(step.sent)].join('; ');
  }

  private inputWords(before: Facts, input: number): string {
    const letter = this.locals.letterOf(input);
    if (letter !== undefined) {
      const again = this.arrived.includes(input - LETTER) ? ' once more' : '';
      return `hears${again} that node ${letter.from} ${phraseOf(letter.message, 'it')}`;
    }
    if (input === PROPOSE) return 'is given an entry to append';
    if (input === TIME_OUT) return before.role === 'leader' ? 'sends heartbeats' : 'waits for a leader in vain and campaigns';
    if (!isRestart(input))
      return `has everything durable that was on its way to the disk`.concat(
        input === PERSISTED + before.pending ? '' : ' first',
      );
    const kept = input - RESTART;
    const lost = before.pending - kept;
    if (before.pending === 0) return 'crashes and starts again';
    return `crashes and starts again, ${lost > 0 ? 'and what was on its way to the disk is lost' : 'just after its disk had finished'}`;
  }

  private sentWords(sent: readonly number[]): readonly string[] {
    return sent.map((number) => {
      const { to, message } = this.locals.messages.letter(number);
      return phraseOf(message, `node ${to}`);
    });
  }

  private count(before: Facts, after: Facts, input: number): void {
    if (isRestart(input)) this.storyEvents += 2;
    if (input === PROPOSE) this.storyEvents += 1;
    if (beginsToLead(before, after)) this.storyEvents += 1;
    if (input < LETTER) return;
    if (this.arrived.includes(input - LETTER) || this.isOvertaken(input - LETTER)) this.storyEvents += 1;
    this.arrived.push(input - LETTER);
  }

  /** Whether a letter of the same link that was sent later has arrived before. */
  private isOvertaken(number: number): boolean {
    const { from, to } = this.locals.messages.letter(number);
    const order = [...this.sent];
    return this.arrived.some((other) => {
      const letter = this.locals.messages.letter(other);
      return letter.from === from && letter.to === to && order.indexOf(other) > order.indexOf(number);
    });
  }
}

function changesBetween(before: Facts, after: Facts, isRestart: boolean): readonly string[] {
  const changes: string[] = [];
  if (beginsToLead(before, after)) changes.push(`it leads term ${after.term}`);
  else if (before.role !== after.role || before.term !== after.term) changes.push(`it is ${after.role} in term ${after.term}`);
  if (after.commit > before.commit && !isRestart) changes.push(`it commits up to entry ${after.commit}`);
  return changes;
}

/** @param receiver how the receiver is called. */
function phraseOf(message: Message, receiver: string): string {
  const [words] = envelopeWords([{ group: 0 as GroupId, message }]);
  return (words?.phrase ?? message.kind).replaceAll(RECEIVER, receiver);
}
