/** Bugs of the comparison of blocks, and of the way back of a vault that diverged. */
import type { Mutant } from './mutant.ts';

export const DIVERGENCE_MUTANTS: readonly Mutant[] = [
  {
    id: 'G1',
    title: 'whoever is asked about an older block tells of its newest',
    file: 'core/replica/divergence-doubts.ts',
    find: '  if (height === vault.height) return vault.anchor.blockHash;',
    replace: '  if (height >= 0) return vault.anchor.blockHash;',
  },
  {
    id: 'G2',
    title: 'a vault that is known to be diverged goes on being served',
    file: 'core/replica/divergence.ts',
    find: '    if (this.isolated.size === 0 || vault === undefined || !this.isolated.has(vault)) return undefined;\n',
    replace: '    if (this.isolated.size === 0 || vault !== undefined || !this.isolated.has(vault as never)) return undefined;\n',
    scenario: 'diverged-vault',
  },
];
