/**
 * The client that asks for signed checkpoints, of any vault, at any node, with as many signatures as it likes: while others work,
 * and for a while after the faults have stopped. What the notes say is judged where they leave the nodes (check/state/signatures.ts).
 */
import { NEWEST } from '../../core/client/protocol.ts';
import type { Draws } from '../tape.ts';
import type { Behaviour, Plan } from './client.ts';
import type { Layout } from './layout.ts';

const TIMEOUT_MICROS = 3_000_000;

export class Auditor implements Behaviour {
  /** Checkpoints that it was given. */
  given: number = 0;
  private readonly layout: Layout;
  private readonly draws: Draws;
  private readonly pauseMeanMicros: number;
  private readonly signaturesMax: number;

  /** @param options.signaturesMax it asks for up to so many, 0 = of a majority */
  constructor(options: {
    readonly layout: Layout;
    readonly draws: Draws;
    readonly pauseMeanMicros: number;
    readonly signaturesMax: number;
  }) {
    this.layout = options.layout;
    this.draws = options.draws;
    this.pauseMeanMicros = options.pauseMeanMicros;
    this.signaturesMax = options.signaturesMax;
  }

  think(): number {
    return this.draws.below(2 * this.pauseMeanMicros + 1);
  }

  next(): Plan {
    const { draws } = this;
    const { group, organization, id } = draws.pick(this.layout.vaults);
    const query = { kind: 'checkpoint', signatures: draws.below(this.signaturesMax + 1) } as const;
    // Who answers from what it has applied may be behind what others have signed: what it asks them for is refused.
    const consistency = draws.below(2) === 0 ? 'linearizable' : 'eventual';
    return {
      request: { kind: 'query', group, organization, vault: id, query, consistency, at: NEWEST, proof: false },
      route: { kind: 'any' },
      timeoutMicros: TIMEOUT_MICROS,
      done: (outcome) => {
        if (outcome.ok) this.given += 1;
      },
    };
  }
}
