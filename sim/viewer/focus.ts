/** Which steps of a run a reader of its violation needs: of the group and near the nodes it is about, the newest ones. */
import type { RecordedOperation, Recording } from '../record/recording.ts';
import { seconds } from '../record/time.ts';
import type { Step } from './steps.ts';

/** The newest relevant steps up to the focus, oldest first. */
export function lastRelevantSteps(recording: Recording, steps: readonly Step[], max: number): readonly Step[] {
  const { violation, focus } = recording;
  const evidence = violation?.evidence ?? {};
  const isAboutClients = evidence.operation !== undefined;
  const relevant = steps.filter((step) => {
    if (step.at > focus || step.isIdle) return false;
    if (step.kind === 'fault' || step.kind === 'absence') return true;
    if (violation === undefined) return step.isTurn || step.family === 'votes';
    if (step.kind === 'operation') return isAboutClients;
    if (evidence.group !== undefined && step.group !== evidence.group) return false;
    if (step.isTurn) return true;
    if (step.family === 'clients' || step.family === 'heartbeats') return false;
    return (
      evidence.nodes === undefined || evidence.nodes.length === 0 || step.nodes.some((node) => evidence.nodes?.includes(node))
    );
  });
  return withoutRepeats(relevant).slice(-max);
}

/** What was said again and again without anything new is told once, where it began. */
function withoutRepeats(steps: readonly Step[]): readonly Step[] {
  const repeats = new Map<string, { readonly step: Step; times: number; until: number }>();
  for (const step of steps) {
    const key = step.kind === 'message' ? `${step.group} ${step.sentence}` : `${step.at} ${step.sentence}`;
    const known = repeats.get(key);
    if (known === undefined) repeats.set(key, { step, times: 1, until: step.at });
    else {
      known.times += 1;
      known.until = step.at;
    }
  }
  return [...repeats.values()].map(({ step, times, until }) =>
    times === 1 ? step : { ...step, sentence: `${step.sentence}, ${times} times until ${seconds(until)}` },
  );
}

/** Operations that touch what the inexplicable one touches, around it; empty where the violation is not about clients. */
export function relatedOperations(recording: Recording, max: number): readonly RecordedOperation[] {
  const stuck = stuckOperation(recording);
  if (stuck === undefined) return [];
  const touching = recording.operations.filter(
    (operation) =>
      operation.vault === stuck.vault && operation.outcome !== 'fail' && operation.keys.some((key) => stuck.keys.includes(key)),
  );
  const end = touching.findIndex(({ invokedAt }) => invokedAt > (stuck.returnedAt ?? recording.end));
  const upTo = end < 0 ? touching : touching.slice(0, end + 2);
  return upTo.slice(-max);
}

/** The operation that no order explains. */
export function stuckOperation(recording: Recording): RecordedOperation | undefined {
  const operation = recording.violation?.evidence.operation;
  if (operation === undefined) return undefined;
  return recording.operations.find(
    (candidate) => candidate.process === operation.process && candidate.invokedAt === operation.invokedAt,
  );
}
