/** The page's program: reads the recording, draws, and listens to keys, wheel and pointer. */

import { RECEIVER } from '../../record/phrase.ts';
import { duration, seconds } from '../../record/time.ts';
import type { Family } from '../families.ts';
import { unpack } from '../pack.ts';
import { endpointName, fateText } from '../steps.ts';
import { type Colours, readColours } from './colours.ts';
import { Diagram } from './diagram.ts';
import { byId, element } from './dom.ts';
import { Overview } from './overview.ts';
import { showClients, showNodes, showSteps } from './panels.ts';
import { type DrawnFrame, storyOf } from './story.ts';
import { View } from './view.ts';

const story = storyOf(unpack(byId('recording').textContent ?? ''));
const view = new View(story);
const canvas = byId<HTMLCanvasElement>('diagram');
const scrubber = byId<HTMLInputElement>('scrubber');
const group = byId<HTMLSelectElement>('group');
const tip = byId('tip');
const diagram = new Diagram(canvas, story, view);
const overview = new Overview(byId<HTMLCanvasElement>('overview'), story, view);
const tabs = [0, 1, 2, 3].map((position) => byId<HTMLButtonElement>(`tab-${position}`));
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
  if (chosenTab === 0) showNodes(byId('panel-0'), story, view);
  else if (chosenTab === 1) showSteps(byId('panel-1'), story, view);
  else if (chosenTab === 2) showClients(byId('panel-2'), story, view);
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

const KEYS: Readonly<Record<string, (isFar: boolean) => void>> = {
  ArrowLeft: (isFar) => view.stepBy(isFar ? -10 : -1),
  ArrowRight: (isFar) => view.stepBy(isFar ? 10 : 1),
  Home: () => view.goTo(0),
  End: () => view.goTo(story.recording.end),
  '+': () => view.zoom(0.6),
  '=': () => view.zoom(0.6),
  '-': () => view.zoom(1 / 0.6),
  '0': () => view.showAll(),
  v: () => view.lookAtFocus(),
};

document.addEventListener('keydown', (event) => {
  const { target } = event;
  if (event.ctrlKey || event.metaKey || event.altKey || target instanceof HTMLSelectElement) return;
  if (target instanceof HTMLElement && target.getAttribute('role') === 'tab' && event.key.startsWith('Arrow')) {
    choose(chosenTab + (event.key === 'ArrowRight' || event.key === 'ArrowDown' ? 1 : -1));
    tabs[chosenTab]?.focus();
    return event.preventDefault();
  }
  const act = KEYS[event.key];
  if (act === undefined) return;
  act(event.shiftKey);
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
for (const box of byId('families').querySelectorAll('input')) {
  box.addEventListener('change', () => {
    if (box.checked) view.families.add(box.value as Family);
    else view.families.delete(box.value as Family);
    view.changed();
  });
}
tabs.forEach((tab, position) => {
  tab.addEventListener('click', () => choose(position));
});
byId('zoom-in').addEventListener('click', () => view.zoom(0.6));
byId('zoom-out').addEventListener('click', () => view.zoom(1 / 0.6));
byId('fit').addEventListener('click', () => view.showAll());
byId('focus').addEventListener('click', () => view.lookAtFocus());

function recolour(): void {
  colours = readColours();
  plan();
}

const darkness = window.matchMedia('(prefers-color-scheme: dark)');
darkness.addEventListener('change', recolour);
byId('theme').addEventListener('click', () => {
  const root = document.documentElement;
  const isDark = root.dataset.theme === undefined ? darkness.matches : root.dataset.theme === 'dark';
  root.dataset.theme = isDark ? 'light' : 'dark';
  recolour();
});
new ResizeObserver(plan).observe(canvas.parentElement as HTMLElement);
view.onChange(plan);
view.lookAtFocus();
