/**
 * Verifies certificates with the clock on, in a process of its own as a client does: its parent sends answers, in JSON, and gets the
 * milliseconds of each verification. Why not in the parent: a heap with the whole vault in it makes every collection slower.
 */
import { celConditions } from '../../core/authz/cel.ts';
import { verifyCertificate } from '../../core/certificate/verify.ts';
import { portableHasher } from '../../core/hasher.ts';

/** How often each is verified with the clock on; once before, so that the code is compiled. */
const ROUNDS = 5;

function verify(answer: unknown): void {
  const verdict = verifyCertificate(answer, { hasher: portableHasher, conditions: celConditions });
  if (!verdict.ok) throw new Error(`a certificate does not verify: ${verdict.stage}: ${verdict.reason}`);
}

process.once('message', (message) => {
  const answers = message as readonly unknown[];
  for (const answer of answers) verify(answer);
  const taken: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const answer of answers) {
      const before = process.hrtime.bigint();
      verify(answer);
      taken.push(Number(process.hrtime.bigint() - before) / 1e6);
    }
  }
  process.send?.(taken, () => process.disconnect());
});
