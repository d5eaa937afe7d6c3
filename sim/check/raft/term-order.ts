/**
 * Which node is in a newer term than which other, group by group. Kept as terms change, because it is asked for every frame:
 * whoever counted the groups then would make a run of a hundred groups a hundred times as dear.
 */
import type { GroupView } from './view.ts';

export class TermOrder {
  /** newer[node][other]: groups in which the node's term is the newer one. */
  private readonly newer: readonly (readonly Set<number>[])[];

  constructor(nodes: number) {
    const indexes = Array.from({ length: nodes }, (_, node) => node);
    this.newer = indexes.map(() => indexes.map(() => new Set<number>()));
  }

  /** The term of the view is another one. @param replicas all views of its group. */
  moved(view: GroupView, replicas: readonly GroupView[]): void {
    for (const other of replicas) {
      if (other === view) continue;
      note(this.groups(view.node, other.node), view.group, view.term > other.term);
      note(this.groups(other.node, view.node), view.group, other.term > view.term);
    }
  }

  /** Whether the node is in a newer term than the other one in some group. */
  isAhead(node: number, other: number): boolean {
    return this.groups(node, other).size > 0;
  }

  private groups(node: number, other: number): Set<number> {
    return (this.newer[node] as readonly Set<number>[])[other] as Set<number>;
  }
}

function note(groups: Set<number>, group: number, isIn: boolean): void {
  if (isIn) groups.add(group);
  else groups.delete(group);
}
