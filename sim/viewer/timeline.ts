/** What held at an instant, and who led when: a recording's changes folded up to a time. */
import type { Absence, Recording, ReplicaState, StateChange } from '../record/recording.ts';

export interface NodeMoment {
  readonly node: number;
  /** Undefined while it runs. */
  readonly absence: Absence | undefined;
  /** By position of the group. */
  readonly replicas: readonly ReplicaState[];
}

/** A role that a node had in a group, in one term, without interruption. */
export interface Reign {
  readonly group: number;
  readonly node: number;
  readonly role: ReplicaState['role'];
  readonly term: number;
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

/** Who had which role in which term, in order of time. Nobody has one while the process is gone. */
export function reignsOf(recording: Recording): readonly Reign[] {
  const done: Reign[] = [];
  const open = new Map<string, Reign>();
  const end = (key: string, to: number): Reign | undefined => {
    const reign = open.get(key);
    if (reign !== undefined && reign.from < to) done.push({ ...reign, to });
    open.delete(key);
    return reign;
  };
  const terms = new Map<string, number>();
  const gone = new Set<number>();
  for (const happening of happenings(recording)) {
    const { at, node } = happening;
    if (happening.kind !== 'change') {
      if (happening.kind === 'gone') gone.add(node);
      else gone.delete(node);
      for (const group of recording.groups) {
        const key = `${node}/${group}`;
        if (happening.kind === 'gone') end(key, at);
        else open.set(key, { group, node, role: 'follower', term: terms.get(key) ?? 0, from: at, to: at });
      }
      continue;
    }
    const { group, role, term } = happening.change;
    if (role === undefined && term === undefined) continue;
    const key = `${node}/${group}`;
    if (term !== undefined) terms.set(key, term);
    if (gone.has(node)) continue; // its last step, noticed when it died
    const before = end(key, at);
    open.set(key, { group, node, role: role ?? before?.role ?? 'follower', term: terms.get(key) ?? 0, from: at, to: at });
  }
  for (const key of [...open.keys()]) end(key, recording.end);
  return done.sort((a, b) => a.from - b.from || a.group - b.group);
}

/** Who led which group in which term, in order of time. */
export function leadershipsOf(recording: Recording): readonly Reign[] {
  return reignsOf(recording).filter(({ role }) => role === 'leader');
}

type Happening =
  | { readonly kind: 'change'; readonly at: number; readonly node: number; readonly change: StateChange }
  | { readonly kind: 'gone' | 'back'; readonly at: number; readonly node: number };

/** In order of time; at one instant who goes and comes before what changes. */
function happenings(recording: Recording): readonly Happening[] {
  const all: Happening[] = [];
  for (const { node, why, from, to } of recording.absences) {
    if (why === 'paused') continue;
    all.push({ kind: 'gone', at: from, node });
    if (to < recording.end) all.push({ kind: 'back', at: to, node });
  }
  for (const change of recording.changes) all.push({ kind: 'change', at: change.at, node: change.node, change });
  return all.sort((a, b) => a.at - b.at);
}
