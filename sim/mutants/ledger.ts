/** Known bugs of the state machine, the commitment tree and the chain. */
import type { Mutant } from './mutant.ts';

export const LEDGER_MUTANTS: readonly Mutant[] = [
  {
    id: 'V1',
    title: 'the commitment tree keeps a deleted leaf',
    file: 'core/state/leaves.ts',
    find: '    this.tree.remove(path);\n',
    replace: '',
  },
  {
    id: 'V2',
    title: 'a header omits the previous hash',
    file: 'core/state/vault.ts',
    find: '      previousHash: this.newest === undefined ? NO_BLOCK : this.newest.blockHash,',
    replace: '      previousHash: NO_BLOCK,',
  },
  {
    id: 'V3',
    title: 'a header’s time comes from the local clock',
    file: 'core/state/group-state.ts',
    find: '    this.lastTime = maxOf(data.wall, plus(this.lastTime, 1));',
    replace: '    this.lastTime = maxOf((Date.now() * 1000) as Micros, plus(this.lastTime, 1));',
  },
  {
    id: 'V5',
    title: 'the reverse index keeps a deleted tuple',
    file: 'core/state/leaves.ts',
    find: '    this.rows.delete(reverseKey);\n',
    replace: '',
  },
  {
    id: 'V6',
    title: 'a leaf’s hash omits the version',
    file: 'core/state/leaves.ts',
    find: '    const valueHash = hashValue(this.hasher, tupleLeaf(tuple, leaf));\n',
    replace: '    const valueHash = hashValue(this.hasher, tupleLeaf(tuple, { ...leaf, version: 1 as Height }));\n',
  },
  {
    id: 'V8',
    title: 'a node signs a checkpoint as it was asked for, before it has applied what that commits',
    file: 'core/signing/cosigner.ts',
    find: '      if (vault === undefined || vault.height < ask.size) continue;\n',
    replace:
      "      if (vault !== undefined && vault.height < ask.size && this.isHeld && this.isRegistered) {\n        const early = this.signed(vault, ask.size, ask.root) as Extract<Signed, { kind: 'signed' }>;\n        this.host.send(ask.from, group.id, early.after, { kind: 'checkpointSigned', vault: ask.vault, size: ask.size, ...early.signatures });\n        this.asks.delete(name);\n        continue;\n      }\n      if (vault === undefined || vault.height < ask.size) continue;\n",
  },
  {
    id: 'V9',
    title: 'a node that restarts has forgotten what it signed',
    file: 'core/signing/signing-record.ts',
    find: "      for (const row of block.rows) if (!record.restore(row)) return 'damaged';\n",
    replace: '',
  },
  {
    id: 'V10',
    title: 'a split of a B+ tree page leaves the last key of the left half behind its separator',
    file: 'core/btree/writer.ts',
    find: 'kind === PageKind.leaf ? this.shortestSeparator(at) : keyAt',
    replace: 'kind === PageKind.leaf ? this.shortestSeparator(Math.max(at - 1, 1)) : keyAt',
  },
  {
    id: 'V11',
    title: 'a transaction that fails half-way leaves its first operations behind',
    file: 'core/state/block-builder.ts',
    find: '    if (refused !== undefined) {\n      this.showTime();',
    replace: '    if (refused !== undefined) {\n      stage.commit();\n      this.showTime();',
  },
  {
    id: 'V7',
    title: 'a completeness proof may hide a leaf',
    file: 'core/merkle/prove.ts',
    find: '      open.push(arena.child(node, 1), arena.child(node, 0));\n      continue;',
    replace: '      open.push(arena.child(node, 0));\n      continue;',
  },
  {
    id: 'V13',
    title: 'a proof’s root is not compared with the header’s',
    file: 'core/proof/pruned-tree.ts',
    find: '!sameHash(root, 0, treeRoot, 0)',
    replace: 'root.length !== HASH_BYTES',
  },
  {
    id: 'V14',
    title: 'an answer names the block before the one that its transaction is in',
    file: 'core/state/block-builder.ts',
    find: 'changed, height: changed ? height : this.vault.height, model:',
    replace: 'changed, height: this.vault.height, model:',
  },
  {
    id: 'V15',
    title: 'a transaction that changes nothing is answered with the first block',
    file: 'core/state/vault-section.ts',
    find: "    this.waiting.push({ answer, complete: (anchor) => ({ kind: 'transacted', outcome, anchor }) });",
    replace:
      "    const changed = outcome.ok && outcome.changed;\n    this.waiting.push({ answer, complete: (anchor) => ({ kind: 'transacted', outcome, anchor: changed ? anchor : (this.builder?.vault.anchorAt(FIRST) ?? anchor) }) });",
  },
  {
    id: 'V16',
    title: 'a vault that is told to keep more believes that it has it',
    file: 'core/state/retention.ts',
    find: 'maxOf(floor, wantedFloor(vault, retention, floor))',
    replace: 'wantedFloor(vault, retention, floor)',
  },
  {
    id: 'V17',
    title: 'the removal of history takes rows that the oldest height still shows',
    file: 'core/state/pruning.ts',
    find: 'return invertedHeight(key) > this.floor;',
    replace: 'return invertedHeight(key) > this.floor + 1;',
  },
];
