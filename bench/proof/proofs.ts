/** Proofs of one tuple: building, verifying and their bytes, beside proofs of one key by the peers. */
import { portableHasher } from '../../core/hasher.ts';
import { prove } from '../../core/merkle/prove.ts';
import { verifyPrunedTree } from '../../core/proof/pruned-tree.ts';
import { nativeHasher } from '../../node/hasher.ts';
import { median } from '../storage/rounds.ts';
import { type Candidate, measurePaired, printTimings, type Timing, timingOf } from './paired.ts';
import { Mpt, PersistentMerkleTree, SHA } from './peers.ts';
import { HASHERS, type HasherName, type Section } from './section.ts';
import { leavesOf, tupleOf, valueBytes } from './tuples.ts';
import { BenchVault } from './vault.ts';

const JUDGED = 100_000;
/** Tuples whose proofs are measured, in turn. */
const PROVEN = 1024;

const OURS = { native: nativeHasher, portable: portableHasher } as const;

/** Goes round. */
function turns(): () => number {
  let turn = 0;
  return () => {
    turn = (turn + 1) % PROVEN;
    return turn;
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

interface Measured {
  readonly build: Candidate;
  readonly verify: (name: HasherName) => Candidate;
  /** Bytes of a proof, on average. */
  readonly bytes: number;
}

function vouch(vault: BenchVault): Measured {
  const { count, tree } = vault;
  const tuples = Array.from({ length: PROVEN }, (_, i) => tupleOf(Math.floor((i * count) / PROVEN), count));
  const targets = tuples.map((tuple) => leavesOf(nativeHasher, tuple, 1)[0].path);
  const values = tuples.map(valueBytes);
  const build = (n: number): Uint8Array => prove(tree, [targets[n] as Uint8Array], () => values[n] as Uint8Array);
  const proofs = tuples.map((_, n) => build(n));
  const treeRoot = tree.treeRoot();
  const next = turns();
  return {
    build: { name: 'vouch, build', run: () => void build(next()) },
    verify: (name) => ({
      name: `vouch, verify, ${name}`,
      run: () => {
        const n = next();
        const verdict = verifyPrunedTree({
          hasher: OURS[name],
          treeRoot,
          targets: [targets[n] as Uint8Array],
          proof: proofs[n] as Uint8Array,
        });
        if (!verdict.ok || verdict.results[0]?.length !== 1) throw new Error('an honest proof is accepted');
      },
    }),
    bytes: mean(proofs.map((proof) => proof.length)),
  };
}

async function mpt(count: number): Promise<Measured> {
  const trie = new Mpt();
  const keys = Array.from({ length: count }, (_, n) => SHA.native(leavesOf(nativeHasher, tupleOf(n, count), 1)[0].path));
  for (const [n, key] of keys.entries()) await trie.put(key, valueBytes(tupleOf(n, count)));
  const proven = Array.from({ length: PROVEN }, (_, i) => keys[Math.floor((i * count) / PROVEN)] as Uint8Array);
  const proofs = await Promise.all(proven.map((key) => trie.prove(key)));
  const next = turns();
  return {
    build: { name: 'mpt, build', run: () => trie.prove(proven[next()] as Uint8Array) },
    verify: (name) => ({
      name: `mpt, verify, ${name}`,
      run: async () => {
        trie.sha = SHA[name];
        const n = next();
        const value = await trie.verify(proven[n] as Uint8Array, proofs[n] as readonly Uint8Array[]);
        if (value === null) throw new Error('an honest proof is accepted');
      },
    }),
    bytes: mean(proofs.map((proof) => proof.reduce((sum, node) => sum + node.length, 0))),
  };
}

async function pmt(count: number): Promise<Measured> {
  const tree = await PersistentMerkleTree.open(
    Array.from({ length: count }, (_, n) => SHA.native(valueBytes(tupleOf(n, count)))),
  );
  const places = Array.from({ length: PROVEN }, (_, i) => Math.floor((i * count) / PROVEN));
  const proofs = places.map((place) => tree.prove(place));
  const next = turns();
  return {
    build: { name: 'persistent-merkle-tree, build', run: () => void tree.prove(places[next()] as number) },
    verify: (name) => ({
      name: `persistent-merkle-tree, verify, ${name}`,
      run: () => {
        tree.use(name);
        void tree.verify(proofs[next()] as ReturnType<PersistentMerkleTree['prove']>);
      },
    }),
    bytes: mean(proofs.map(({ witnesses }) => 32 + 32 * witnesses.length)),
  };
}

function ratioOf(own: Timing, other: Timing): number {
  return median(own.micros.map((micros, round) => (other.micros[round] as number) / micros));
}

export async function proofsSection({ sizes, bar }: Section, count: number): Promise<void> {
  const size = count.toLocaleString('en-US');
  const vault = new BenchVault(count);
  const [own, trie, places] = [vouch(vault), await mpt(count), await pmt(count)];
  const built = await measurePaired([own.build, trie.build, places.build], sizes);
  printTimings(`proof of one tuple at ${size}: build`, built, [trie.build.name, places.build.name]);
  const isJudged = count === JUDGED;
  const what = `${size}: proof`;
  const build = ratioOf(timingOf(built, own.build.name), timingOf(built, trie.build.name));
  bar({ what: `${what}, build`, measured: build, unit: 'x', sense: 'at least', bar: 10, isJudged });
  for (const name of HASHERS) {
    const candidates = [own.verify(name), trie.verify(name), places.verify(name)];
    const timings = await measurePaired(candidates, sizes);
    printTimings(
      `proof of one tuple at ${size}: verify, ${name} hasher`,
      timings,
      candidates.slice(1).map((one) => one.name),
    );
    const measured = ratioOf(timingOf(timings, candidates[0]?.name ?? ''), timingOf(timings, candidates[1]?.name ?? ''));
    bar({
      what: `${what}, verify, ${name}`,
      measured,
      unit: 'x',
      sense: 'at least',
      bar: 4,
      isJudged: isJudged && name === 'portable',
    });
  }
  console.log(
    `\nbytes of a proof at ${size}: vouch ${own.bytes.toFixed(0)}, mpt ${trie.bytes.toFixed(0)}, persistent-merkle-tree ${places.bytes.toFixed(0)} (no key, no value)`,
  );
  bar({ what: `${what}, bytes, of mpt's`, measured: own.bytes / trie.bytes, unit: 'x', sense: 'at most', bar: 0.5, isJudged });
}
