/** Checks on the state machine itself: everything of a check but network, HTTP and the wait for a read index. */
import type { CheckQuestion } from '../../core/client/authz-protocol.ts';
import { percentiles } from '../harness.ts';
import { BenchLedger } from './ledger.ts';
import type { Section } from './section.ts';
import { deniedCheck, directCheck, foldersOf, fourHopCheck, MODEL, tuplesOf } from './world.ts';

const BATCH = 50;

export function inProcessSection({ sizes, bar }: Section): void {
  const ledger = new BenchLedger();
  ledger.writeModel(JSON.stringify(canonical(MODEL)));
  ledger.write(tuplesOf(sizes.tuples).map((tuple) => ({ tuple, condition: undefined })));
  const folders = foldersOf(sizes.tuples);
  const ask = (question: CheckQuestion, allowed: boolean): void => {
    const result = ledger.query({ kind: 'check', model: '', checks: [question] });
    const [verdict] = result.kind === 'check' ? result.verdicts : [];
    if (verdict?.ok !== true || verdict.allowed !== allowed) throw new Error(`a check went wrong: ${JSON.stringify(verdict)}`);
  };
  let turn = 0;
  const timed = (name: string, run: () => void, operations: number = 1): number => {
    const { p50, p99 } = percentiles({ name, run, operations });
    console.log(`  ${name.padEnd(34)}p50 ${p50.toFixed(2).padStart(8)} µs   p99 ${p99.toFixed(2).padStart(8)} µs`);
    return p50;
  };
  console.log(`\nCHECKS IN PROCESS, ${sizes.tuples.toLocaleString('en-US')} tuples, one after the other`);
  timed('direct, allowed', () => ask(directCheck(turn++, folders), true));
  const fourHops = timed('four hops, allowed', () => ask(fourHopCheck(turn++, folders), true));
  timed('four hops, denied', () => ask(deniedCheck(turn++, folders), false));
  const batch = Array.from({ length: BATCH }, (_, i) => fourHopCheck(i, folders));
  timed('batch of 50, four hops, a check', () => void ledger.query({ kind: 'check', model: '', checks: batch }), BATCH);
  bar({ what: 'in-process 4-hop check, p50', measured: fourHops, unit: 'µs', sense: 'at most', bar: 20, isJudged: true });
}

/** Members sorted, as RFC 8785 has them: texts and objects only. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, member]) => [name, canonical(member)]),
  );
}
