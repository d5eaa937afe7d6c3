/** A run as one page of text: what cluster, which faults, who led, what the clients saw, what broke, and how to see it again. */
import type { Recording } from '../record/recording.ts';
import { duration, seconds } from '../record/time.ts';
import { lastRelevantSteps, relatedOperations, stuckOperation } from './focus.ts';
import { type OrderPicture, orderPicture } from './order.ts';
import { absenceSentence, answerText, faultSentence, operationWho, stepsOf } from './steps.ts';
import { leadershipsOf, type Reign } from './timeline.ts';

const FAULT_LINES = 14;
const LEADER_LINES = 14;
const STEP_LINES = 24;
const OPERATION_LINES = 14;
const WIDTH = 116;

/** @param replay the exact command that runs it again. */
export function explain(recording: Recording, replay: string): string {
  const sections = [
    heading(recording),
    whatWentWrong(recording),
    section('The cluster', recording.settings),
    section('The faults', faultLines(recording)),
    section('Who led', leaderLines(recording)),
    section('What the clients saw', clientLines(recording)),
    section(recording.violation === undefined ? 'The liveliest moment' : 'The last steps', stepLines(recording)),
    recording.omitted.length === 0 ? '' : wrapped(`Left out: ${recording.omitted.join('; ')}.`, ''),
    `See it again:\n${replay}`,
  ];
  return `${sections.filter((text) => text !== '').join('\n\n')}\n`;
}

/** `split-brain, seed 7: passed`, as a title. */
export function titleOf({ scenario, seed, verdict, violation }: Recording): string {
  const name = scenario === 'generic' ? 'Seed' : `${scenario}, seed`;
  return `${name} ${seed}: ${violation === undefined ? 'passed' : verdict === 'violation' ? `violates ${violation.oracle}` : verdict}`;
}

function heading(recording: Recording): string {
  const { totals, end } = recording;
  const did = `${totals.events} events in ${seconds(end)} of virtual time, ${totals.elections} elections, ${totals.frames} frames.`;
  return `${titleOf(recording)}\n${did}`;
}

function whatWentWrong({ violation }: Recording): string {
  if (violation === undefined) return '';
  const { claim, message, at, evidence } = violation;
  const lines = [`Rule: ${claim}`, `Noticed at ${seconds(at)}: ${message}.`];
  if (evidence.facts !== undefined) {
    lines.push('These two cannot both be:');
    evidence.facts.forEach((fact, position) => {
      lines.push(`  ${position + 1}. ${fact}`);
    });
  }
  return section('What went wrong', lines);
}

/** What came after the focus of a violation does not explain it. */
function endOf({ violation, focus, end }: Recording): number {
  return violation === undefined ? end : focus;
}

function faultLines(recording: Recording): readonly string[] {
  const all = [
    ...recording.faults.map((fault) => ({ at: fault.from, text: faultSentence(fault) })),
    ...recording.absences.map((absence) => ({ at: absence.from, text: absenceSentence(recording, absence) })),
  ]
    .filter(({ at }) => at <= endOf(recording))
    .sort((a, b) => a.at - b.at);
  if (all.length === 0) return ['None.'];
  return newest(
    all.map(({ at, text }) => `${seconds(at).padStart(12)}  ${text}`),
    FAULT_LINES,
  );
}

function leaderLines(recording: Recording): readonly string[] {
  const { violation } = recording;
  const group = violation?.evidence.group;
  const all = leadershipsOf(recording).filter(
    (leadership) => leadership.from <= endOf(recording) && (group === undefined || leadership.group === group),
  );
  if (all.length === 0) return [group === undefined ? 'Nobody yet.' : `Nobody led group ${group} yet.`];
  return newest(all.map(leaderLine), LEADER_LINES);
}

function leaderLine({ group, term, node, from, to }: Reign): string {
  return `${seconds(from).padStart(12)}  group ${group}: node ${node} leads term ${term} for ${duration(to - from)}`;
}

function clientLines(recording: Recording): readonly string[] {
  const { ok, fail, info } = recording.totals;
  const lines = [`${ok} operations done, ${fail} certainly not done, ${info} unknown.`];
  const stuck = stuckOperation(recording);
  for (const operation of relatedOperations(recording, OPERATION_LINES)) {
    const span = `${seconds(operation.invokedAt).padStart(12)} to ${operation.returnedAt === undefined ? '?' : seconds(operation.returnedAt)}`;
    const mark = operation === stuck ? '  <- no order explains this' : '';
    lines.push(`${span}  ${operationWho(recording, operation)}: ${operation.asked} → ${answerText(operation)}${mark}`);
  }
  const picture = orderPicture(recording, OPERATION_LINES);
  return picture === undefined ? lines : [...lines, orderSentence(recording, picture)];
}

/** What the order of everything else leaves there, which the inexplicable answer does not fit. */
function orderSentence(recording: Recording, { length, newest }: OrderPicture): string {
  const explained = `An order of ${length} operations explains every answer before that one; `;
  if (newest === undefined) return `${explained}nothing in it has changed what was asked about.`;
  const { operation, place } = newest;
  return `${explained}the last change in it of what was asked about is number ${place}: ${operationWho(recording, operation)}, ${operation.asked} → ${answerText(operation)}.`;
}

function stepLines(recording: Recording): readonly string[] {
  const steps = lastRelevantSteps(recording, stepsOf(recording), STEP_LINES);
  const isOneGroup = recording.violation?.evidence.group !== undefined;
  return steps.map(({ at, group, sentence }) => {
    const where = group < 0 || isOneGroup ? '' : ` [group ${group}]`;
    return `${seconds(at).padStart(12)}  ${sentence}${where}`;
  });
}

function newest(lines: readonly string[], max: number): readonly string[] {
  if (lines.length <= max) return lines;
  return [`… ${lines.length - max} earlier ones`, ...lines.slice(-max)];
}

function section(title: string, lines: readonly string[]): string {
  return [title, ...lines.map((line) => wrapped(line, '  '))].join('\n');
}

/** Breaks at spaces; what continues a line stands under its text. */
function wrapped(line: string, margin: string): string {
  const hang = ' '.repeat(margin.length + (/^\s*[\d.]+ s\s+/.exec(line)?.[0].length ?? 2));
  const words = `${margin}${line}`.split(/(?<=\S) (?=\S)/);
  const out: string[] = [];
  let current = words[0] ?? '';
  for (const word of words.slice(1)) {
    if (current.length + 1 + word.length > WIDTH) {
      out.push(current);
      current = `${hang}${word}`;
    } else current = `${current} ${word}`;
  }
  return [...out, current].join('\n');
}
