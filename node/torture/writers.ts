/**
 * Clients that write through all of it, each to keys of its own, and the book of what they were told. A value is the number of the write to its key,
 * so that a read shows whether an acknowledged write is there, or a later one. A key whose write had no definite answer is left alone afterwards.
 */
import { VouchError } from '../../net/client/public.ts';
import type { Vault } from '../../net/client/vault.ts';

/** Clients, each with one write under way. Why so many: each waits for a quorum of disks, and the nodes batch what waits. */
const LANES = 24;
const KEYS_OF_LANE = 32;
const PAUSE_MS = 40;
const DEADLINE_MS = 8_000;
const READERS = 16;

interface Promised {
  readonly vault: number;
  readonly key: string;
  acknowledged: number;
  attempted: number;
}

export class Writers {
  acknowledged: number = 0;
  unanswered: number = 0;
  /** Set where a write was refused for good: nothing the campaign does may lead to that. */
  refused: string | undefined = undefined;
  private readonly vaults: readonly Vault[];
  private readonly book: Map<string, Promised> = new Map();
  private stopped: boolean = false;
  private lanes: Promise<unknown> = Promise.resolve();

  /** Whether there have been enough writes for the time that has passed: what restarts needs the processor more. */
  private readonly isAhead: () => boolean;

  constructor(vaults: readonly Vault[], isAhead: () => boolean) {
    this.vaults = vaults;
    this.isAhead = isAhead;
  }

  start(): void {
    this.lanes = Promise.all(Array.from({ length: LANES }, (_, lane) => this.lane(lane)));
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.lanes;
  }

  private async lane(lane: number): Promise<void> {
    const vault = lane % this.vaults.length;
    let life = 0;
    for (let count = 0; !this.stopped; count += 1) {
      while (this.isAhead() && !this.stopped) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      const key = `${lane}/${life}/${count % KEYS_OF_LANE}`;
      if (!(await this.write(vault, key))) {
        life += 1; // that write may still happen: its key is nobody's any more
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    }
  }

  private async write(vault: number, key: string): Promise<boolean> {
    const promised = this.book.get(key) ?? { vault, key, acknowledged: 0, attempted: 0 };
    this.book.set(key, promised);
    promised.attempted += 1;
    const value = new TextEncoder().encode(`${promised.attempted}`.padEnd(120, '.'));
    try {
      await (this.vaults[vault] as Vault).setEntity(key, value, { deadlineMs: DEADLINE_MS });
      promised.acknowledged = promised.attempted;
      this.acknowledged += 1;
      return true;
    } catch (error) {
      this.unanswered += 1;
      if (!(error instanceof VouchError)) throw error;
      if (error.code === 'invalid_argument' || error.code === 'vault_missing') this.refused ??= `${error.code}: ${error.message}`;
      return false;
    }
  }

  /** Reads every key of which a write was acknowledged. @returns those that show less than that, in words. */
  async lost(): Promise<readonly string[]> {
    const lost: string[] = [];
    const queue = [...this.book.values()].filter(({ acknowledged }) => acknowledged > 0);
    const reader = async (): Promise<void> => {
      for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
        const { value } = await (this.vaults[next.vault] as Vault).getEntity(next.key, { deadlineMs: 30_000 });
        const shown = value === undefined ? 0 : Number.parseInt(new TextDecoder().decode(value), 10);
        if (shown >= next.acknowledged && shown <= next.attempted) continue;
        lost.push(
          `${next.key} of vault ${next.vault} shows ${shown}; ${next.acknowledged} of ${next.attempted} was acknowledged`,
        );
      }
    };
    await Promise.all(Array.from({ length: READERS }, reader));
    return lost;
  }

  get keys(): number {
    return this.book.size;
  }
}
