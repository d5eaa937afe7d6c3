/** What happened, one plain sentence after another: frames, changes of replicas, nodes that go and come, faults, clients. */

import { type MessageWords, RECEIVER } from '../record/phrase.ts';
import type { FaultSpan, RecordedFrame, RecordedOperation, Recording, StateChange } from '../record/recording.ts';
import { duration } from '../record/time.ts';
import { type Family, familyOf } from './families.ts';

export interface Step {
  readonly at: number;
  /** Nodes it is about. */
  readonly nodes: readonly number[];
  /** -1 where it belongs to none. */
  readonly group: number;
  readonly kind: 'message' | 'change' | 'absence' | 'fault' | 'operation' | 'block';
  /** Of a message. */
  readonly family: Family | undefined;
  readonly isIdle: boolean;
  /** Whether somebody becomes leader: what everybody has to know. */
  readonly isTurn: boolean;
  readonly sentence: string;
}

/** All steps in order of time. */
export function stepsOf(recording: Recording): readonly Step[] {
  const steps: Step[] = [];
  steps.push(...messageSteps(recording));
  const terms = new Map<string, number>();
  const lasts = new Map<string, number>();
  for (const change of recording.changes) {
    const key = `${change.node}/${change.group}`;
    if (change.term !== undefined) terms.set(key, change.term);
    const sentence = changeSentence(change, { term: terms.get(key) ?? 0, last: lasts.get(key) ?? 0 });
    if (change.last !== undefined) lasts.set(key, change.last);
    if (sentence !== '')
      steps.push({
        ...NEITHER,
        at: change.at,
        nodes: [change.node],
        group: change.group,
        kind: 'change',
        isTurn: change.role === 'leader',
        sentence,
      });
  }
  for (const absence of recording.absences) {
    const { node, from, to } = absence;
    steps.push({ ...NEITHER, at: from, nodes: [node], kind: 'absence', sentence: absenceSentence(recording, absence) });
    const back = absence.why === 'paused' ? `node ${node} goes on` : `node ${node} is started again`;
    if (to < recording.end) steps.push({ ...NEITHER, at: to, nodes: [node], kind: 'absence', sentence: back });
  }
  for (const fault of recording.faults) {
    steps.push({ ...NEITHER, at: fault.from, nodes: fault.nodes, kind: 'fault', sentence: faultSentence(fault) });
    if (fault.to > fault.from && fault.to < recording.end)
      steps.push({ ...NEITHER, at: fault.to, nodes: fault.nodes, kind: 'fault', sentence: `${faultName(fault.kind)} ends` });
  }
  for (const operation of recording.operations) {
    const who = operationWho(recording, operation);
    steps.push({
      ...NEITHER,
      at: operation.invokedAt,
      nodes: [],
      kind: 'operation',
      sentence: `${who} wants: ${operation.asked}`,
    });
    if (operation.returnedAt !== undefined)
      steps.push({
        ...NEITHER,
        at: operation.returnedAt,
        nodes: [],
        kind: 'operation',
        sentence: `${who} knows: ${operation.asked} → ${answerText(operation)}`,
      });
  }
  for (const block of recording.blocks)
    steps.push({
      ...NEITHER,
      at: block.at,
      nodes: [block.node],
      group: block.group,
      kind: 'block',
      sentence: `node ${block.node} is the first to seal block ${block.height} of vault ${block.vault.slice(0, 8)}, from entry ${block.index}`,
    });
  return steps.sort((a, b) => a.at - b.at || RANK[a.kind] - RANK[b.kind]);
}

const NEITHER = { group: -1, family: undefined, isIdle: false, isTurn: false } as const;
/** At one instant: first what was done to the cluster, then what it became, then what it said. */
const RANK: Readonly<Record<Step['kind'], number>> = { fault: 0, absence: 1, operation: 2, change: 3, block: 4, message: 5 };

export function answerText(operation: RecordedOperation): string {
  if (operation.outcome === 'ok') return operation.told;
  return operation.outcome === 'fail' ? 'not done' : 'unknown';
}

export function operationWho(recording: Recording, operation: RecordedOperation): string {
  return `${recording.clients[operation.client] ?? 'a client'} (process ${operation.process})`;
}

/** `slowDisk` -> `slow disk`. */
export function faultName(kind: string): string {
  return kind.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

export function faultSentence(fault: FaultSpan): string {
  const what = fault.text === '' ? faultName(fault.kind) : `${faultName(fault.kind)}: ${fault.text}`;
  if (fault.to > fault.from) return `${what}, for ${duration(fault.to - fault.from)}`;
  return fault.times > 1 ? `${what}, ${fault.times} times` : what;
}

export function absenceSentence(recording: Recording, absence: Recording['absences'][number]): string {
  const { node, why, from, to, writesLost } = absence;
  const forHowLong = to >= recording.end ? 'for the rest of the run' : to > from ? `for ${duration(to - from)}` : 'for no time';
  switch (why) {
    case 'paused':
      return `node ${node} stands still ${forHowLong}`;
    case 'crash':
      return `node ${node} is killed, down ${forHowLong}`;
    case 'powerLoss':
      return `node ${node} loses power${writesLost > 0 ? ` and ${writesLost} unsynced writes` : ''}, down ${forHowLong}`;
    case 'stopped':
      return `node ${node} gives up by itself, down ${forHowLong}`;
  }
}

/** What became of a frame that did not arrive as it should; '' for one that did. */
export function fateText({ fate, to }: RecordedFrame): string {
  switch (fate) {
    case 'received':
      return '';
    case 'lost':
      return ' (lost on the way)';
    case 'blocked':
      return ' (cut off)';
    case 'overflow':
      return ' (dropped, the link is full)';
    case 'down':
      return ` (node ${to} is down)`;
    case 'flying':
      return ' (still on its way at the end)';
  }
}

/** One step for what a node says to several at once, or twice to one. */
function messageSteps(recording: Recording): readonly Step[] {
  const said = new Map<string, { readonly frame: RecordedFrame; readonly item: MessageWords; readonly receivers: number[] }>();
  for (const frame of recording.frames) {
    for (const item of frame.items) {
      const key = `${frame.sentAt} ${frame.from} ${item.group} ${frame.fate === 'down' ? frame.to : frame.fate} ${item.phrase}`;
      const known = said.get(key);
      if (known === undefined) said.set(key, { frame, item, receivers: [frame.to] });
      else if (!known.receivers.includes(frame.to)) known.receivers.push(frame.to);
    }
  }
  return [...said.values()].map(({ frame, item, receivers }) => {
    const names = endpointNames(recording, receivers);
    return {
      at: frame.sentAt,
      nodes: [frame.from, ...receivers].filter((endpoint) => endpoint < recording.nodes),
      group: item.group,
      kind: 'message',
      family: familyOf(item.kind),
      isIdle: item.isIdle && frame.fate === 'received',
      isTurn: false,
      sentence: `${endpointName(recording, frame.from)} ${item.phrase.replace(RECEIVER, names)}${fateText(frame)}`,
    };
  });
}

/** `node 1`, `nodes 0, 1 and 2`. */
function endpointNames(recording: Recording, endpoints: readonly number[]): string {
  const [only] = endpoints;
  if (endpoints.length === 1 && only !== undefined) return endpointName(recording, only);
  const sorted = [...endpoints].sort((a, b) => a - b);
  return `nodes ${sorted.slice(0, -1).join(', ')} and ${sorted[sorted.length - 1]}`;
}

export function endpointName(recording: Recording, endpoint: number): string {
  return endpoint < recording.nodes ? `node ${endpoint}` : (recording.clients[endpoint - recording.nodes] ?? 'a client');
}

function changeSentence(change: StateChange, known: { readonly term: number; readonly last: number }): string {
  const { role, term, vote, last, durable, commit, node } = change;
  const parts: string[] = [];
  if (role === 'leader') parts.push(`becomes leader of term ${known.term}`);
  else if (role === 'candidate') parts.push(`becomes candidate in term ${known.term}`);
  else if (role === 'preCandidate') parts.push('hears no leader and asks around whether it would be elected');
  else if (role === 'follower' && known.term > 0) parts.push(`is follower in term ${known.term}`);
  else if (term !== undefined) parts.push(`moves on to term ${term}`);
  if (vote !== undefined && vote >= 0) parts.push(vote === node ? 'votes for itself' : `votes for node ${vote}`);
  if (last !== undefined)
    parts.push(last < known.last ? `drops its log behind entry ${last}` : `has entries up to ${last} in its log`);
  if (durable !== undefined) parts.push(`holds entries up to ${durable} durably`);
  if (commit !== undefined) parts.push(`knows up to ${commit} to be committed`);
  return parts.length === 0 ? '' : `node ${node} ${parts.join(', ')}`;
}
