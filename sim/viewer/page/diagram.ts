/** The message diagram: lanes, roles, absences, faults, operations, arrows, and the instant that is looked at. */
import type { FaultSpan, RecordedOperation } from '../../record/recording.ts';
import { faultName } from '../steps.ts';
import type { Reign } from '../timeline.ts';
import type { Colours } from './colours.ts';
import { Lanes, NAMES_WIDTH } from './lanes.ts';
import { type DrawnFrame, lowerBound, type Story } from './story.ts';
import { tickLabel, tickStep } from './ticks.ts';
import type { View } from './view.ts';

/** Arrows drawn at once; where there are more, idle ones go first, then every n-th is shown. */
const ARROWS_MAX = 1600;
/** More arrows than that are drawn faintly. */
const CROWD = 500;
/** How near the pointer has to be to an arrow, pixels. */
const REACH = 7;

export class Diagram {
  private readonly canvas: HTMLCanvasElement;
  private readonly ink: CanvasRenderingContext2D;
  private readonly story: Story;
  private readonly view: View;
  private readonly faultRows: readonly number[];
  private shown: readonly DrawnFrame[] = [];
  /** Frames that are sent before what is looked at and arrive in it are at most this long under way. */
  private readonly longest: number;
  lanes: Lanes;

  constructor(canvas: HTMLCanvasElement, story: Story, view: View) {
    this.canvas = canvas;
    this.ink = canvas.getContext('2d') as CanvasRenderingContext2D;
    this.story = story;
    this.view = view;
    this.longest = story.frames.reduce((longest, { sentAt, endedAt }) => Math.max(longest, endedAt - sentAt), 0);
    this.faultRows = rowsOf(story.recording.faults);
    this.lanes = new Lanes(story.recording, view, 800, 400);
  }

  draw(colours: Colours): void {
    const box = (this.canvas.parentElement as HTMLElement).getBoundingClientRect();
    this.lanes = new Lanes(this.story.recording, this.view, box.width, box.height);
    fitCanvas(this.canvas, this.lanes.width, this.lanes.height);
    const { ink, lanes } = this;
    ink.font = '11px ui-sans-serif, system-ui, sans-serif';
    ink.textBaseline = 'middle';
    this.drawGrid(colours);
    ink.save();
    ink.beginPath();
    ink.rect(NAMES_WIDTH, 0, lanes.width - NAMES_WIDTH, lanes.height);
    ink.clip();
    this.drawUndetailed(colours);
    for (const absence of this.story.recording.absences)
      this.band(absence.node, absence.from, absence.to, absence.why === 'paused' ? colours.fault : colours.down);
    for (const reign of this.story.reigns) this.drawReign(reign, colours);
    for (const operation of this.story.recording.operations) this.drawOperation(operation, colours);
    this.drawArrows(colours);
    for (const [position, fault] of this.story.recording.faults.entries())
      this.drawFault(fault, this.faultRows[position] ?? 0, colours);
    this.drawMarks(colours);
    ink.restore();
    this.drawNames(colours);
  }

  /** The frame under a point. */
  frameAt(x: number, y: number): DrawnFrame | undefined {
    let best: DrawnFrame | undefined;
    let nearest = REACH;
    for (const frame of this.shown) {
      const { lanes } = this;
      const distance = distanceTo(
        x,
        y,
        [lanes.x(frame.sentAt), lanes.line(frame.from)],
        [lanes.x(frame.endedAt), lanes.line(frame.to)],
      );
      if (distance < nearest) {
        nearest = distance;
        best = frame;
      }
    }
    return best;
  }

  private drawGrid(colours: Colours): void {
    const { ink, lanes, view } = this;
    const step = tickStep(view.to - view.from, (lanes.width - NAMES_WIDTH) / 110);
    ink.textAlign = 'center';
    for (let time = Math.ceil(Math.max(view.from, 0) / step) * step; time <= view.to; time += step) {
      const x = Math.round(lanes.x(time)) + 0.5;
      ink.strokeStyle = colours.line;
      ink.beginPath();
      ink.moveTo(x, 18);
      ink.lineTo(x, lanes.height);
      ink.stroke();
      ink.fillStyle = colours.faint;
      if (x > NAMES_WIDTH + 24) ink.fillText(tickLabel(time, step), x, 9);
    }
  }

  private drawNames(colours: Colours): void {
    const { ink, lanes } = this;
    const { nodes, clients } = this.story.recording;
    ink.fillStyle = colours.paper;
    ink.fillRect(0, 0, NAMES_WIDTH - 1, lanes.height);
    ink.textAlign = 'left';
    ink.fillStyle = colours.faint;
    ink.fillText('faults', 10, lanes.faultY(1) + 7);
    for (let endpoint = 0; endpoint < nodes + clients.length; endpoint += 1) {
      ink.strokeStyle = colours.line;
      ink.beginPath();
      ink.moveTo(0, Math.round(lanes.laneTop(endpoint)) + 0.5);
      ink.lineTo(lanes.width, Math.round(lanes.laneTop(endpoint)) + 0.5);
      ink.stroke();
      ink.fillStyle = endpoint < nodes && this.view.nodes.has(endpoint) ? colours.ink : colours.faint;
      ink.font = endpoint < nodes ? '600 13px ui-sans-serif, system-ui, sans-serif' : '11px ui-sans-serif, system-ui, sans-serif';
      const name = endpoint < nodes ? `node ${endpoint}` : (clients[endpoint - nodes] ?? '');
      ink.fillText(name, 10, lanes.laneTop(endpoint) + lanes.laneHeight(endpoint) / 2);
    }
  }

  /** Time outside what is kept in detail is hatched lightly: no arrows there does not mean silence. */
  private drawUndetailed(colours: Colours): void {
    const { detailFrom, detailTo, end } = this.story.recording;
    const { ink, lanes } = this;
    ink.fillStyle = colours.line;
    ink.globalAlpha = 0.35;
    for (const [from, to] of [
      [0, detailFrom],
      [detailTo, end],
    ] as const) {
      if (to <= from) continue;
      ink.fillRect(lanes.x(from), lanes.laneTop(0), lanes.x(to) - lanes.x(from), lanes.height);
    }
    ink.globalAlpha = 1;
  }

  private band(endpoint: number, from: number, to: number, colour: string): void {
    const { ink, lanes } = this;
    ink.fillStyle = colour;
    ink.fillRect(
      lanes.x(from),
      lanes.laneTop(endpoint) + 1,
      Math.max(1, lanes.x(to) - lanes.x(from)),
      lanes.laneHeight(endpoint) - 1,
    );
  }

  private drawReign(reign: Reign, colours: Colours): void {
    const { view, lanes, ink } = this;
    if (reign.to < view.from || reign.from > view.to) return;
    const groups = view.group < 0 ? this.story.recording.groups : [view.group];
    const row = groups.indexOf(reign.group);
    if (row < 0) return;
    const height = Math.min(14, (lanes.laneHeight(reign.node) / 2 + 2) / groups.length);
    const left = Math.max(lanes.x(reign.from), NAMES_WIDTH);
    const right = Math.min(lanes.x(reign.to), lanes.width);
    const top = lanes.laneTop(reign.node) + 3 + row * height;
    ink.fillStyle = reign.role === 'leader' ? colours.leader : reign.role === 'follower' ? colours.follower : colours.candidate;
    ink.globalAlpha = reign.role === 'preCandidate' ? 0.5 : 1;
    ink.fillRect(left, top, Math.max(1.5, right - left), Math.max(2, height - 1.5));
    ink.globalAlpha = 1;
    if (height < 10 || right - left < 46) return;
    ink.fillStyle = {
      leader: colours.leaderInk,
      follower: colours.faint,
      candidate: colours.candidateInk,
      preCandidate: colours.ink,
    }[reign.role];
    ink.textAlign = 'left';
    const short = { leader: 'leader', follower: 'term', candidate: 'candidate', preCandidate: 'asks' }[reign.role];
    const text = `${short} ${reign.term}`;
    if (ink.measureText(text).width + 10 < right - left) ink.fillText(text, left + 5, top + height / 2 - 0.5);
  }

  private drawOperation(operation: RecordedOperation, colours: Colours): void {
    const { view, lanes, ink, story } = this;
    const to = operation.returnedAt ?? story.recording.end;
    if (to < view.from || operation.invokedAt > view.to) return;
    const endpoint = story.recording.nodes + operation.client;
    const rows = 4;
    const height = (lanes.laneHeight(endpoint) - 4) / rows;
    const top = lanes.laneTop(endpoint) + 3 + (operation.process % rows) * height;
    const left = lanes.x(operation.invokedAt);
    const isStuck = operation === story.stuck;
    ink.fillStyle = isStuck ? colours.bad : colours[operation.outcome];
    ink.globalAlpha = isStuck || story.related.has(operation) || story.related.size === 0 ? 0.9 : 0.35;
    ink.fillRect(left, top, Math.max(2, lanes.x(to) - left), Math.max(2, height - 1));
    ink.globalAlpha = 1;
    const point = story.points.get(operation);
    if (point !== undefined) {
      ink.fillStyle = colours.ink;
      ink.fillRect(lanes.x(point) - 1, top - 1, 2, Math.max(4, height + 1));
    }
    if (!isStuck) return;
    ink.strokeStyle = colours.bad;
    ink.lineWidth = 1.5;
    ink.strokeRect(left - 3, lanes.laneTop(endpoint) + 1, Math.max(2, lanes.x(to) - left) + 6, lanes.laneHeight(endpoint) - 2);
    ink.lineWidth = 1;
  }

  private drawArrows(colours: Colours): void {
    const { view, story } = this;
    const first = lowerBound(story.frames, view.from - this.longest, (frame) => frame.sentAt);
    const last = lowerBound(story.frames, view.to, (frame) => frame.sentAt);
    let visible = story.frames.slice(first, last).filter((frame) => frame.endedAt >= view.from && view.wantsFrame(frame));
    if (visible.length > ARROWS_MAX) visible = visible.filter((frame) => !frame.isIdle || frame.fate !== 'received');
    const every = Math.ceil(visible.length / ARROWS_MAX);
    this.shown = every <= 1 ? visible : visible.filter((_, position) => position % every === 0);
    this.ink.globalAlpha = visible.length > CROWD ? 0.35 : 1;
    for (const frame of this.shown) this.drawArrow(frame, colours);
    this.ink.globalAlpha = 1;
  }

  private drawArrow(frame: DrawnFrame, colours: Colours): void {
    const { ink, lanes } = this;
    const x1 = lanes.x(frame.sentAt);
    const y1 = lanes.line(frame.from);
    const isWhole = frame.fate === 'received' || frame.fate === 'flying' || frame.fate === 'down';
    const share = frame.fate === 'received' || frame.fate === 'down' ? 1 : 0.5;
    // What never left ends half-way down, a little later, so that the cross can be seen.
    const x2 = isWhole ? lanes.x(frame.endedAt) : Math.max(lanes.x(frame.endedAt), x1 + 14);
    const y2 = y1 + (lanes.line(frame.to) - y1) * share;
    ink.strokeStyle = colours.families[frame.family];
    ink.fillStyle = ink.strokeStyle;
    ink.lineWidth = frame.isIdle ? 0.8 : 1.25;
    ink.beginPath();
    ink.moveTo(x1, y1);
    ink.lineTo(x2, y2);
    ink.stroke();
    if (frame.fate === 'received') this.head(x1, y1, x2, y2);
    else if (frame.fate !== 'flying') this.cross(x2, y2, colours.bad);
    ink.lineWidth = 1;
  }

  private head(x1: number, y1: number, x2: number, y2: number): void {
    const { ink } = this;
    const angle = angleOf(x2 - x1, y2 - y1);
    const size = 5;
    ink.beginPath();
    ink.moveTo(x2, y2);
    ink.lineTo(x2 - size * angle.x - size * 0.5 * angle.y, y2 - size * angle.y + size * 0.5 * angle.x);
    ink.lineTo(x2 - size * angle.x + size * 0.5 * angle.y, y2 - size * angle.y - size * 0.5 * angle.x);
    ink.fill();
  }

  private cross(x: number, y: number, colour: string): void {
    const { ink } = this;
    ink.strokeStyle = colour;
    ink.lineWidth = 1.6;
    ink.beginPath();
    ink.moveTo(x - 3.5, y - 3.5);
    ink.lineTo(x + 3.5, y + 3.5);
    ink.moveTo(x + 3.5, y - 3.5);
    ink.lineTo(x - 3.5, y + 3.5);
    ink.stroke();
  }

  private drawFault(fault: FaultSpan, row: number, colours: Colours): void {
    const { view, lanes, ink } = this;
    if (fault.to < view.from || fault.from > view.to) return;
    const left = lanes.x(fault.from);
    const width = Math.max(3, lanes.x(fault.to) - left);
    const top = lanes.faultY(row);
    ink.fillStyle = colours.fault;
    ink.fillRect(left, top + 1, width, lanes.faultHeight - 2);
    if (fault.to > fault.from) this.shade(fault, left, width);
    const text = fault.text === '' ? faultName(fault.kind) : `${faultName(fault.kind)} ${fault.text}`;
    ink.textAlign = 'left';
    ink.fillStyle = colours.ink;
    const shown = Math.max(left, NAMES_WIDTH);
    if (ink.measureText(text).width + 8 < left + width - shown) ink.fillText(text, shown + 4, top + lanes.faultHeight / 2 + 0.5);
  }

  /** The lanes of the nodes it hits, lightly: arrows are read through it. */
  private shade(fault: FaultSpan, left: number, width: number): void {
    const { ink, lanes } = this;
    ink.globalAlpha = 0.3;
    for (const node of fault.nodes) ink.fillRect(left, lanes.laneTop(node) + 1, width, lanes.laneHeight(node) - 1);
    ink.globalAlpha = 1;
  }

  private drawMarks(colours: Colours): void {
    const { view, lanes, ink } = this;
    const { violation } = this.story.recording;
    if (violation !== undefined) this.flag(lanes.x(violation.at), violation.oracle, colours);
    if (view.base !== undefined) this.vertical(lanes.x(view.base), colours.families.reads, 1);
    this.vertical(lanes.x(view.time), colours.cursor, 1);
    ink.fillStyle = colours.cursor;
    ink.beginPath();
    ink.moveTo(lanes.x(view.time) - 5, 16);
    ink.lineTo(lanes.x(view.time) + 5, 16);
    ink.lineTo(lanes.x(view.time), 22);
    ink.fill();
  }

  private flag(x: number, text: string, colours: Colours): void {
    const { ink, lanes } = this;
    this.vertical(x, colours.bad, 2);
    const width = ink.measureText(text).width + 10;
    const left = x - width < NAMES_WIDTH ? x : x - width;
    ink.fillStyle = colours.bad;
    ink.fillRect(left, lanes.height - 17, width, 16);
    ink.fillStyle = colours.paper;
    ink.textAlign = 'left';
    ink.fillText(text, left + 5, lanes.height - 8.5);
  }

  private vertical(x: number, colour: string, width: number): void {
    const { ink, lanes } = this;
    ink.strokeStyle = colour;
    ink.lineWidth = width;
    ink.beginPath();
    ink.moveTo(x, 18);
    ink.lineTo(x, lanes.height);
    ink.stroke();
    ink.lineWidth = 1;
  }
}

/** Sizes a canvas for sharp lines on this screen; afterwards one unit is one pixel of the style sheet. */
export function fitCanvas(canvas: HTMLCanvasElement, width: number, height: number): void {
  const ratio = window.devicePixelRatio;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  (canvas.getContext('2d') as CanvasRenderingContext2D).setTransform(ratio, 0, 0, ratio, 0, 0);
}

/** Rows in which spans that overlap stand beneath each other, as far as there is room. */
function rowsOf(faults: readonly FaultSpan[]): readonly number[] {
  const busyUntil = [0, 0, 0];
  return faults.map((fault) => {
    const free = busyUntil.findIndex((until) => until <= fault.from);
    const row = free < 0 ? busyUntil.length - 1 : free;
    busyUntil[row] = Math.max(busyUntil[row] ?? 0, fault.to);
    return row;
  });
}

function angleOf(x: number, y: number): { readonly x: number; readonly y: number } {
  const length = Math.sqrt(x * x + y * y) || 1;
  return { x: x / length, y: y / length };
}

function distanceTo(x: number, y: number, [x1, y1]: readonly [number, number], [x2, y2]: readonly [number, number]): number {
  const length = (x2 - x1) ** 2 + (y2 - y1) ** 2 || 1;
  const share = Math.min(1, Math.max(0, ((x - x1) * (x2 - x1) + (y - y1) * (y2 - y1)) / length));
  return Math.sqrt((x - x1 - share * (x2 - x1)) ** 2 + (y - y1 - share * (y2 - y1)) ** 2);
}
