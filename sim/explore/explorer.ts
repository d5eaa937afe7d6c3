/**
 * Breadth-first search through every state that a small scope allows: every interleaving of deliveries, time-outs, proposals, disk
 * completions and crashes. The first violation found is one that no shorter story has.
 * A state of the group is a part for each node (parts.ts) and what they share (shared.ts): a row of whole numbers. Only the last
 * level of the search is kept as rows; of older states there is the fingerprint, and who was before it by which move.
 */
import { apart, Visited } from './fingerprint.ts';
import { GroupRules } from './group-rules.ts';
import { Locals } from './locals.ts';
import { Logs } from './logs.ts';
import { nodeIds } from './member.ts';
import { Messages } from './messages.ts';
import { grownWords, Parts, Touches } from './parts.ts';
import type { PathStep } from './path.ts';
import type { Scope } from './scope.ts';
import { SharedStates } from './shared.ts';
import type { Breach } from './step-rules.ts';
import { Symmetry } from './symmetry.ts';

export interface Counts {
  /** Distinct states, up to names of nodes. */
  readonly states: number;
  /** Moves taken, including those to states that were known. */
  readonly moves: number;
  /** Moves of the longest story that no shorter one replaces. */
  readonly depth: number;
  /** Distinct states of single nodes, and pairs of those with an input: so often the production code ran. */
  readonly memberStates: number;
  readonly memberSteps: number;
  /** Distinct messages. */
  readonly messages: number;
}

export interface Found {
  readonly breach: Breach;
  readonly path: readonly PathStep[];
}

const MOVES_PER_PART_MAX = 4096;

export class Explorer {
  readonly scope: Scope;
  readonly locals: Locals;
  found: Found | undefined = undefined;
  private readonly parts: Parts;
  private readonly shared: SharedStates;
  private readonly rules: GroupRules;
  private readonly visited: Visited = new Visited();
  private readonly dropsDeadLetters: boolean;
  private readonly nodes: number;
  private readonly width: number;
  /** Rows of the level that is expanded, and of the next one. */
  private level: Int32Array;
  private levelRows: number = 0;
  private next: Int32Array;
  private nextRows: number = 0;
  /** Two words a state: the state before, and the move there. */
  private links: Int32Array = new Int32Array(1 << 16);
  private movesTaken: number = 0;
  private depth: number = 0;
  /** Scratch: the parts after a move, the sums of the state that is expanded. */
  private readonly moved: Int32Array;
  private readonly sums: Int32Array;

  /** @param dropsDeadLetters whether what dead-letters.ts says of Raft is relied upon. */
  constructor(scope: Scope, dropsDeadLetters: boolean) {
    this.dropsDeadLetters = dropsDeadLetters;
    this.scope = Object.freeze({ ...scope });
    this.nodes = scope.nodes;
    this.width = scope.nodes + 1;
    const ids = nodeIds(scope.nodes);
    const messages = new Messages(ids, scope.links);
    this.locals = new Locals({ scope: this.scope, ids, messages, logs: new Logs() });
    const symmetry = new Symmetry(scope.nodes, this.locals);
    this.parts = new Parts(this.scope, this.locals, symmetry);
    this.shared = new SharedStates(this.scope);
    this.rules = new GroupRules(scope.nodes, this.parts, this.locals);
    this.level = new Int32Array(this.width * 1024);
    this.next = new Int32Array(this.width * 1024);
    this.moved = new Int32Array(scope.nodes);
    this.sums = new Int32Array(this.parts.stride);
    this.begin();
  }

  get counts(): Counts {
    return {
      states: this.visited.count,
      moves: this.movesTaken,
      depth: this.depth,
      memberStates: this.locals.count,
      memberSteps: this.locals.stepCount,
      messages: this.locals.messages.count,
    };
  }

  /** The states that were found last and not expanded yet, each as the numbers of its members' states (locals.ts). */
  get newest(): readonly (readonly number[])[] {
    const statesOf = (row: number): readonly number[] =>
      Array.from(this.level.subarray(row * this.width, row * this.width + this.nodes), (part) => this.parts.stateOf(part));
    return Array.from({ length: this.levelRows }, (_, row) => statesOf(row));
  }

  /** Whether nothing is left to look at. */
  get isExhausted(): boolean {
    return this.levelRows === 0 && this.found === undefined;
  }

  /** Looks at one level more: all states that are one move further. Stops where a rule is broken, or beyond statesMax. */
  expandLevel(statesMax: number, onRows: () => void = () => undefined): void {
    const first = this.visited.count - this.levelRows;
    for (let row = 0; row < this.levelRows; row += 1) {
      this.expand(row, first + row);
      if (this.found !== undefined || this.visited.count >= statesMax) return;
      if ((row & 0x3fff) === 0x3fff) onRows();
    }
    if (this.nextRows > 0) this.depth += 1;
    [this.level, this.next] = [this.next, this.level];
    this.levelRows = this.nextRows;
    this.nextRows = 0;
  }

  private begin(): void {
    for (let node = 0; node < this.nodes; node += 1) this.moved[node] = this.parts.initial(node);
    const shared = this.shared.initial();
    this.sumUp(this.moved, 0);
    this.admit(this.moved, shared, -1, 0);
    [this.level, this.next] = [this.next, this.level];
    this.levelRows = 1;
    this.nextRows = 0;
  }

  private expand(row: number, state: number): void {
    const { parts, nodes, level, moved } = this;
    const at = row * this.width;
    const shared = level[at + nodes] as number;
    this.sumUp(level, at);
    for (let node = 0; node < nodes; node += 1) {
      const moves = parts.movesOf(level[at + node] as number);
      for (let k = 0; k < moves.length; k += 1) {
        const move = moves[k] as (typeof moves)[number];
        let after = this.shared.pay(shared, move.cost);
        if (after < 0) continue;
        this.movesTaken += 1;
        const link = node * MOVES_PER_PART_MAX + k;
        if (move.breach !== undefined) return this.report(move.breach, state, link);
        for (let other = 0; other < nodes; other += 1) {
          const bundle = move.bundles[other] as number;
          const part = level[at + other] as number;
          moved[other] = other === node ? move.target : bundle === 0 ? part : parts.receive(part, bundle);
        }
        this.answerAll(move.bundles, node);
        if ((move.touches & Touches.commit) !== 0) {
          const committed = this.rules.committed(this.shared.of(after).commitments, move.target);
          if (typeof committed !== 'number') return this.report(committed, state, link);
          after = this.shared.withCommitments(after, committed);
        }
        const isNew = this.admit(moved, after, state, link, at);
        if (!isNew && (move.touches & Touches.leader) === 0) continue; // who was elected rightly may be in a state like any other
        const breach = this.rules.judge(level[at + node] as number, move, moved, this.shared.of(after).commitments);
        if (breach !== undefined) return this.report(breach, state, link);
      }
    }
  }

  /**
   * Lets everybody answer whom it can answer without changing itself. A state in which more has been sent can do whatever the same
   * state can in which less has been; so the one in which every answer has been given stands for all in which some have not.
   * @param bundles what has just been sent, by receiver.
   */
  private answerAll(bundles: readonly number[], mover: number): void {
    const { moved, nodes, parts } = this;
    let open = 1 << mover;
    for (let node = 0; node < nodes; node += 1) if (bundles[node] !== 0) open |= 1 << node;
    while (open !== 0) {
      const node = 31 - Math.clz32(open);
      open &= ~(1 << node);
      const answers = parts.answersOf(moved[node] as number);
      if (answers === null) continue;
      for (let other = 0; other < nodes; other += 1) {
        const bundle = answers[other] as number;
        if (bundle === 0) continue;
        const part = parts.receive(moved[other] as number, bundle);
        if (part === moved[other]) continue;
        moved[other] = part;
        open |= 1 << other;
      }
    }
    if (!this.dropsDeadLetters) return;
    for (let node = 0; node < nodes; node += 1) moved[node] = parts.settle(moved[node] as number);
  }

  /** Sums of the words of a row's parts, for each renaming. */
  private sumUp(rows: Int32Array, at: number): void {
    const { sums, parts } = this;
    const { words, stride } = parts;
    sums.fill(0);
    for (let node = 0; node < this.nodes; node += 1) {
      const from = (rows[at + node] as number) * stride;
      for (let i = 0; i < stride; i += 1) sums[i] = ((sums[i] as number) + (words[from + i] as number)) | 0;
    }
  }

  /**
   * Takes a state up. @param at the row that was summed up, from which it differs in some parts; -1: it is that row itself.
   * @returns whether it is new.
   */
  private admit(row: Int32Array, shared: number, parent: number, link: number, at: number = -1): boolean {
    const { sums, parts, level, nodes } = this;
    const { words, stride } = parts;
    let high = 0;
    let low = 0;
    for (let i = 0; i < stride; i += 2) {
      let a = sums[i] as number;
      let b = sums[i + 1] as number;
      if (at >= 0) {
        for (let node = 0; node < nodes; node += 1) {
          const old = level[at + node] as number;
          const part = row[node] as number;
          if (old === part) continue;
          a = (a + (words[part * stride + i] as number) - (words[old * stride + i] as number)) | 0;
          b = (b + (words[part * stride + i + 1] as number) - (words[old * stride + i + 1] as number)) | 0;
        }
      }
      if (i === 0 || a < high || (a === high && b < low)) [high, low] = [a, b];
    }
    const isNew = this.visited.add((high + apart(shared, 0, 1)) | 0, (low + apart(shared, 0, 2)) | 0);
    if (isNew) this.keep(row, shared, parent, link);
    return isNew;
  }

  private keep(row: Int32Array, shared: number, parent: number, link: number): void {
    const at = this.nextRows * this.width;
    if (at + this.width > this.next.length) this.next = grownWords(this.next);
    for (let node = 0; node < this.nodes; node += 1) this.next[at + node] = row[node] as number;
    this.next[at + this.nodes] = shared;
    this.nextRows += 1;
    const index = (this.visited.count - 1) * 2;
    if (index + 2 > this.links.length) this.links = grownWords(this.links);
    this.links[index] = parent;
    this.links[index + 1] = link;
  }

  private report(breach: Breach, state: number, link: number): void {
    const links = [link];
    for (let at = state; (this.links[at * 2] as number) >= 0; at = this.links[at * 2] as number) {
      links.push(this.links[at * 2 + 1] as number);
    }
    this.found = { breach, path: this.pathOf(links.reverse()) };
  }

  /** Plays the moves again, for what each of them was and which answers came between them. */
  private pathOf(links: readonly number[]): readonly PathStep[] {
    const row = Array.from({ length: this.nodes }, (_, node) => this.parts.initial(node));
    const path: PathStep[] = [];
    for (const link of links) {
      const node = Math.floor(link / MOVES_PER_PART_MAX);
      const move = this.parts.movesOf(row[node] as number)[link % MOVES_PER_PART_MAX];
      const { input, target, bundles } = move as NonNullable<typeof move>;
      path.push({ node, input, isAnswer: false });
      row[node] = target;
      this.parts.send(row, bundles);
      path.push(...this.parts.answersIn(row));
      if (this.dropsDeadLetters) for (const [other, part] of row.entries()) row[other] = this.parts.settle(part);
    }
    return path;
  }
}
