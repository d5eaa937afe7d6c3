/**
 * The exploration beside the plainest search that there is: members copied for every move, states compared as text, no look-ups, no
 * fingerprints, no renaming, nothing given at once and no dead letters. Both must meet the same combinations of members' states.
 */
import { expect, test } from 'vitest';
import type { NodeId } from '../../../core/ids.ts';
import type { Message } from '../../../core/raft/message.ts';
import { keyOf } from '../../../sim/explore/abstraction.ts';
import { Explorer } from '../../../sim/explore/explorer.ts';
import { Member, nodeIds, type Outgoing } from '../../../sim/explore/member.ts';
import { plainText } from '../../../sim/explore/plain-text.ts';
import { parseScope, type Scope } from '../../../sim/explore/scope.ts';
import { Symmetry } from '../../../sim/explore/symmetry.ts';

interface Sent {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly message: Message;
}

interface State {
  readonly members: readonly Member[];
  readonly sent: ReadonlyMap<string, Sent>;
  readonly entries: number;
  readonly crashes: number;
}

class NaiveSearch {
  /** Of all nodes together. */
  readonly memberStates: Set<string> = new Set();
  readonly states: Set<string> = new Set();
  private readonly scope: Scope;
  private queue: State[] = [];

  constructor(scope: Scope) {
    this.scope = scope;
    this.meet({ members: nodeIds(scope.nodes).map((id) => new Member(id, scope)), sent: new Map(), entries: 0, crashes: 0 });
    for (let next = this.queue.shift(); next !== undefined; next = this.queue.shift()) this.expand(next);
  }

  private expand(state: State): void {
    for (const [node, member] of state.members.entries()) {
      const { pending, raft } = member;
      const count = pending.length;
      for (let batches = 1; batches <= count; batches += 1) this.move(state, node, (copy) => copy.persisted(batches));
      if (state.crashes < this.scope.crashes)
        for (let batches = 0; batches <= count; batches += 1)
          this.move({ ...state, crashes: state.crashes + 1 }, node, (copy) => copy.restart(batches));
      if (count >= this.scope.writes) continue;
      for (const { from, to, message } of state.sent.values())
        if (to === member.id) this.move(state, node, (copy) => copy.deliver(from, message));
      if (raft.role !== 'leader' && raft.term < this.scope.terms) this.move(state, node, (copy) => copy.timeOut());
      if (raft.role === 'leader' && state.entries < this.scope.entries)
        this.move({ ...state, entries: state.entries + 1 }, node, (copy) => copy.propose());
    }
  }

  private move(state: State, node: number, input: (copy: Member) => readonly Outgoing[]): void {
    const copy = (state.members[node] as Member).copy();
    const sent = new Map(state.sent);
    for (const { to, message } of input(copy)) {
      const link = `${copy.id}>${to} `;
      if (this.scope.links === 1) for (const older of [...sent.keys()]) if (older.startsWith(link)) sent.delete(older);
      sent.set(`${link}${plainText(message)}`, { from: copy.id, to, message });
    }
    this.meet({ ...state, members: state.members.map((member, i) => (i === node ? copy : member)), sent });
  }

  private meet(state: State): void {
    const keys = state.members.map(keyOf);
    const key = [...keys, ...[...state.sent.keys()].sort(), state.entries, state.crashes].join('\n');
    if (this.states.has(key)) return;
    this.states.add(key);
    this.memberStates.add(keys.join('\n'));
    this.queue.push(state);
  }
}

test.each([
  'nodes=2,terms=1,entries=1,crashes=1,links=0',
  'nodes=2,terms=2,entries=0,crashes=0,links=0',
  'nodes=2,terms=2,entries=1,crashes=1,links=1',
  'nodes=3,terms=1,entries=0,crashes=0,links=0',
])('%s: no combination of states of members is lost, and none made up', (text) => {
  const parsed = parseScope(text);
  if (!parsed.ok) throw new Error(parsed.reason);
  const explorer = new Explorer(parsed.scope, true);
  const met = new Set<string>();
  const symmetry = new Symmetry(parsed.scope.nodes, explorer.locals);
  while (!explorer.isExhausted) {
    for (const row of explorer.newest)
      for (const [number, order] of symmetry.permutations.entries()) {
        const renamed: number[] = [];
        for (const [node, state] of row.entries()) renamed[order[node] as number] = symmetry.state(number, state);
        met.add(renamed.join());
      }
    explorer.expandLevel(1_000_000);
  }
  const naive = new NaiveSearch(parsed.scope);
  expect(met.size).toBe(naive.memberStates.size);
  expect(naive.states.size).toBeGreaterThan(explorer.counts.states);
});
