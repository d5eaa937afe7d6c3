/**
 * The commitment tree: roots after k changed leaves, proofs built and verified, bytes of a proof.
 * Usage: npm run bench:core, or behind a build: node dist/bench/commitment.bench.js [LEAVES]
 */
import type { Hasher } from '../core/capability.ts';
import { portableHasher } from '../core/hasher.ts';
import { tuplePath } from '../core/merkle/path.ts';
import { prove } from '../core/merkle/prove.ts';
import { CommitmentTree } from '../core/merkle/tree.ts';
import { encodeValue, hashValue, type LeafValue } from '../core/merkle/value.ts';
import { verifyPrunedTree } from '../core/proof/pruned-tree.ts';
import { Random } from '../core/random.ts';
import { nativeHasher } from '../node/hasher.ts';
import { type Candidate, compare, machineClass, report } from './harness.ts';

const leafCount: number = Number(process.argv[2] ?? 100_000);
const random: Random = Random.stream([1, 2, 3, 4], 'bench');
let sink = 0;

function leafValue(n: number, version: number): LeafValue {
  return {
    kind: 'tuple',
    resource: `document:${n}`,
    relation: 'viewer',
    subject: `user:${n % 5000}`,
    conditionName: '',
    conditionContext: '',
    expiresAt: 0,
    version,
  };
}

const paths: readonly Uint8Array[] = Array.from({ length: leafCount }, (_, n) =>
  tuplePath(nativeHasher, { resource: `document:${n}`, relation: 'viewer', subject: `user:${n % 5000}` }),
);
const tree = new CommitmentTree(nativeHasher);
paths.forEach((path, n) => {
  tree.set(path, hashValue(nativeHasher, leafValue(n, 1)));
});
tree.stateRoot();
const valueHashes: readonly Uint8Array[] = Array.from({ length: 4096 }, (_, n) => hashValue(nativeHasher, leafValue(n, 2)));

function change(k: number): void {
  for (let i = 0; i < k; i += 1) {
    tree.set(paths[random.below(leafCount)] as Uint8Array, valueHashes[random.below(4096)] as Uint8Array);
  }
}

function updating(k: number): Candidate {
  return {
    name: `tree root, k = ${k}`,
    run: () => {
      change(k);
      sink += tree.treeRoot()[0] as number;
    },
  };
}

/** Both roots, as a block seals them. */
const bothRoots: Candidate = {
  name: 'tree and state root, k = 1',
  run: () => {
    change(1);
    sink += (tree.treeRoot()[0] as number) + (tree.stateRoot()[0] as number);
  },
};

/** A tree of its own, whose leaves hold what a proof reveals. */
class Proofs {
  readonly proofs: readonly { readonly target: Uint8Array; readonly proof: Uint8Array }[];
  private readonly tree: CommitmentTree = new CommitmentTree(nativeHasher);
  private readonly values: readonly Uint8Array[];
  private readonly root: Uint8Array;

  constructor() {
    this.values = Array.from({ length: 1024 }, (_, n) => encodeValue(leafValue(n, 1)));
    paths.forEach((path, n) => {
      this.tree.set(path, hashValue(nativeHasher, leafValue(n, 1)));
    });
    this.root = this.tree.treeRoot();
    this.proofs = this.values.map((_, n) => ({ target: paths[n] as Uint8Array, proof: this.build(n) }));
  }

  get meanBytes(): number {
    return this.proofs.reduce((sum, { proof }) => sum + proof.length, 0) / this.proofs.length;
  }

  build(n: number): Uint8Array {
    return prove(this.tree, [paths[n] as Uint8Array], () => this.values[n] as Uint8Array);
  }

  verify(n: number, hasher: Hasher): void {
    const { target, proof } = this.proofs[n] as (typeof this.proofs)[number];
    const verdict = verifyPrunedTree({ hasher, treeRoot: this.root, targets: [target], proof });
    if (!verdict.ok) throw new Error(verdict.reason);
    sink += verdict.results.length;
  }
}

const proofs = new Proofs();
let turn = 0;
function next(): number {
  turn = (turn + 1) & 1023;
  return turn;
}

console.log(machineClass());
console.log(`${tree.size} leaves; a proof of one tuple has ${proofs.meanBytes.toFixed(0)} bytes on average`);
report('root update', compare([updating(1), updating(10), updating(100), bothRoots]));
report(
  'proof of one tuple',
  compare([
    {
      name: 'build',
      run: () => {
        sink += proofs.build(next()).length;
      },
    },
    { name: 'verify, native hash', run: () => proofs.verify(next(), nativeHasher) },
    { name: 'verify, portable hash', run: () => proofs.verify(next(), portableHasher) },
  ]),
);
console.log(`\n(${sink % 10})`);
