/** What held at an instant, and who led when: a recording's changes folded up to a time. */
import type { Absence, Recording, ReplicaState, StateChange } from '../record/recording.ts';

export interface NodeMoment {
  readonly node: number;
  /** Undefined while it runs. */
  readonly absence: Absence | undefined;
  /** By position of the group. */
  readonly replicas: readonly ReplicaState[];
}

export interface Leadership {
  readonly group: number;
  readonly term: number;
  readonly node: number;
  readonly from: number;
  readonly to: number;
}

const NEW_REPLICA: ReplicaState = { role: 'follower', term: 0, vote: -1, last: 0, durable: 0, commit: 0, applied: 0 };

/** Every node as it was right after everything that happened up to that time. */
export function momentAt(recording: Recording, time: number): readonly NodeMoment[] {
  const states = Array.from({ length: recording.nodes }, () => recording.groups.map(() => NEW_REPLICA));
  for (const change of recording.changes) {
    if (change.at > time) continue;
    const position = recording.groups.indexOf(change.group);
    const row = states[change.node] as ReplicaState[];
    row[position] = merged(row[position] as ReplicaState, change);
  }
  return states.map((replicas, node) => ({ node, replicas, absence: absenceAt(recording, node, time) }));
}

export function absenceAt(recording: Recording, node: number, time: number): Absence | undefined {
  const there = recording.absences.filter((absence) => absence.node === node && absence.from <= time && time < absence.to);
  const gone = there.find((absence) => absence.why !== 'paused') ?? there[0];
  // What lasts to the end of the run lasts at its last instant too.
  return gone ?? recording.absences.find(({ node: who, to }) => who === node && to === recording.end && to <= time);
}

function merged(state: ReplicaState, change: StateChange): ReplicaState {
  const { at: _at, node: _node, group: _group, ...fields } = change;
  return { ...state, ...fields };
}

/** Who led which group in which term, in order of time. A leader that dies leads no more. */
export function leadershipsOf(recording: Recording): readonly Leadership[] {
  const done: Leadership[] = [];
  const leading = new Map<string, { term: number; from: number }>();
  const terms = new Map<string, number>();
  const isOver = (key: string, node: number, group: number, to: number): void => {
    const started = leading.get(key);
    if (started === undefined) return;
    leading.delete(key);
    done.push({ group, term: started.term, node, from: started.from, to });
  };
  for (const happening of happenings(recording)) {
    if (happening.kind === 'gone') {
      for (const group of recording.groups) isOver(`${happening.node}/${group}`, happening.node, group, happening.at);
      continue;
    }
    const { at, node, group, role, term } = happening.change;
    const key = `${node}/${group}`;
    if (term !== undefined) terms.set(key, term);
    if (role === undefined) continue;
    isOver(key, node, group, at);
    if (role === 'leader') leading.set(key, { term: terms.get(key) ?? 0, from: at });
  }
  for (const [key] of [...leading]) {
    const [node, group] = key.split('/').map(Number) as [number, number];
    isOver(key, node, group, recording.end);
  }
  return done.sort((a, b) => a.from - b.from || a.group - b.group);
}

type Happening =
  | { readonly kind: 'change'; readonly at: number; readonly change: StateChange }
  | { readonly kind: 'gone'; readonly at: number; readonly node: number };

function happenings(recording: Recording): readonly Happening[] {
  const all: Happening[] = recording.changes.map((change) => ({ kind: 'change', at: change.at, change }));
  for (const { node, why, from } of recording.absences) if (why !== 'paused') all.push({ kind: 'gone', at: from, node });
  return all.sort((a, b) => a.at - b.at);
}
