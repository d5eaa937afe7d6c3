/**
 * The oracles of a real run: those of the simulator that judge what clients were told, and the chains that nodes serve. Nobody looks into a
 * process, so those that judge steps and disks are not among them (docs/reference/sim.md lists both).
 */
import type { Answer } from '../../../core/client/operation.ts';
import type { VaultEntry } from '../../../core/client/protocol.ts';
import { AnswersInOrder } from '../../../sim/check/clients/answers-in-order.ts';
import { CLOSED_TIMES, ClosedTimes } from '../../../sim/check/clients/closed-times.ts';
import { demandLinearizable, LINEARIZABLE } from '../../../sim/check/clients/linearizable-history.ts';
import { PROOFS, ProofOracle } from '../../../sim/check/clients/proofs.ts';
import { demandReadsMatchBlocks, READS_MATCH_BLOCKS } from '../../../sim/check/clients/reads-match-blocks.ts';
import { BlocksAgree, ExactlyOnce } from '../../../sim/check/state/blocks-agree.ts';
import { Violation } from '../../../sim/observer.ts';
import type { Draws } from '../../../sim/tape.ts';
import { type Asked, type History, isLinearizable, type ReadMode } from '../../../sim/workload/history.ts';
import { nativeHasher } from '../../hasher.ts';
import { ANSWERS_STAY_TRUE, AnswersInChains } from './answers-in-chains.ts';
import type { Chains } from './chains.ts';

export const NO_FATAL: string = 'no-fatal';
const ANSWERS_IN_ORDER = 'answers-in-order';
const BLOCKS_AGREE = 'blocks-agree';
const EXACTLY_ONCE = 'exactly-once';

/** Names that `--without` knows in a real run. */
export const REAL_ORACLES: readonly string[] = [
  BLOCKS_AGREE,
  EXACTLY_ONCE,
  ANSWERS_STAY_TRUE,
  ANSWERS_IN_ORDER,
  CLOSED_TIMES,
  READS_MATCH_BLOCKS,
  LINEARIZABLE,
  PROOFS,
  NO_FATAL,
];

export class RealOracles {
  private readonly isOn: (name: string) => boolean;
  private readonly order: AnswersInOrder = new AnswersInOrder();
  private readonly closed: ClosedTimes = new ClosedTimes();
  private readonly answers: AnswersInChains = new AnswersInChains();
  private readonly proofs: ProofOracle;
  private readonly once: ExactlyOnce;
  private readonly blocks: BlocksAgree;

  constructor(draws: Draws, without: readonly string[]) {
    this.isOn = (name) => !without.includes(name);
    this.proofs = new ProofOracle(nativeHasher, draws);
    this.once = new ExactlyOnce(this.isOn(EXACTLY_ONCE));
    this.blocks = new BlocksAgree((block) => {
      this.once.sealed(block);
      if (this.isOn(CLOSED_TIMES)) this.closed.sealed(block.vault, block.header);
    }, this.isOn(BLOCKS_AGREE));
  }

  /** Proofs that were judged. */
  get proven(): number {
    return this.proofs.judged;
  }

  /** A client got a definite answer. @throws Violation */
  answered(
    asked: Asked,
    vault: VaultEntry,
    answer: Answer,
    when: { readonly invokedAt: number; readonly time: number; readonly mode: ReadMode },
  ): void {
    if (!('anchor' in answer)) return;
    const { mode, invokedAt, time } = when;
    const { height, header } = answer.anchor;
    if (this.isOn(ANSWERS_IN_ORDER))
      this.order.told({ vault: vault.id, height, invokedAt, time, mayBeOld: !isLinearizable(mode) });
    if (mode.at.kind === 'time' && this.isOn(CLOSED_TIMES)) this.closed.told(vault.id, mode.at.time, answer.anchor);
    const executed =
      answer.kind === 'transacted' && answer.outcome.ok && answer.outcome.changed && asked.kind === 'transact'
        ? { mark: asked.mark, height: answer.outcome.height }
        : undefined;
    this.answers.told({ vault: vault.id, height, header, executed });
    const isProven = answer.kind === 'tuple' || answer.kind === 'entity' || answer.kind === 'model' || answer.kind === 'proof';
    if (isProven && answer.proof.length > 0 && this.isOn(PROOFS)) this.proofs.judge(asked, answer);
  }

  /** The run is over and the cluster at rest. @param nodes what each node serves. @throws Violation */
  judge(history: History, vaults: readonly VaultEntry[], nodes: readonly Chains[]): void {
    for (const [node, chains] of nodes.entries()) this.judgeNode(node, vaults, chains, nodes[0] as Chains);
    const placeOf = (mark: string): ReturnType<ExactlyOnce['placeOf']> => this.once.placeOf(mark);
    if (this.isOn(READS_MATCH_BLOCKS)) demandReadsMatchBlocks(history, placeOf);
    if (this.isOn(LINEARIZABLE)) demandLinearizable(history, placeOf);
  }

  private judgeNode(node: number, vaults: readonly VaultEntry[], chains: Chains, first: Chains): void {
    vaults.forEach((vault, at) => {
      const blocks = chains[at] ?? [];
      for (const block of blocks) this.blocks.sealed(node, block);
      const expected = first[at]?.length ?? 0;
      if (blocks.length !== expected && this.isOn(BLOCKS_AGREE))
        throw new Violation(
          BLOCKS_AGREE,
          `at rest, node ${node} has ${blocks.length} blocks of vault ${vault.name}, node 0 has ${expected}`,
        );
    });
    const byVault = new Map(vaults.map(({ id }, at) => [id as string, chains[at] ?? []] as const));
    if (this.isOn(ANSWERS_STAY_TRUE)) this.answers.judge(node, byVault);
  }
}
