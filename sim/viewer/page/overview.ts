/** The whole run on a strip: who led, what was broken, which part is looked at. */
import type { Colours } from './colours.ts';
import { fitCanvas } from './diagram.ts';
import { NAMES_WIDTH } from './lanes.ts';
import type { Story } from './story.ts';
import type { View } from './view.ts';

export class Overview {
  private readonly canvas: HTMLCanvasElement;
  private readonly story: Story;
  private readonly view: View;

  constructor(canvas: HTMLCanvasElement, story: Story, view: View) {
    this.canvas = canvas;
    this.story = story;
    this.view = view;
  }

  draw(colours: Colours): void {
    const { recording, reigns } = this.story;
    const width = (this.canvas.parentElement as HTMLElement).clientWidth - NAMES_WIDTH;
    const height = 30;
    fitCanvas(this.canvas, width, height);
    const ink = this.canvas.getContext('2d') as CanvasRenderingContext2D;
    const x = (time: number): number => (time / Math.max(recording.end, 1)) * width;
    const span = (from: number, to: number, top: number, tall: number, colour: string): void => {
      ink.fillStyle = colour;
      ink.fillRect(x(from), top, Math.max(1, x(to) - x(from)), tall);
    };
    span(0, recording.end, 0, height, colours.follower);
    for (const fault of recording.faults) span(fault.from, fault.to, 0, 8, colours.fault);
    const row = 14 / recording.nodes;
    for (const { node, from, to, why } of recording.absences)
      span(from, to, 9 + node * row, row, why === 'paused' ? colours.fault : colours.down);
    for (const reign of reigns) {
      const isWanted = this.view.group < 0 || reign.group === this.view.group;
      if (reign.role === 'leader' && isWanted)
        span(reign.from, reign.to, 9 + reign.node * row, Math.max(1, row - 0.5), colours.leader);
    }
    span(recording.detailFrom, recording.detailTo, height - 4, 4, colours.families.entries);
    ink.strokeStyle = colours.cursor;
    ink.lineWidth = 1.5;
    const left = x(Math.max(this.view.from, 0));
    ink.strokeRect(left + 0.75, 0.75, Math.max(3, x(Math.min(this.view.to, recording.end)) - left - 1.5), height - 1.5);
    if (recording.violation !== undefined) span(recording.violation.at, recording.violation.at, 0, height, colours.bad);
  }
}
