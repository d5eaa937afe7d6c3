/** The page's program: reads the recording, draws, and listens to keys, wheel and pointer. */

import { RECEIVER } from '../../record/phrase.ts';
import { duration, seconds } from '../../record/time.ts';
import type { Family, Happening } from '../families.ts';
import { unpack } from '../pack.ts';
import { endpointName, fateText } from '../steps.ts';
import { type Colours, readColours } from './colours.ts';
import { Diagram } from './diagram.ts';
import { byId, element } from './dom.ts';
import { bindKeys, type KeyAction, showHelp } from './keys.ts';
import { Overview } from './overview.ts';
import { showClients, showNodes, showSteps } from './panels.ts';
import { Search } from './search.ts';
import { type DrawnFrame, lowerBound, storyOf } from './story.ts';
import { View } from './view.ts';

const story = storyOf(unpack(byId('recording').textContent ?? ''));
const view = new View(story);
const canvas = byId<HTMLCanvasElement>('diagram');
const scrubber = byId<HTMLInputElement>('scrubber');
const group = byId<HTMLSelectElement>('group');
const tip = byId('tip');
const diagram = new Diagram(canvas, story, view);
const overview = new Overview(byId<HTMLCanvasElement>('overview'), story, view);
const search = new Search(story, view, () => canvas.focus());
const darkness = window.matchMedia('(prefers-color-scheme: dark)');
const tabs = [0, 1, 2, 3].map((position) => byId<HTMLButtonElement>(`tab-${position}`));
const ANNOUNCED_MAX = 3;
/** Of the visible span, at each step closer. */
const ZOOM = 0.6;
let colours: Colours = readColours();
let chosenTab = 0;
let isPlanned = false;

function render(): void {
  isPlanned = false;
  diagram.draw(colours);
  overview.draw(colours);
  scrubber.value = String(view.time);
  scrubber.setAttribute('aria-valuetext', seconds(view.time));
  byId('time').textContent = seconds(view.time);
  byId('announced').textContent = announcement();
  search.tell();
  if (chosenTab === 0) showNodes(byId('panel-0'), story, view);
  else if (chosenTab === 1) showSteps(byId('panel-1'), story, view, (step) => search.isMatch(step));
  else if (chosenTab === 2) showClients(byId('panel-2'), story, view);
}

/** What happens at the instant, for those who listen to the page. */
function announcement(): string {
  const first = lowerBound(story.steps, view.time, (step) => step.at);
  const last = lowerBound(story.steps, view.time + 1, (step) => step.at);
  const here = story.steps.slice(first, last).filter((step) => view.wantsStep(step));
  const told = here.slice(0, ANNOUNCED_MAX).map(({ sentence }) => sentence);
  const more = here.length > told.length ? [`and ${here.length - told.length} more`] : [];
  return [seconds(view.time), ...told, ...more].join('. ');
}

function plan(): void {
  if (isPlanned) return;
  isPlanned = true;
  requestAnimationFrame(render);
}

function choose(position: number): void {
  chosenTab = (position + tabs.length) % tabs.length;
  tabs.forEach((tab, index) => {
    tab.setAttribute('aria-selected', String(index === chosenTab));
    tab.tabIndex = index === chosenTab ? 0 : -1;
    byId(`panel-${index}`).hidden = index !== chosenTab;
  });
  plan();
}

const ACTIONS: readonly KeyAction[] = [
  {
    keys: ['ArrowLeft', 'ArrowRight'],
    shown: '← →',
    help: 'the step before, the next one; with shift ten of them. Steps that are filtered away are passed over',
    act: ({ key, shiftKey }) => view.stepBy((key === 'ArrowLeft' ? -1 : 1) * (shiftKey ? 10 : 1)),
  },
  {
    keys: ['Home', 'End'],
    shown: 'Home End',
    help: 'the ends of the run',
    act: ({ key }) => view.goTo(key === 'Home' ? 0 : story.recording.end),
  },
  { keys: ['v'], shown: 'v', help: 'back to where the story opened', act: () => view.lookAtFocus() },
  {
    keys: ['+', '=', '-'],
    shown: '+ −',
    help: 'closer, farther',
    act: ({ key }) => view.zoom(key === '-' ? 1 / ZOOM : ZOOM),
  },
  { keys: ['0'], shown: '0', help: 'the whole run', act: () => view.showAll() },
  {
    keys: ['1', '2', '3', '4'],
    shown: '1 2 3 4',
    help: 'nodes, steps, clients, in words',
    act: ({ key }) => {
      choose(Number(key) - 1);
      byId(`panel-${chosenTab}`).focus();
    },
  },
  {
    keys: ['m'],
    shown: 'm',
    help: 'mark this instant: states are compared with it; again: with the step before',
    act: () => view.toggleBase(),
  },
  {
    keys: ['/'],
    shown: '/',
    help: 'search the steps; Enter is the next one, with shift the one before, Escape ends it',
    act: () => {
      choose(1);
      search.begin();
    },
  },
  {
    keys: ['n', 'N'],
    shown: 'n N',
    help: 'the next step that was searched for, the one before',
    act: ({ key }) => search.next(key === 'n' ? 1 : -1),
  },
  { keys: ['t'], shown: 't', help: 'light or dark', act: changeTheme },
  { keys: ['?'], shown: '?', help: 'this list', act: showHelp },
];

bindKeys(ACTIONS);

byId('tabs').addEventListener('keydown', (event) => {
  const direction = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (direction === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
  choose(chosenTab + direction);
  tabs[chosenTab]?.focus();
  event.preventDefault();
});

function sentenceOf(frame: DrawnFrame): HTMLElement {
  const { recording } = story;
  const to = endpointName(recording, frame.to);
  const lines = frame.items.map((item) =>
    element('p', '', `${item.phrase.replace(RECEIVER, to)}${item.group < 0 ? '' : ` [group ${item.group}]`}`),
  );
  const took = frame.fate === 'received' ? `, arrives ${duration(frame.endedAt - frame.sentAt)} later` : fateText(frame);
  return element(
    'div',
    '',
    element('b', '', `${endpointName(recording, frame.from)} at ${seconds(frame.sentAt)}${took}`),
    ...lines,
  );
}

let dragged: { readonly x: number; moved: boolean } | undefined;

canvas.addEventListener('pointerdown', (event) => {
  dragged = { x: event.offsetX, moved: false };
  canvas.setPointerCapture(event.pointerId);
});

canvas.addEventListener('pointermove', (event) => {
  if (dragged !== undefined && (dragged.moved || Math.abs(event.offsetX - dragged.x) > 4)) {
    const { lanes } = diagram;
    view.pan(lanes.timeAt(dragged.x) - lanes.timeAt(event.offsetX));
    dragged = { x: event.offsetX, moved: true };
    tip.hidden = true;
    return;
  }
  const frame = diagram.frameAt(event.offsetX, event.offsetY);
  tip.hidden = frame === undefined;
  if (frame === undefined) return;
  tip.replaceChildren(sentenceOf(frame));
  const left = Math.min(event.offsetX + 14, canvas.clientWidth - tip.offsetWidth - 8);
  tip.style.left = `${Math.max(left, 0)}px`;
  tip.style.top = `${event.offsetY + 16 + tip.offsetHeight > canvas.clientHeight ? event.offsetY - tip.offsetHeight - 10 : event.offsetY + 16}px`;
});

canvas.addEventListener('pointerup', (event) => {
  const wasClick = dragged?.moved === false;
  dragged = undefined;
  if (!wasClick) return;
  const frame = diagram.frameAt(event.offsetX, event.offsetY);
  view.goTo(frame === undefined ? diagram.lanes.timeAt(event.offsetX) : frame.sentAt);
});

canvas.addEventListener('pointerleave', () => {
  tip.hidden = true;
});

canvas.addEventListener(
  'wheel',
  (event) => {
    event.preventDefault();
    const { lanes } = diagram;
    const sideways = event.shiftKey ? event.deltaY : event.deltaX;
    if (Math.abs(sideways) > Math.abs(event.shiftKey ? 0 : event.deltaY)) view.pan(((view.to - view.from) * sideways) / 800);
    else view.zoom(event.deltaY > 0 ? 1.18 : 1 / 1.18, lanes.timeAt(event.offsetX));
  },
  { passive: false },
);

scrubber.addEventListener('input', () => view.goTo(Number(scrubber.value)));
group.value = String(view.group);
group.addEventListener('change', () => {
  view.group = Number(group.value);
  view.changed();
});
/** Check boxes that put things into a set of what is looked at, and take them out. */
function bindFilters<T>(id: string, chosen: Set<T>, read: (text: string) => T): void {
  for (const box of byId(id).querySelectorAll('input'))
    box.addEventListener('change', () => {
      if (box.checked) chosen.add(read(box.value));
      else chosen.delete(read(box.value));
      view.changed();
    });
}

bindFilters('families', view.families, (text) => text as Family);
bindFilters('happenings', view.happenings, (text) => text as Happening);
bindFilters('nodes', view.nodes, Number);
tabs.forEach((tab, position) => {
  tab.addEventListener('click', () => choose(position));
});
byId('zoom-in').addEventListener('click', () => view.zoom(ZOOM));
byId('zoom-out').addEventListener('click', () => view.zoom(1 / ZOOM));
byId('fit').addEventListener('click', () => view.showAll());
byId('focus').addEventListener('click', () => view.lookAtFocus());
byId('help-open').addEventListener('click', showHelp);

function recolour(): void {
  colours = readColours();
  plan();
}

function changeTheme(): void {
  const root = document.documentElement;
  const isDark = root.dataset.theme === undefined ? darkness.matches : root.dataset.theme === 'dark';
  root.dataset.theme = isDark ? 'light' : 'dark';
  recolour();
}

darkness.addEventListener('change', recolour);
byId('theme').addEventListener('click', changeTheme);
new ResizeObserver(plan).observe(canvas.parentElement as HTMLElement);
view.onChange(plan);
view.lookAtFocus();
