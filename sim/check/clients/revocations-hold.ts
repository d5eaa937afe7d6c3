/**
 * Who asks after a revocation was acknowledged is denied, by any node. Judged by times alone, over permissions that are granted once and
 * revoked once: no model, no block and no index is looked at.
 */
import type { Replica } from '../../../core/replica/replica.ts';
import { type Race, raceProblem } from '../../authorization/races.ts';
import { type Observer, Violation } from '../../observer.ts';
import { seconds } from '../../record/time.ts';
import type { VouchShape } from '../../vouch.ts';

export class RevocationsHold implements Observer<VouchShape, Replica> {
  readonly name: string = 'revocations-hold';
  readonly claim: string =
    'A linearizable check that begins after a revocation was acknowledged never allows, and one that ends before it was asked for never denies.';

  /** A linearizable check of a race was answered. */
  judge(race: Race, allowed: boolean, when: { readonly invokedAt: number; readonly time: number }): void {
    const problem = raceProblem(race, allowed, when);
    if (problem === undefined) return;
    const { resource, relation, subject } = race.question;
    throw new Violation(
      this.name,
      `vault ${race.vault}: ${resource}#${relation}@${subject}, asked at ${seconds(when.invokedAt)}, was ${problem}`,
      'safety',
      { at: when.time },
    );
  }
}
