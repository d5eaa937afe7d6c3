/** Where everything stands on the canvas: one lane per node, one per client, faults above them, times at the top. */
import type { Recording } from '../../record/recording.ts';
import type { View } from './view.ts';

/** Left margin with the names. */
export const NAMES_WIDTH = 96;
const AXIS_HEIGHT = 22;
const FAULT_HEIGHT = 15;
const FAULT_ROWS = 3;
const NODE_MIN = 42;
const CLIENT_MIN = 20;

export class Lanes {
  readonly width: number;
  readonly height: number;
  readonly faultsTop: number = AXIS_HEIGHT;
  private readonly nodes: number;
  private readonly top: number = AXIS_HEIGHT + FAULT_HEIGHT * FAULT_ROWS + 4;
  private readonly nodeHeight: number;
  private readonly clientHeight: number;
  private readonly view: View;

  constructor(recording: Recording, view: View, width: number, height: number) {
    this.view = view;
    this.width = width;
    this.nodes = recording.nodes;
    const clients = recording.clients.length;
    const spare = Math.max(0, height - this.top - 6 - this.nodes * NODE_MIN - clients * CLIENT_MIN);
    this.nodeHeight = NODE_MIN + Math.min(110, (spare * 0.85) / this.nodes);
    this.clientHeight = CLIENT_MIN + Math.min(14, (spare * 0.15) / Math.max(clients, 1));
    this.height = Math.max(height, this.top + this.nodes * this.nodeHeight + clients * this.clientHeight + 6);
  }

  x(time: number): number {
    const { from, to } = this.view;
    return NAMES_WIDTH + ((time - from) / (to - from)) * (this.width - NAMES_WIDTH);
  }

  timeAt(x: number): number {
    const { from, to } = this.view;
    return from + ((x - NAMES_WIDTH) / (this.width - NAMES_WIDTH)) * (to - from);
  }

  faultY(row: number): number {
    return this.faultsTop + row * FAULT_HEIGHT;
  }

  get faultRows(): number {
    return FAULT_ROWS;
  }

  get faultHeight(): number {
    return FAULT_HEIGHT;
  }

  laneTop(endpoint: number): number {
    if (endpoint < this.nodes) return this.top + endpoint * this.nodeHeight;
    return this.top + this.nodes * this.nodeHeight + (endpoint - this.nodes) * this.clientHeight;
  }

  laneHeight(endpoint: number): number {
    return endpoint < this.nodes ? this.nodeHeight : this.clientHeight;
  }

  /** Where arrows begin and end. */
  line(endpoint: number): number {
    return this.laneTop(endpoint) + this.laneHeight(endpoint) / 2 + (endpoint < this.nodes ? 8 : 0);
  }
}
