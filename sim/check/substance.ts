/** A run that did little proves little (60-simulator, "Never vacuous"). */
import { Violation } from '../observer.ts';
import type { History } from '../workload/history.ts';

/** Vacuity floors: fewer ok operations than this, or a smaller share of what was invoked, prove nothing. */
const OK_MIN = 200;
const OK_SHARE_MIN = 0.3;

/** Throws where too little succeeded. @param calmSince when the faults stopped */
export function demandSubstance(history: History, calmSince: number): void {
  const { ok, fail, info } = history;
  const invoked = ok + fail + info;
  if (ok < OK_MIN) throw new Violation('vacuous', `only ${ok} operations succeeded`, 'vacuous');
  if (ok < invoked * OK_SHARE_MIN) throw new Violation('vacuous', `only ${ok} of ${invoked} operations succeeded`, 'vacuous');
  if (history.lastOkReadInvokedAt < calmSince)
    throw new Violation('vacuous', 'no read succeeded after the last fault', 'vacuous');
}
