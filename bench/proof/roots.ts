/** Roots after k changed leaves or tuples, on dirty paths: every measured operation changes leaves and asks for the root behind them. */
import { portableHasher } from '../../core/hasher.ts';
import { bucketVector, stateRootOf } from '../../core/merkle/buckets.ts';
import { Random } from '../../core/random.ts';
import { nativeHasher } from '../../node/hasher.ts';
import { median } from '../storage/rounds.ts';
import { type Candidate, measurePaired, printTimings, type Timing, timingOf } from './paired.ts';
import { Mpt, PersistentMerkleTree, SHA } from './peers.ts';
import { HASHERS, type HasherName, KS, type Section } from './section.ts';
import { leavesOf, tupleOf, valueBytes } from './tuples.ts';
import { BenchVault } from './vault.ts';

const OURS = { native: nativeHasher, portable: portableHasher } as const;
/** Tuples at which the bars of 80-performance stand. */
const JUDGED = 100_000;
/** Digests are counted over so many changes. */
const COUNTED = 200;

let sink = 0;
function use(bytes: Uint8Array): void {
  sink += bytes[0] as number;
}

/** Vouch's candidates for one k. `flat` says that the state root, over all 256 bucket hashes, is included. */
function ours(vault: BenchVault, k: number): readonly Candidate[] {
  const treeRoot = (change: () => void) => (): void => {
    change();
    use(vault.tree.treeRoot());
  };
  return [
    { name: `${k} leaves, tree root`, run: treeRoot(() => vault.changeLeaves(k)) },
    { name: `${k} tuples, tree root`, run: treeRoot(() => vault.changeTuples(k)) },
    {
      name: `${k} tuples, both roots (flat)`,
      run: () => {
        vault.changeTuples(k);
        use(vault.tree.treeRoot());
        use(vault.tree.stateRoot());
      },
    },
  ];
}

/** The peers, filled with as many keys as there are tuples. */
class Peers {
  readonly mpt: Mpt = new Mpt();
  private readonly random: Random = Random.stream([9, 9, 9, 9], 'bench');
  private readonly keys: readonly Uint8Array[];
  private readonly values: readonly (readonly [Uint8Array, Uint8Array])[];
  private readonly hashes: readonly Uint8Array[];
  private pmtOpened: PersistentMerkleTree | undefined = undefined;

  constructor(count: number) {
    const tuples = Array.from({ length: count }, (_, n) => tupleOf(n, count));
    this.keys = tuples.map((tuple) => SHA.native(leavesOf(nativeHasher, tuple, 1)[0].path));
    this.values = tuples.map((tuple) => [valueBytes(tuple), valueBytes({ ...tuple, relation: 'editor' })]);
    this.hashes = this.values.map(([value]) => SHA.native(value));
  }

  get pmt(): PersistentMerkleTree {
    if (this.pmtOpened === undefined) throw new Error('the peers are filled first');
    return this.pmtOpened;
  }

  async fill(): Promise<void> {
    for (const [n, key] of this.keys.entries()) await this.mpt.put(key, (this.values[n] as readonly [Uint8Array, Uint8Array])[0]);
    this.pmtOpened = await PersistentMerkleTree.open(this.hashes);
  }

  private drawn(k: number): readonly number[] {
    return Array.from({ length: k }, () => this.random.below(this.keys.length));
  }

  candidates(k: number): readonly Candidate[] {
    let turn = 0;
    return [
      {
        name: `mpt, ${k} keys`,
        run: async () => {
          turn += 1;
          for (const n of this.drawn(k)) {
            await this.mpt.put(this.keys[n] as Uint8Array, (this.values[n] as readonly Uint8Array[])[turn & 1] as Uint8Array);
          }
          use(this.mpt.root());
        },
      },
      {
        name: `persistent-merkle-tree, ${k} places`,
        run: () => {
          const places = [...new Set(this.drawn(k))].sort((a, b) => a - b);
          const leaves = places.map(() => this.hashes[this.random.below(this.hashes.length)] as Uint8Array);
          this.pmt.set(places, leaves);
          use(this.pmt.root());
        },
      },
    ];
  }

  use(name: HasherName): void {
    this.mpt.sha = SHA[name];
    this.pmt.use(name);
  }
}

function countedDigests(vault: BenchVault, candidates: readonly Candidate[]): ReadonlyMap<string, string> {
  return new Map(
    candidates.map(({ name, run }) => [name, `${vault.digestsOf(() => void run(), COUNTED).toFixed(1)} hashes`] as const),
  );
}

async function printRoots(vault: BenchVault, peers: Peers | undefined, { sizes, bar }: Section): Promise<void> {
  const size = vault.count.toLocaleString('en-US');
  for (const name of HASHERS) {
    vault.hasher.hasher = OURS[name];
    peers?.use(name);
    for (const k of KS) {
      const own = ours(vault, k);
      const timings = await measurePaired([...own, ...(peers?.candidates(k) ?? [])], sizes);
      const peerNames = peers === undefined ? [] : peers.candidates(k).map((peer) => peer.name);
      printTimings(
        `root update at ${size} tuples (${vault.tree.size} leaves), ${name} hasher, k = ${k}`,
        timings,
        peerNames,
        countedDigests(vault, own),
      );
      if (peers === undefined || name !== 'native') continue;
      const measured = ratioOf(timingOf(timings, `${k} leaves, tree root`), timingOf(timings, `mpt, ${k} keys`));
      bar({
        what: `${size}: root, ${k} leaves, native`,
        measured,
        unit: 'x',
        sense: 'at least',
        bar: 10,
        isJudged: vault.count === JUDGED,
      });
    }
  }
  vault.hasher.hasher = nativeHasher;
}

/** How many times as fast as the other, in the median of the rounds. */
function ratioOf(own: Timing, other: Timing): number {
  return median(own.micros.map((micros, round) => (other.micros[round] as number) / micros));
}

/** The state root alone: SHA-256 over 8 KiB that stand ready. */
async function printFlat(vault: BenchVault, { sizes, bar }: Section): Promise<void> {
  const { tree } = vault;
  const vector = bucketVector(tree.arena, tree.root, tree.treeRoot());
  const candidates = HASHERS.map((name) => ({ name: `${name} hasher`, run: () => use(stateRootOf(OURS[name], vector)) }));
  const timings = await measurePaired(candidates, sizes);
  printTimings('flat state root over 256 bucket hashes', timings, []);
  const measured = median(timingOf(timings, 'native hasher').micros);
  bar({ what: 'flat state root, native', measured, unit: 'µs', sense: 'at most', bar: 7, isJudged: true });
}

/** Beside the peers. */
export async function rootsSection(section: Section, count: number): Promise<void> {
  const peers = new Peers(count);
  await peers.fill();
  const vault = new BenchVault(count);
  await printRoots(vault, peers, section);
  if (count === JUDGED) await printFlat(vault, section);
  if (sink < 0) console.log(sink);
}

/** At the large size alone, and beside our own 10,000 in the same rounds. */
export async function scaleSection(section: Section): Promise<void> {
  const { large } = section.sizes;
  const small = new BenchVault(10_000);
  const vault = new BenchVault(large);
  await printRoots(vault, undefined, section);
  for (const k of KS) {
    const at = (of: BenchVault): Candidate => ({
      ...(ours(of, k)[0] as Candidate),
      name: `${of.count.toLocaleString('en-US')} tuples`,
    });
    const timings = await measurePaired([at(small), at(vault)], section.sizes);
    printTimings(`root update by size, native hasher, k = ${k} leaves`, timings, [at(small).name]);
    // How many times as long as the small one.
    const measured = ratioOf(timingOf(timings, at(small).name), timingOf(timings, at(vault).name));
    const what = `root, ${k} leaves: ${large.toLocaleString('en-US')} tuples, of 10,000`;
    section.bar({ what, measured, unit: 'x', sense: 'at most', bar: 2, isJudged: large === 1_000_000 });
  }
}
