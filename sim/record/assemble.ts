/** Makes a recording, plain and bounded, of what a recorder kept and what the run knows of itself. */
import { INVARIANTS } from '../invariants.ts';
import { actorCountOf, type Knobs, nodeCountOf } from '../knobs.ts';
import type { Evidence } from '../observer.ts';
import type { RunReport } from '../result.ts';
import type { History, Invocation } from '../workload/history.ts';
import type { Flight } from './flight-log.ts';
import type { MessageWords } from './phrase.ts';
import type { Recorder } from './recorder.ts';
import type { RecordedOperation, Recording, StateChange } from './recording.ts';
import { isMilestone } from './replica-log.ts';
import { chooseWindow } from './window.ts';
import { askedPhrase, envelopeWords, peerWords, requestWords, resultWords, toldPhrase, touchedKeys } from './words.ts';

export interface RunFacts {
  readonly report: RunReport;
  readonly knobs: Knobs;
  readonly groups: readonly number[];
  readonly history: History;
  /** True time at which the run ended. */
  readonly end: number;
  readonly evidence: Evidence;
  readonly summary: string;
}

/** Process number of the client that opens and closes a run, and lanes per client (workload/ledger.ts, housekeeper.ts). */
const HOUSEKEEPER_PROCESS = 1_000_000;
const LANES = 16;
const OPERATIONS_MAX = 2500;
const CHANGES_MAX = 9000;

export function assemble(recorder: Recorder, facts: RunFacts): Recording {
  const { report, knobs, history, end, evidence } = facts;
  const nodes = nodeCountOf(knobs);
  const changes = recorder.replicas.all();
  const focus = evidence.at ?? (report.violation === null ? liveliest(changes, end) : end);
  const read = (flight: Flight): readonly MessageWords[] => {
    if (flight.unsent !== undefined) return envelopeWords(flight.unsent);
    if (flight.from >= nodes) return [requestWords(flight.bytes)];
    if (flight.to >= nodes) return [resultWords(flight.bytes)];
    return peerWords(flight.bytes);
  };
  const window = chooseWindow(recorder.flights.kept, focus, read);
  const kept = thinChanges(changes, window.from, Math.min(window.to, end));
  const operations = chooseOperations(history.invocations, focus);
  return {
    version: 1,
    scenario: report.scenario,
    seed: report.seed,
    profile: knobs.profile,
    verdict: report.verdict,
    violation:
      report.violation === null ? undefined : { ...report.violation, claim: claimOf(report.violation.oracle), at: end, evidence },
    nodes,
    clients: Array.from({ length: actorCountOf(knobs) }, (_, client) => clientName(client, knobs)),
    groups: facts.groups,
    phases: recorder.phases,
    settings: settingsOf(knobs, facts.summary),
    end,
    focus,
    detailFrom: kept.from,
    detailTo: Math.min(window.to, end),
    frames: window.frames.map(({ flight, items }) => {
      const { sentAt, from, to, fate } = flight;
      return { sentAt, endedAt: Math.min(flight.endedAt, Math.max(end, sentAt)), from, to, fate, items };
    }),
    changes: kept.changes,
    absences: recorder.absences.items.map((absence) => ({ ...absence, to: Math.min(absence.to, end) })),
    faults: recorder.faults.finish(),
    operations: operations.map(recordedOperation),
    blocks: recorder.blocks.items.filter((block) => block.at >= kept.from && block.at <= window.to),
    totals: {
      events: report.events,
      ...report.ops,
      elections: report.elections,
      frames: recorder.flights.count,
      faults: report.faults,
    },
    omitted: [
      counted(window.outside + recorder.flights.forgotten, 'frames outside the part that is shown in detail'),
      counted(window.thinned, 'heartbeats that asked nothing'),
      counted(kept.omitted, 'changes of counters outside that part'),
      counted(history.invocations.length - operations.length, 'operations of clients'),
      counted(recorder.absences.dropped + recorder.faults.forgotten, 'early faults'),
    ].filter((sentence) => sentence !== ''),
  };
}

/** The rule behind an oracle's name. */
export function claimOf(oracle: string): string {
  const known = INVARIANTS.find(({ name }) => name === oracle);
  if (known !== undefined) return known.claim;
  if (oracle === 'core-invariant') return 'No assertion of the core fails.';
  return oracle === 'crash' ? 'Nothing throws.' : `${oracle} holds.`;
}

function clientName(client: number, { clients }: Knobs): string {
  if (client > clients) return 'operator';
  return client === 0 ? 'housekeeper' : `client ${client}`;
}

function counted(count: number, what: string): string {
  return count > 0 ? `${count} ${what}` : '';
}

/** The end of the second with the most changes of roles: where a run that passed is worth a look. */
function liveliest(changes: readonly StateChange[], end: number): number {
  const perSecond = new Map<number, number>();
  let best = 0;
  for (const { at, role } of changes) {
    if (role === undefined) continue;
    const second = Math.floor(at / 1_000_000);
    const count = (perSecond.get(second) ?? 0) + 1;
    perSecond.set(second, count);
    if (count > (perSecond.get(best) ?? 0)) best = second;
  }
  return Math.min((best + 1) * 1_000_000, end);
}

/** Keeps all milestones, and counters inside the window; what earlier counters came to stands at its beginning. */
function thinChanges(
  changes: readonly StateChange[],
  windowFrom: number,
  to: number,
): { readonly changes: readonly StateChange[]; readonly from: number; readonly omitted: number } {
  const inside = changes.filter((change) => !isMilestone(change) && change.at >= windowFrom && change.at <= to);
  const from = inside.length > CHANGES_MAX ? (inside[inside.length - CHANGES_MAX] as StateChange).at : windowFrom;
  const early = new Map<string, StateChange>();
  const milestones: StateChange[] = [];
  const late: StateChange[] = [];
  let omitted = 0;
  for (const change of changes) {
    if (change.at >= from) {
      if (isMilestone(change) || change.at <= to) late.push(change);
      else omitted += 1;
      continue;
    }
    const { at: _, role: _role, term: _term, vote: _vote, ...counters } = change;
    const key = `${change.node}/${change.group}`;
    early.set(key, { ...early.get(key), ...counters, at: from });
    if (isMilestone(change)) milestones.push(change);
    else omitted += 1;
  }
  return { changes: [...milestones, ...early.values(), ...late], from, omitted };
}

/** Operations around the focus. */
function chooseOperations(invocations: readonly Invocation[], focus: number): readonly Invocation[] {
  if (invocations.length <= OPERATIONS_MAX) return invocations;
  const split = invocations.findIndex(({ invokedAt }) => invokedAt > focus);
  const middle = split < 0 ? invocations.length : split;
  const start = Math.max(0, Math.min(middle - Math.floor(OPERATIONS_MAX / 2), invocations.length - OPERATIONS_MAX));
  return invocations.slice(start, start + OPERATIONS_MAX);
}

function recordedOperation(invocation: Invocation): RecordedOperation {
  const { process, vault, asked, told, invokedAt, returnedAt, outcome } = invocation;
  return {
    client: process === HOUSEKEEPER_PROCESS ? 0 : Math.floor(process / LANES),
    process,
    vault,
    invokedAt,
    returnedAt: returnedAt === Number.POSITIVE_INFINITY ? undefined : returnedAt,
    outcome: outcome === 'open' ? 'info' : outcome,
    isRead: asked.kind !== 'transact',
    isChange: told?.kind === 'transact' && told.outcome.ok && told.outcome.changed,
    asked: askedPhrase(asked),
    told: told === undefined ? '' : toldPhrase(told),
    keys: touchedKeys(asked),
  };
}

/** The world in sentences: what a person needs to know of the knobs. */
function settingsOf(knobs: Knobs, summary: string): readonly string[] {
  const { timing, link } = knobs;
  const ms = (micros: number): string => `${Math.round(micros / 100) / 10} ms`;
  const rates = [
    [link.loss, 'lost'],
    [link.duplicate, 'sent twice'],
    [link.reorder, 'out of order'],
  ] as const;
  const bad = rates.filter(([rate]) => rate > 0).map(([rate, what]) => `${Math.round(rate * 1000) / 10}% ${what}`);
  const sentences = [
    `${knobs.nodes} nodes${knobs.spares === 0 ? '' : ` and ${knobs.spares} more that may join`}, ${knobs.clients} clients with ${knobs.lanes} lanes each, ${knobs.vaults} vaults in ${knobs.dataGroups} data groups${knobs.placedGroups === 0 ? '' : ` and ${knobs.placedGroups} made later`}.`,
    `Elections after ${ms(timing.electionTimeoutMinMicros)} to ${ms(timing.electionTimeoutMaxMicros)} of silence, heartbeats every ${ms(timing.heartbeatMicros)}.`,
    `Links take ${ms(link.delayMinMicros)} and ${ms(link.delayMeanMicros)} more on average${bad.length > 0 ? `; of the frames ${bad.join(', ')}` : ''}.`,
    `Disks take ${ms(knobs.diskDelayMinMicros)} and ${ms(knobs.diskDelayMeanMicros)} more on average.`,
  ];
  return summary === '' ? sentences : [summary, ...sentences];
}
