/**
 * A proof under way. What it shows is read out of an image of the vault's rows, a slice a step (C11), so that the vault may change
 * meanwhile: the values that the questions ask for, then the tree of that block (the one in memory where it is the newest and its
 * buckets are there, else one worked out of the bucket history: past-tree.ts), then the bytes.
 * Whoever takes the vault or its pages away ends the work first; it is to be begun anew then.
 */
import { assert, defined } from '../assert.ts';
import type { ClientResult } from '../client/protocol.ts';
import { PROOF_LEAVES_MAX, PROOF_REBUILT_LEAVES_MAX, PROOF_SLICE_LEAVES } from '../limits.ts';
import type { TreeView } from '../merkle/arena.ts';
import { Prover } from '../merkle/prove.ts';
import type { TreeSnapshot } from '../merkle/snapshot.ts';
import { encodeValue } from '../merkle/value.ts';
import { PROOF_BYTES_MAX } from '../proof/format.ts';
import { type Question, targetOf } from '../proof/statement.ts';
import { type AuthzTask, authzSteps } from './authz-work.ts';
import { type Ics23Task, ics23Steps } from './ics23-work.ts';
import type { Leaves } from './leaves.ts';
import { isAtHand, type MissingBucket, missingOf, pastTree } from './past-tree.ts';
import { rowsOf } from './question-rows.ts';
import { errorResult } from './results.ts';
import { oldestHeight } from './retention.ts';
import { leafOfRow } from './row-leaf.ts';
import { RowsAt } from './rows-at.ts';
import type { Vault } from './vault.ts';
import type { VaultView } from './vault-view.ts';

/** What is to be proven, and the answer that the proof goes into. */
export interface ProofTask {
  readonly view: VaultView;
  readonly questions: readonly Question[];
  readonly answer: (proof: Uint8Array) => ClientResult;
}

/** Limits of one proof; tests have smaller ones. */
export interface ProofLimits {
  readonly leavesMax: number;
  readonly rebuiltLeavesMax: number;
  readonly bytesMax: number;
}

export const DEFAULT_PROOF_LIMITS: ProofLimits = {
  leavesMax: PROOF_LEAVES_MAX,
  rebuiltLeavesMax: PROOF_REBUILT_LEAVES_MAX,
  bytesMax: PROOF_BYTES_MAX,
};

const ASK_LESS = 'ask for fewer questions at once, or for narrower ones (one relation, one kind of user)';

export class ProofWork {
  readonly vault: Vault;
  private readonly steps: Generator<void, ClientResult>;
  private ended: boolean = false;

  constructor(task: ProofTask | Ics23Task | AuthzTask, limits: ProofLimits = DEFAULT_PROOF_LIMITS) {
    this.vault = task.view.vault;
    this.steps = stepsOf(task, limits);
  }

  /** Whether somebody gave it up: what was asked is to be asked again. */
  get isEnded(): boolean {
    return this.ended;
  }

  /** Works on. @param slice rows and leaves at most @returns the answer once it is there. */
  work(slice: number = PROOF_SLICE_LEAVES): ClientResult | undefined {
    assert(!this.ended, 'a proof that was given up is not worked at');
    for (let done = 0; done < slice; done += 1) {
      const step = this.steps.next();
      if (step.done === true) return step.value;
    }
    return undefined;
  }

  /** All of it at once, for who has the time. */
  finish(): ClientResult {
    return defined(this.work(Number.POSITIVE_INFINITY), 'a proof comes to its end');
  }

  /** Gives it up; lets go of the image. */
  end(): void {
    this.ended = true;
    this.steps.return(undefined as never);
  }
}

/** Proofs of a group that are under way and read its pages. */
export class ProofWorks {
  private readonly works: Set<ProofWork> = new Set();

  get count(): number {
    return this.works.size;
  }

  add(work: ProofWork): void {
    this.works.add(work);
  }

  delete(work: ProofWork): void {
    this.works.delete(work);
  }

  /** @param vault undefined: of every vault */
  end(vault?: Vault): void {
    for (const work of this.works) {
      if (vault !== undefined && work.vault !== vault) continue;
      this.works.delete(work);
      work.end();
    }
  }
}

function stepsOf(task: ProofTask | Ics23Task | AuthzTask, limits: ProofLimits): Generator<void, ClientResult> {
  if ('questions' in task) return proofSteps(task, limits);
  return 'query' in task ? authzSteps(task, limits) : ics23Steps(task, limits);
}

/** Yields once a row, a bucket and a leaf. */
export function* proofSteps({ view, questions, answer }: ProofTask, limits: ProofLimits): Generator<void, ClientResult> {
  const { vault, height, isNewest } = view;
  const { leaves } = vault;
  const { hasher } = leaves;
  const image = leaves.rows.snapshot();
  let present: TreeSnapshot | undefined;
  try {
    const targets = questions.map((question) => targetOf(hasher, question));
    const at = new RowsAt({ rows: image, keys: leaves.keys.beside, height, floor: oldestHeight(vault), isNewest });
    const missing: MissingBucket = (tree) => missingOf(tree, targets);
    if (isNewest && isAtHand(leaves, missing)) present = leaves.tree.snapshot();
    const { treeRoot } = view.anchor;
    const values = yield* valuesOf(leaves, at, questions, limits);
    if (values === undefined) return tooLarge(`that is more than ${limits.leavesMax} leaves or ${limits.bytesMax} bytes`);
    const leavesMax = limits.rebuiltLeavesMax;
    const tree: TreeView | undefined = present ?? (yield* pastTree({ hasher, at, treeRoot, missing, leavesMax }));
    if (tree === undefined) return tooLarge(`the buckets of an older block hold more than ${leavesMax} leaves`);
    const prover = new Prover(tree, targets, (path) => defined(values.get(nameOf(path)), 'a leaf in the tree has its row'));
    while (!prover.work(1)) yield;
    return prover.size > limits.bytesMax ? tooLarge(`it has more than ${limits.bytesMax} bytes`) : answer(prover.finish());
  } finally {
    present?.release();
    image.release();
  }
}

function tooLarge(why: string): ClientResult {
  return errorResult('proof_too_large', `this does not fit one proof: ${why}; ${ASK_LESS}`);
}

/** Canonical values of what the questions ask for, expired ones included, by path. undefined where there are too many. */
function* valuesOf(
  { hasher }: Leaves,
  at: RowsAt,
  questions: readonly Question[],
  limits: ProofLimits,
): Generator<void, ReadonlyMap<string, Uint8Array> | undefined> {
  const values: Map<string, Uint8Array> = new Map();
  let bytes = 0;
  for (const question of questions) {
    for (const { key, row } of rowsOf(at, question)) {
      yield;
      if (row === undefined) continue;
      const { path, value } = leafOfRow(hasher, at, key, row);
      const encoded = encodeValue(value);
      bytes += encoded.length;
      values.set(nameOf(path), encoded);
      if (values.size > limits.leavesMax || bytes > limits.bytesMax) return undefined;
    }
  }
  return values;
}

/** A path as a key of a map. */
function nameOf(path: Uint8Array): string {
  return String.fromCharCode(...path);
}
