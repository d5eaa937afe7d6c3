/** Bugs of encryption at rest, and of what becomes of keys. */
import type { Mutant } from './mutant.ts';

export const SEALING_MUTANTS: readonly Mutant[] = [
  {
    id: 'Z1',
    title: 'the key of a deleted vault is kept',
    file: 'core/replica/sealing.ts',
    find: '    for (const vault of news) this.keys?.destroy(vault);\n',
    replace: '',
  },
  {
    id: 'Z2',
    title: 'two texts are sealed under one nonce',
    file: 'core/seal/vault-keys.ts',
    find: '    sealing.count += 1;\n',
    replace: '    sealing.count |= 1;\n',
  },
  {
    id: 'Z3',
    title: 'a key that is destroyed stays in memory and in use',
    file: 'core/seal/vault-keys.ts',
    find: '    this.wrapped.set(vault, undefined);\n    this.changed = true;\n',
    replace: '    this.changed = true;\n',
  },
];
