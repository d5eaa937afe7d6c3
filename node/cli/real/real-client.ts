/**
 * A client of the simulator's workload on real links: what it does next is its behaviour's (sim/workload), and the SDK's own driver asks, with
 * its sessions, retries and leader hints. Each lane does one operation after another. It may die, as a simulated one may: then nobody knows
 * what became of its open operations, and its sessions are left behind.
 */
import { ClientDriver } from '../../../net/client/driver.ts';
import { socketLinks } from '../../../net/client/endpoint-link.ts';
import { openNodeSocket } from '../../../net/client/node-socket.ts';
import type { Behaviour } from '../../../sim/workload/client.ts';

export interface RealClientOptions {
  /** Where it stands, so that a partition may lie between it and a node. */
  readonly endpoint: number;
  /** HOST:PORT of the nodes. */
  readonly nodes: readonly string[];
  readonly lanes: number;
  readonly behaviour: Behaviour;
  /** Time of the run, microseconds. */
  readonly now: () => number;
  /** Asked after each operation. */
  readonly dies: () => boolean;
  /** An oracle objects to an answer. */
  readonly failed: (error: unknown) => void;
}

const DEADLINE_MS = 10_000;

export class RealClient {
  private readonly options: RealClientOptions;
  private driver: ClientDriver;
  private isOver: boolean = false;
  /** Of lanes that have nothing to do, and of lanes that think. */
  private wakers: (() => void)[] = [];
  private readonly thinking: Set<() => void> = new Set();
  private underWay: number = 0;
  private lanes: Promise<unknown> = Promise.resolve();

  constructor(options: RealClientOptions) {
    this.options = options;
    this.driver = this.newDriver();
  }

  start(): void {
    this.lanes = Promise.all(Array.from({ length: this.options.lanes }, (_, lane) => this.run(lane)));
  }

  /** Lanes that had nothing to do ask again. */
  poke(): void {
    const wakers = this.wakers;
    this.wakers = [];
    for (const wake of wakers) wake();
  }

  /** Whether no operation is under way. */
  get idle(): boolean {
    return this.underWay === 0;
  }

  /** Ends what is under way with an unknown outcome. */
  async stop(): Promise<void> {
    this.isOver = true;
    await this.driver.close();
    this.poke();
    for (const wake of [...this.thinking]) wake();
    await this.lanes;
  }

  private newDriver(): ClientDriver {
    const { endpoint, nodes } = this.options;
    return new ClientDriver({
      endpoints: nodes.map((address) => ({ address })),
      openLink: socketLinks((url, events) => openNodeSocket(`${url}?from=${endpoint}`, events), 'ws'),
      deadlineMs: DEADLINE_MS,
    });
  }

  private async run(lane: number): Promise<void> {
    const { behaviour, now, failed } = this.options;
    try {
      while (!this.isOver) {
        const plan = behaviour.next(lane, now());
        if (plan === undefined) {
          await new Promise<void>((resolve) => this.wakers.push(resolve));
          continue;
        }
        if (plan !== 'skipped') {
          this.underWay += 1;
          const { request, route, timeoutMicros } = plan;
          const outcome = await this.driver.ask(request, { route, deadlineMs: timeoutMicros / 1000 });
          this.underWay -= 1;
          plan.done(outcome, now());
          if (!this.isOver && this.options.dies()) this.die();
        }
        if (!this.isOver) await this.think(behaviour.think(lane) / 1000);
      }
    } catch (error) {
      failed(error);
    }
  }

  private think(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.thinking.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, milliseconds);
      this.thinking.add(wake);
    });
  }

  private die(): void {
    const dead = this.driver;
    this.driver = this.newDriver();
    void dead.close();
  }
}
