/** Known bugs of what is decided by authorization models. Not of the shared list: these were added with the workload that finds them. */
import type { Mutant } from './mutant.ts';

export const AUTHORIZATION_MUTANTS: readonly Mutant[] = [
  {
    id: 'A1',
    title: 'what is subtracted is not looked at where the base allows',
    file: 'core/authz/check.ts',
    find: "    if (taken.verdict === 'allow') {",
    replace: "    if (taken.verdict === 'allow' && kept.verdict !== 'allow') {",
  },
  {
    id: 'A2',
    title: 'what is subtracted and rests on itself takes nothing away',
    file: 'core/authz/check.ts',
    find: '    if (!taken.cyclic) return kept',
    replace: "    if (taken.verdict === 'deny') return kept",
  },
  {
    id: 'A3',
    title: 'the outcome of a check is kept with the model, and outlives a revocation',
    file: 'core/state/authz-work.ts',
    find: '    const outcome = yield* this.drive(this.checkerOf(model, question).check(tuple.resource, tuple.relation));\n',
    replace:
      '    const own = model as CompiledModel & { kept?: Map<string, Outcome> };\n    own.kept ??= new Map();\n    const name = JSON.stringify([tuple, question.context]);\n    const isShared = question.contextual.length === 0 && !this.task.proof;\n    const known = isShared ? own.kept.get(name) : undefined;\n    const outcome = known ?? (yield* this.drive(this.checkerOf(model, question).check(tuple.resource, tuple.relation)));\n    if (isShared) own.kept.set(name, outcome);\n',
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
  {
    id: 'A6',
    title: 'the verdict of a certificate is not compared with what its proof shows',
    file: 'core/certificate/prove.ts',
    find: '    if (said === is) return undefined;',
    replace: '    if (said === is || said !== is) return undefined;',
  },
  {
    id: 'A7',
    title: 'a write that is to fit the newest model is taken though it does not',
    file: 'core/state/model-admission.ts',
    find: "    if (problem !== undefined) return errorResult('invalid_tuple', problem.message);",
    replace: "    if (problem !== undefined && id !== '') return errorResult('invalid_tuple', problem.message);",
  },
  {
    id: 'A8',
    title: 'one tuple more is followed than an evaluation may',
    file: 'core/authz/check.ts',
    find: '    if (hops >= this.depthMax) {',
    replace: '    if (hops > this.depthMax) {',
  },
  {
    id: 'A9',
    title: 'an expansion names users of tuples that the model does not allow',
    file: 'core/authz/expand.ts',
    find: "isAllowed(direct, tuple.subject, condition?.name ?? ''))",
    replace: "isAllowed(direct, tuple.subject, condition?.name ?? '') || tuple.subject !== '')",
  },
];
