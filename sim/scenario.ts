/**
 * A scenario: a name, one sentence, and a story of faults told against a running cluster. Without one, the nemesis draws.
 * Everything a story may do is in StoryTeller; everything it leaves open is drawn under labels, so a seed varies it.
 */
import type { GroupId } from '../core/ids.ts';
import type { Replica } from '../core/replica/replica.ts';
import type { Build } from './build.ts';
import type { FaultKind } from './faults/counts.ts';
import type { GuestList } from './guests.ts';
import type { Knobs } from './knobs.ts';
import type { VirtualNode } from './node.ts';
import type { Observer } from './observer.ts';
import type { RunResult } from './result.ts';
import type { RunOptions } from './run.ts';
import type { Draws } from './tape.ts';
import type { Topic } from './topics.ts';
import type { VouchShape } from './vouch.ts';
import type { History } from './workload/history.ts';

export interface StoryTeller {
  /** Choices of this story. */
  readonly draws: Draws;
  readonly nodeCount: number;
  /** Runs something after that many milliseconds of virtual time. */
  after(milliseconds: number, act: () => void): void;
  /** Again and again, until the story is over. */
  every(milliseconds: number, act: () => void): void;
  /** The node that leads the first data group now; any running node where there is none. */
  leader(): number;
  /** The node that leads most groups now; any running node where none leads. */
  busiest(): number;
  isRunning(node: number): boolean;
  /** Cuts both ways between the sides. Clients keep reaching every node. @returns how to mend it. */
  split(side: readonly number[], other: readonly number[]): () => void;
  /** Kills the process; how: whether the machine loses power with it. */
  crash(node: number, how: 'crash' | 'powerLoss'): void;
  /** Kills in the middle of the node's coming steps: after that many more effects. */
  crashAfter(node: number, effects: number, how: 'crash' | 'powerLoss'): void;
  /** Likewise, counted from the node's next write to its log. */
  crashWhileWriting(node: number, effects: number, how: 'crash' | 'powerLoss'): void;
  restart(node: number): void;
  /** Stops the process and puts another build on its machine, which `restart` starts. When the story ends, everybody has this build again. */
  install(node: number, build: Build): void;
  /** Closes only the way from one side to the other. @returns how to open it. */
  silence(from: readonly number[], to: readonly number[]): () => void;
  /** The process stands still; its clock does not. */
  pause(node: number, milliseconds: number): void;
  /** Asks the leader of the first data group, as an operator would, to hand over to that node, or to whom it likes. */
  transfer(to?: number): void;
  /** A vault of the first data group gets a tuple on that node that no command wrote, as a wrong step would leave it. */
  tamper(node: number): void;
  /** A fault as the nemesis would inject it: whom it hits is drawn, whoever leads more often than others. */
  begin(kind: FaultKind, milliseconds: number): void;
}

/** An oracle that watches Vouch nodes. */
export type VouchOracle = Observer<VouchShape, Replica>;

/** What an oracle of one's own may look at besides what its hooks are given. */
export interface VouchStage {
  readonly nodes: readonly VirtualNode<VouchShape, Replica>[];
  /** The directory group 0 and the data groups. */
  readonly groups: readonly GroupId[];
  /** What clients asked and were told so far. */
  readonly history: History;
}

export interface Scenario {
  readonly name: string;
  /** What happens, in one sentence. */
  readonly summary: string;
  /** Faults that the report lists. */
  readonly faults: readonly string[];
  /** What it is there to show besides its faults (topics.ts). */
  readonly shows?: readonly Topic[];
  /** Fewest nodes that the story can be told with; 1 where it is left out. */
  readonly nodesMin?: number;
  /** The world of this story, from the knobs a seed has drawn. */
  readonly world: (drawn: Knobs) => Knobs;
  readonly tell: (story: StoryTeller) => void;
  /** Built-in oracles that the story makes untrue, by name: they are off. */
  readonly without?: readonly string[];
  /** Oracles of one's own, made anew for each seed; they watch together with the built-in ones. */
  readonly oracles?: (stage: VouchStage) => readonly VouchOracle[];
  /** Clients that the story brings along, and a node that lies to them. */
  readonly guests?: GuestList;
  /** What of the story must not be missed in too many seeds: a mark that the run sets, and words for it, such as "a lie reached a client". */
  readonly reach?: { readonly mark: string; readonly words: string };
  /** Set by protocolScenario (protocol-scenario.ts): the run is of another protocol than Vouch. */
  readonly onProtocol?: (options: RunOptions) => RunResult;
}
