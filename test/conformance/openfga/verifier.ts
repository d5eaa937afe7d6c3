/**
 * The other process: reads cases, one a line, verifies each answer by its statement, its proof and its anchor alone, compares what it came
 * to, and demands that forged variants are refused. Prints a ProvenTally as JSON.
 */
import { text } from 'node:stream/consumers';
import { verifyBatch } from '../../../core/verify/check.ts';
import type { ProvenCase, ProvenTally } from './proven.ts';

type Json = Readonly<Record<string, unknown>>;

/** What a verified answer says; undefined where it does not hold. */
function foundIn(answer: Json, block: string): { readonly found: unknown; readonly reason: string } {
  const verdict = verifyBatch(answer, { block });
  if (!verdict.ok) return { found: undefined, reason: `${verdict.stage}: ${verdict.reason}` };
  const [result] = verdict.results;
  if (result?.found.kind === 'check') return { found: result.found.allowed, reason: '' };
  return { found: result?.found.members, reason: '' };
}

/** The same answer with another outcome, whose proof is as it was. */
function forgeriesOf(answer: Json): readonly Json[] {
  const statement = answer.statement as Json;
  if (typeof answer.allowed === 'boolean') {
    const allowed = !answer.allowed;
    return [{ ...answer, allowed, statement: { ...statement, verdict: allowed ? 'allow' : 'deny' } }];
  }
  const field = 'objects' in statement ? 'objects' : 'users';
  const members = statement[field] as readonly unknown[];
  const other = field === 'objects' ? `${(statement.list_objects as Json).type}:zzz-forged` : 'user:zzz-forged';
  const lists = [[...members, other], ...members.map((one) => members.filter((each) => each !== one))];
  return lists.map((list) => ({ ...answer, [field]: list, statement: { ...statement, [field]: list } }));
}

/** The proof with one bit in its middle turned. */
function withTurnedBit(answer: Json): Json {
  const proof = Buffer.from(String(answer.proof), 'base64');
  const at = proof.length >> 1;
  proof[at] = (proof[at] as number) ^ 1;
  return { ...answer, proof: proof.toString('base64') };
}

const failures: string[] = [];
const sizes: number[] = [];
let verified = 0;
let refused = 0;
let otherWays = 0;
const lines = (await text(process.stdin)).split('\n').filter((line) => line !== '');
const cases = lines.map((line) => JSON.parse(line) as ProvenCase);
for (const [index, { name, answer, block, expected }] of cases.entries()) {
  const { found, reason } = foundIn(answer, block);
  const wanted = expected.kind === 'allowed' ? expected.allowed : [...expected.members].sort();
  if (JSON.stringify(found) === JSON.stringify(wanted)) verified += 1;
  else failures.push(`${name}: ${JSON.stringify(wanted)} was expected, and verified was ${JSON.stringify(found)} (${reason})`);
  sizes.push(Buffer.from(String(answer.proof), 'base64').length);
  const other = cases[(index + 1) % cases.length] as ProvenCase;
  for (const forgery of [...forgeriesOf(answer), withTurnedBit(answer)]) {
    if (foundIn(forgery, block).found === undefined) refused += 1;
    else failures.push(`${name}: a forged variant was not refused`);
  }
  // The proof of another answer. Where that one shows another way to the same allow it is no forgery: the verdict is as true by it.
  const swapped =
    other.answer.proof === answer.proof ? undefined : foundIn({ ...answer, proof: other.answer.proof }, block).found;
  if (swapped === undefined) refused += other.answer.proof === answer.proof ? 0 : 1;
  else if (wanted !== false && JSON.stringify(swapped) === JSON.stringify(wanted)) otherWays += 1;
  else failures.push(`${name}: it was believed with the proof of another answer`);
  if (other.block !== block) {
    if (foundIn(answer, other.block).found === undefined) refused += 1;
    else failures.push(`${name}: it was believed under the block of another answer`);
  }
}
sizes.sort((a, b) => a - b);
const tally: ProvenTally = { verified, refused, otherWays, failures, bytesP50: sizes[sizes.length >> 1] ?? 0 };
process.stdout.write(JSON.stringify(tally));
