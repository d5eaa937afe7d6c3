/** Known bugs of what is decided by authorization models. Not of the shared list: these were added with the workload that finds them. */
import type { Mutant } from './mutant.ts';

export const AUTHORIZATION_MUTANTS: readonly Mutant[] = [
  {
    id: 'A1',
    title: 'what is subtracted is not looked at where the base allows',
    file: 'core/authz/check.ts',
    find: "    if (taken.verdict === 'allow' || taken.cyclic) {",
    replace: "    if (kept.verdict !== 'allow' && (taken.verdict === 'allow' || taken.cyclic)) {",
  },
  {
    id: 'A2',
    title: 'what is subtracted and rests on itself takes nothing away',
    file: 'core/authz/check.ts',
    find: "    if (taken.verdict === 'allow' || taken.cyclic) {",
    replace: "    if (taken.verdict === 'allow') {",
  },
  {
    id: 'A3',
    title: 'what was found out about a subject outlives its request, and a revocation',
    file: 'core/state/authz-work.ts',
    find: '    const known = this.checkers.get(name);\n    if (known !== undefined) return known;\n    const made = new Checker(this.scopeOf(model, question), tuple.subject);\n    this.checkers.set(name, made);\n',
    replace:
      '    const own = model as CompiledModel & { kept?: Map<string, Checker> };\n    own.kept ??= new Map();\n    const known = own.kept.get(name);\n    if (known !== undefined) return known;\n    const made = new Checker(this.scopeOf(model, question), tuple.subject);\n    own.kept.set(name, made);\n',
  },
  {
    id: 'A4',
    title: 'a tuple that takes the place of an expired one leaves the reverse row of that',
    file: 'core/state/leaves.ts',
    find: '    this.rows.set(reverseKey, encodeRowHead(leaf));\n',
    replace: '    if (previous === undefined) this.rows.set(reverseKey, encodeRowHead(leaf));\n',
  },
  {
    id: 'A5',
    title: 'a question about an older block is answered from the rows of now',
    file: 'core/state/authz-work.ts',
    find: 'floor: oldestHeight(vault), isNewest });',
    replace: 'floor: oldestHeight(vault), isNewest: true });',
  },
];
