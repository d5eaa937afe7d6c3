/** The order that explains everything but one answer, drawn: bars on a common axis of time, points that never go back. */
import { duration, seconds } from '../../record/time.ts';
import type { OrderLine, OrderPicture } from '../order.ts';
import { answerText, operationWho } from '../steps.ts';
import { element } from './dom.ts';
import { lowerBound, type Story } from './story.ts';
import type { View } from './view.ts';

const SVG = 'http://www.w3.org/2000/svg';

export function orderList(story: Story, view: View, picture: OrderPicture): HTMLElement {
  const rows = picture.lines.map((line) => orderRow(story, view, picture, line));
  const list = element('ol', 'order', ...rows);
  const box = element('div', 'order-box', list);
  box.append(thread(picture));
  return box;
}

/** Of the height of a row, where its bar is. */
const BAR_AT = 0.25;

/** Percent of the axis, which has its moments at equal distances. */
function share({ moments }: OrderPicture, time: number): number {
  return (lowerBound(moments, time, (moment) => moment) / Math.max(moments.length - 1, 1)) * 100;
}

function orderRow(story: Story, view: View, picture: OrderPicture, line: OrderLine): HTMLElement {
  const { operation, place, point, isStuck } = line;
  const { invokedAt, returnedAt, outcome } = operation;
  const left = share(picture, invokedAt);
  const bar = element('i', `bar ${isStuck ? 'stuck' : outcome}`);
  bar.style.left = `${left}%`;
  bar.style.width = `${Math.max(share(picture, returnedAt ?? story.recording.end) - left, 0.8)}%`;
  const strip = element('span', 'strip', bar);
  if (point !== undefined) {
    const dot = element('i', 'point');
    dot.style.left = `${share(picture, point)}%`;
    strip.append(dot);
  }
  const took = returnedAt === undefined ? 'no answer' : duration(returnedAt - invokedAt);
  const isNewest = picture.newest?.operation === operation;
  const row = element(
    'li',
    `${isStuck ? 'stuck' : ''}${isNewest ? ' newest' : ''}${isHere(view, line, story.recording.end) ? ' here' : ''}`,
    element('b', 'place', place === undefined ? '✗' : String(place)),
    strip,
    element('span', 'question', `${operationWho(story.recording, operation)}: ${operation.asked}`),
    element('span', 'answer', `→ ${answerText(operation)}${isStuck ? ' – has no place in any order' : ''}`),
  );
  row.title = `${seconds(invokedAt)} + ${took}`;
  row.onclick = (): void => view.goTo(returnedAt ?? invokedAt);
  return row;
}

function isHere(view: View, { operation }: OrderLine, end: number): boolean {
  return operation.invokedAt <= view.time && (operation.returnedAt ?? end) >= view.time;
}

/** A line through the points, over rows of one height. */
function thread(picture: OrderPicture): SVGElement {
  const count = picture.lines.length;
  const at = (position: number): number => ((position + BAR_AT) / count) * 100;
  const points = picture.lines.flatMap(({ point }, position) =>
    point === undefined ? [] : [`${share(picture, point)},${at(position)}`],
  );
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 100 100');
  svg.setAttribute('preserveAspectRatio', 'none');
  svg.setAttribute('aria-hidden', 'true');
  const line = document.createElementNS(SVG, 'polyline');
  line.setAttribute('points', points.join(' '));
  svg.append(line);
  return svg;
}
