/** The panels beside the diagram, for the instant that is looked at: nodes, steps, clients. */
import type { RecordedOperation, ReplicaState } from '../../record/recording.ts';
import { duration, seconds } from '../../record/time.ts';
import type { OrderPicture } from '../order.ts';
import { answerText, operationWho, type Step } from '../steps.ts';
import { momentAt, type NodeMoment } from '../timeline.ts';
import { element } from './dom.ts';
import { orderList } from './order-list.ts';
import { lowerBound, type Story } from './story.ts';
import type { View } from './view.ts';

const STEPS_BEFORE = 40;
const STEPS_BEHIND = 25;
const OPERATIONS_AROUND = 40;
const COLUMNS = ['group', 'role', 'term', 'vote', 'last', 'durable', 'commit', 'applied'] as const;
const TITLES: Readonly<Record<(typeof COLUMNS)[number], string>> = {
  group: 'Raft group',
  role: 'What it believes to be',
  term: 'Its term',
  vote: 'Whom it voted for in that term',
  last: 'Last entry of its log',
  durable: 'Last entry that its disk is sure to hold',
  commit: 'Last entry it knows to be committed',
  applied: 'Last entry it has applied',
};
const ROLE_NAMES: Readonly<Record<ReplicaState['role'], string>> = {
  leader: 'leader',
  follower: 'follower',
  candidate: 'candidate',
  preCandidate: 'asks around',
};

/** Every node's state now, and what it was at the step before, or at the instant that was marked, where that differs. */
export function showNodes(panel: HTMLElement, story: Story, view: View): void {
  const { recording, instants } = story;
  const now = momentAt(recording, view.time);
  const since = view.base ?? instants[lowerBound(instants, view.time, (at) => at) - 1] ?? -1;
  const before = momentAt(recording, since);
  const table = element('table', 'nodes');
  table.append(element('thead', '', element('tr', '', ...COLUMNS.map((name) => heading(name)))));
  for (const moment of now)
    if (view.nodes.has(moment.node)) table.append(nodeRows(story, view, moment, before[moment.node] as NodeMoment));
  const note =
    view.time < recording.detailFrom ? [element('p', 'note', 'Indexes are kept from the shaded part of the strip on only.')] : [];
  panel.replaceChildren(comparison(view, since), table, ...note, element('h2', '', 'At this instant'), instantList(story, view));
}

function comparison(view: View, since: number): HTMLElement {
  const what = view.base === undefined ? 'the step before' : 'the marked instant';
  const when = since < 0 ? '' : `, ${seconds(since)}`;
  return element(
    'p',
    'note since',
    `Marked: what differs from ${what}${when}. Press m to ${view.base === undefined ? 'compare with this instant' : 'compare with the step before'}.`,
  );
}

function heading(name: (typeof COLUMNS)[number]): HTMLElement {
  const cell = element('th', name, name);
  cell.title = TITLES[name];
  return cell;
}

function nodeRows(story: Story, view: View, now: NodeMoment, before: NodeMoment): HTMLElement {
  const { recording } = story;
  const body = element('tbody', now.absence === undefined ? '' : 'absent');
  const isInvolved = recording.violation?.evidence.nodes?.includes(now.node) === true;
  const status = statusText(now);
  const was = statusText(before);
  const title = element(
    'th',
    'node',
    element('b', isInvolved ? 'involved' : '', `node ${now.node}`),
    element('span', `status${status === was ? '' : ' new'}`, ...(status === was ? [] : [element('del', '', was), ' ']), status),
  );
  title.setAttribute('colspan', String(COLUMNS.length));
  body.append(element('tr', '', title));
  recording.groups.forEach((group, position) => {
    if (view.group >= 0 && view.group !== group) return;
    const state = now.replicas[position] as ReplicaState;
    const old = before.replicas[position] as ReplicaState;
    const cells = COLUMNS.map((name) => {
      if (name === 'group') return element('td', name, String(group));
      const isNew = state[name] !== old[name];
      const was = isNew ? [element('del', '', cellText(name, old)), ' '] : [];
      return element('td', `${name}${isNew ? ' new' : ''} ${name === 'role' ? state.role : ''}`, ...was, cellText(name, state));
    });
    body.append(element('tr', '', ...cells));
  });
  return body;
}

function statusText({ absence }: NodeMoment): string {
  if (absence === undefined) return 'runs';
  return { crash: 'killed', powerLoss: 'no power', stopped: 'gave up', paused: 'stands still' }[absence.why];
}

function cellText(name: Exclude<(typeof COLUMNS)[number], 'group'>, state: ReplicaState): string {
  if (name === 'role') return ROLE_NAMES[state.role];
  if (name === 'vote') return state.vote < 0 ? '–' : String(state.vote);
  return String(state[name]);
}

function instantList(story: Story, view: View): HTMLElement {
  const first = lowerBound(story.steps, view.time, (step) => step.at);
  const last = lowerBound(story.steps, view.time + 1, (step) => step.at);
  const here = story.steps.slice(first, last).map((step) => element('li', step.family ?? step.kind, step.sentence));
  return element(
    'ul',
    'instant',
    ...(here.length > 0 ? here : [element('li', 'note', 'Nothing; ← and → go to where something happens.')]),
  );
}

/** What happened around now; a click goes there. @param isMatch whether a step is what was searched for. */
export function showSteps(panel: HTMLElement, story: Story, view: View, isMatch: (step: Step) => boolean): void {
  const wanted = story.steps.filter((step) => view.wantsStep(step));
  const here = lowerBound(wanted, view.time, (step) => step.at);
  const rows = wanted.slice(Math.max(0, here - STEPS_BEFORE), here + STEPS_BEHIND).map((step) => {
    const name = `${step.family ?? step.kind}${step.at === view.time ? ' here' : step.at > view.time ? ' later' : ''}${isMatch(step) ? ' match' : ''}`;
    const row = element('li', name, element('time', '', seconds(step.at)), element('span', '', step.sentence));
    if (step.at === view.time) row.setAttribute('aria-current', 'true');
    row.onclick = (): void => view.goTo(step.at);
    return row;
  });
  const list = element('ol', 'steps', ...rows);
  panel.replaceChildren(list);
  const target = list.querySelector('.here') ?? list.children[Math.min(here, STEPS_BEFORE) - 1];
  if (target instanceof HTMLElement) panel.scrollTop = target.offsetTop - panel.clientHeight / 2;
}

/** What clients asked and were told around now; where an answer cannot be explained, what touches the same comes first. */
export function showClients(panel: HTMLElement, story: Story, view: View): void {
  const { recording, stuck, related, order } = story;
  const parts: HTMLElement[] = [];
  if (stuck !== undefined && recording.violation !== undefined) {
    parts.push(element('p', 'broken', element('b', '', 'Rule: '), recording.violation.claim));
    if (order === undefined)
      parts.push(
        element('p', 'note', 'No order of these operations explains the marked answer:'),
        operationTable(story, view, [...related]),
      );
    else parts.push(element('p', 'note', orderNote(order)), orderList(story, view, order));
    parts.push(element('h2', '', 'All clients, around this instant'));
  }
  const here = lowerBound(recording.operations, view.time, (operation) => operation.invokedAt);
  parts.push(
    operationTable(story, view, recording.operations.slice(Math.max(0, here - OPERATIONS_AROUND), here + OPERATIONS_AROUND)),
  );
  panel.replaceChildren(...parts);
}

function orderNote({ length, lines, newest }: OrderPicture): string {
  const shown = lines.length - 1;
  const those = length > shown ? `; the last ${shown} on the same keys are these` : '';
  const leaves = newest === undefined ? '' : ` What number ${newest.place} leaves is not what the last one was told.`;
  return `An order of ${length} operations explains every answer before the marked one${those}. Bars run from question to answer, a point is where the operation takes effect; points never go back. The axis has the order of moments, not their distance.${leaves}`;
}

function operationTable(story: Story, view: View, operations: readonly RecordedOperation[]): HTMLElement {
  const rows = operations.map((operation) => {
    const { invokedAt, returnedAt, outcome } = operation;
    const isNow = invokedAt <= view.time && (returnedAt ?? story.recording.end) >= view.time;
    const isStuck = operation === story.stuck;
    const took = returnedAt === undefined ? 'no answer' : duration(returnedAt - invokedAt);
    const row = element(
      'li',
      `${outcome}${isNow ? ' here' : ''}${isStuck ? ' stuck' : ''}`,
      element('time', '', `${seconds(invokedAt)} + ${took}`),
      element('span', 'who', operationWho(story.recording, operation)),
      element('span', 'asked', operation.asked),
      element('span', 'told', `→ ${answerText(operation)}${isStuck ? ' – no order explains this answer' : ''}`),
    );
    row.onclick = (): void => view.goTo(returnedAt ?? invokedAt);
    return row;
  });
  return element('ol', 'operations', ...rows);
}
