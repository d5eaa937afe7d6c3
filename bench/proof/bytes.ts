/** Bytes of proofs at the large size: counts, so they are the same in every run. */
import { toHex } from '../../core/bytes/text.ts';
import { tuplePath } from '../../core/merkle/path.ts';
import { prove } from '../../core/merkle/prove.ts';
import { Random } from '../../core/random.ts';
import type { TupleKey } from '../../core/state/transaction.ts';
import { nativeHasher } from '../../node/hasher.ts';
import type { Section } from './section.ts';
import { EACH, HOT_VIEWERS, hotTuple, leavesOf, tupleOf, valueBytes } from './tuples.ts';
import { BenchVault } from './vault.ts';

const SAMPLES = 4_000;
const BATCHES = 40;
const BATCH = 100;
/** Bytes of a prefix up to the relation, and up to the kind of subject. */
const RELATION_BYTES = 64;

interface Spread {
  readonly mean: number;
  readonly p99: number;
  readonly max: number;
}

function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const sum = sorted.reduce((total, value) => total + value, 0);
  return { mean: sum / sorted.length, p99: sorted[Math.floor(0.99 * sorted.length)] as number, max: sorted.at(-1) as number };
}

class Sizer {
  private readonly vault: BenchVault;
  readonly random: Random = Random.stream([2, 4, 6, 8], 'bench');

  constructor(vault: BenchVault) {
    this.vault = vault;
  }

  any(): TupleKey {
    return tupleOf(this.random.below(this.vault.count), this.vault.count);
  }

  /** Bytes of the proof of prefixes of these tuples' paths. @param shown tuples that it may reveal */
  bytes(asked: readonly TupleKey[], shown: readonly TupleKey[], prefixBytes?: number): number {
    const values = new Map(shown.map((tuple) => [toHex(tuplePath(nativeHasher, tuple)), tuple]));
    const targets = asked.map((tuple) => tuplePath(nativeHasher, tuple).slice(0, prefixBytes));
    return prove(this.vault.tree, targets, (path) => valueBytes(values.get(toHex(path)) as TupleKey)).length;
  }

  sample(count: number, one: (i: number) => number): Spread {
    return spread(Array.from({ length: count }, (_, i) => one(i)));
  }
}

export function bytesSection({ sizes, bar }: Section): void {
  const count = sizes.large;
  const isJudged = count === 1_000_000;
  const size = count.toLocaleString('en-US');
  const vault = new BenchVault(count);
  const sizer = new Sizer(vault);
  const row = (what: string, found: Spread, judged: keyof Spread, most: number): void => {
    console.log(
      `  ${what.padEnd(44)}mean ${found.mean.toFixed(0).padStart(6)}   p99 ${found.p99.toFixed(0).padStart(6)}   max ${found.max.toFixed(0).padStart(6)}`,
    );
    bar({ what: `${size}: ${what}, ${judged}`, measured: found[judged], unit: 'B', sense: 'at most', bar: most, isJudged });
  };
  console.log(`\nbytes of a proof at ${size} tuples (${vault.tree.size} leaves)`);
  const absent = (tuple: TupleKey, i: number): TupleKey => ({ ...tuple, subject: `user:nobody-${i}` });
  row(
    'member',
    sizer.sample(SAMPLES, () => memberBytes(sizer, sizer.any())),
    'p99',
    1200,
  );
  row(
    'absent',
    sizer.sample(SAMPLES, (i) => memberBytes(sizer, absent(sizer.any(), i))),
    'p99',
    1200,
  );
  const batches = sizer.sample(BATCHES, () => {
    const tuples = Array.from({ length: BATCH }, () => sizer.any());
    return sizer.bytes(tuples, tuples) / BATCH;
  });
  row(`batch of ${BATCH} members, a key`, batches, 'max', 620);
  const viewers = sizer.sample(SAMPLES, () => {
    const first = EACH * sizer.random.below(count / EACH);
    const tuples = Array.from({ length: EACH }, (_, i) => tupleOf(first + i, count));
    return sizer.bytes(tuples.slice(0, 1), tuples, RELATION_BYTES);
  });
  row(`all ${EACH} viewers of a document, complete`, viewers, 'p99', 1500);
  for (let n = 0; n < HOT_VIEWERS; n += 1) {
    for (const { path, valueHash } of leavesOf(nativeHasher, hotTuple(n), 1)) vault.tree.set(path, valueHash);
  }
  const hot = `of a document with ${HOT_VIEWERS.toLocaleString('en-US')} viewers`;
  const anyHot = (): TupleKey => hotTuple(sizer.random.below(HOT_VIEWERS));
  row(
    `member ${hot}`,
    sizer.sample(SAMPLES, () => memberBytes(sizer, anyHot())),
    'p99',
    1600,
  );
  row(
    `absent ${hot}`,
    sizer.sample(SAMPLES, (i) => memberBytes(sizer, absent(anyHot(), i))),
    'p99',
    1600,
  );
}

function memberBytes(sizer: Sizer, tuple: TupleKey): number {
  return sizer.bytes([tuple], [tuple]);
}
