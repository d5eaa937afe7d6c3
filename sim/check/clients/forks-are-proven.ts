/**
 * What guests believed of a node that lies to them, judged when they have compared notes. The measure is the log of the nodes that do
 * not lie, as they have it at the end; the proofs are checked anew, from their text alone.
 * Checked: who accepted what; what every pinned key signed in any note that anybody saw. Not checked: that a lie about a size that the
 * chain never reached is found out; it is once the chain has come so far, and the liar tells none.
 */
import { equalBytes } from '../../../core/bytes/compare.ts';
import type { Hasher, SignatureVerifier } from '../../../core/capability.ts';
import type { Anchor, VaultEntry } from '../../../core/client/protocol.ts';
import type { Checkpoint } from '../../../core/note/checkpoint.ts';
import { checkForkProof } from '../../../core/note/fork-proof.ts';
import type { NoteKey } from '../../../core/note/key.ts';
import { checkSignature, isOfKey } from '../../../core/note/sign.ts';
import type { Replica } from '../../../core/replica/replica.ts';
import type { Vault } from '../../../core/state/vault.ts';
import type { SeenNote } from '../../byzantine/gossip.ts';
import type { ByzantineMark } from '../../byzantine/marks.ts';
import type { Strength } from '../../byzantine/pinned-keys.ts';
import { type Observer, Violation } from '../../observer.ts';
import type { ReplyEffect, SendEffect } from '../../protocol.ts';
import type { VouchShape } from '../../vouch.ts';
import type { VouchNode } from '../raft/watch.ts';

/** Who is judged, known once work begins. */
export interface Trial {
  readonly vault: VaultEntry;
  readonly liar: number;
  /** Pinned keys of every node, by node, in every type. */
  readonly keys: readonly (readonly NoteKey[])[];
  /** By client. */
  readonly strengths: readonly Strength[];
  readonly seen: () => readonly SeenNote[];
  readonly proofs: () => readonly string[];
}

export class ForksAreProven implements Observer<VouchShape, Replica> {
  readonly name: string = 'forks-are-proven';
  readonly claim: string =
    'Where a client of a lying node believes what is not the chain, a fork proof names the liar’s key; no proof ever names another, and a safe policy believes nothing false (scenario `byzantine-node`).';
  /** Told of every note that leaves the liar’s node honestly. */
  onHonestNote: (note: string, signatures: number) => void = () => undefined;
  private readonly options: {
    readonly nodes: readonly VouchNode[];
    readonly hasher: Hasher;
    readonly verifier: SignatureVerifier;
    readonly mark: (name: ByzantineMark) => void;
  };
  private trial: Trial | undefined = undefined;
  private readonly accepted: { readonly client: number; readonly checkpoint: Checkpoint }[] = [];
  private readonly answers: { readonly client: number; readonly block: Anchor; readonly isBelieved: boolean }[] = [];

  constructor(options: ForksAreProven['options']) {
    this.options = options;
  }

  begin(trial: Trial): void {
    this.trial = trial;
  }

  clientAccepted(client: number, checkpoint: Checkpoint): void {
    this.accepted.push({ client, checkpoint });
  }

  clientAnswered(client: number, block: Anchor, isBelieved: boolean): void {
    this.answers.push({ client, block, isBelieved });
  }

  leaving(node: VouchNode, effect: SendEffect<VouchShape> | ReplyEffect<VouchShape>): void {
    if (node.index !== this.trial?.liar || effect.kind !== 'reply' || effect.result.kind !== 'checkpoint') return;
    this.onHonestNote(effect.result.note, effect.result.signatures);
  }

  finished(): void {
    const { trial } = this;
    if (trial === undefined) return;
    const chain = this.chain(trial);
    this.judgeKeys(trial, chain);
    const proven = this.judgeProofs(trial);
    this.judgeAnswers(chain);
    this.judgeMemories(trial, chain);
    for (const { client, checkpoint } of this.accepted) {
      if (isOf(chain, checkpoint)) continue;
      this.options.mark('byzantine.client-diverged');
      const what = `client ${client} accepted a root of size ${checkpoint.size} that is not the chain’s`;
      if (trial.strengths[client] === 'safe') throw this.violation(trial, `${what}, under a safe policy`);
      if (!proven) throw this.violation(trial, `${what}, and no fork proof names the liar`);
    }
  }

  /** A key of a node that does not lie has signed nothing but the chain. */
  private judgeKeys(trial: Trial, chain: Vault): void {
    for (const { note, checkpoint } of trial.seen()) {
      if (isOf(chain, checkpoint)) continue;
      trial.keys.forEach((keys, node) => {
        if (node === trial.liar) return;
        for (const key of keys) {
          const holds = note.signatures.some(
            (line) => isOfKey(key, line) && checkSignature(this.options.verifier, key, note.text, line).ok,
          );
          if (holds) throw this.violation(trial, `node ${node} signed a root of size ${checkpoint.size} that is not the chain’s`);
        }
      });
    }
  }

  /** @returns whether a proof names the liar */
  private judgeProofs(trial: Trial): boolean {
    const { hasher, verifier, mark } = this.options;
    let isProven = false;
    for (const text of trial.proofs()) {
      const fork = checkForkProof(hasher, verifier, text);
      if (!fork.ok) throw this.violation(trial, `a fork proof does not hold: ${fork.reason}`);
      const { key, kind } = fork.value;
      const named = trial.keys.findIndex((keys) => keys.some(({ publicKey }) => equalBytes(publicKey, key.publicKey)));
      if (named !== trial.liar) throw this.violation(trial, `a fork proof names node ${named}, which does not lie`);
      mark(kind === 'inconsistent sizes' ? 'byzantine.fork-proven-by-two-sizes' : 'byzantine.fork-proven-by-one-size');
      isProven = true;
    }
    return isProven;
  }

  /** Who remembers goes on from what it accepted: never back, never to another root of one size, never from a false log to the chain. */
  private judgeMemories(trial: Trial, chain: Vault): void {
    const lasts = new Map<number, Checkpoint>();
    for (const { client, checkpoint } of this.accepted) {
      const last = lasts.get(client);
      lasts.set(client, checkpoint);
      if (last === undefined) continue;
      const isOther = checkpoint.size === last.size && !equalBytes(checkpoint.root, last.root);
      if (checkpoint.size < last.size || isOther || (isOf(chain, checkpoint) && !isOf(chain, last))) {
        throw this.violation(
          trial,
          `client ${client} accepted size ${checkpoint.size} against size ${last.size}, which it accepted before`,
        );
      }
    }
  }

  /** An answer under an accepted checkpoint is as true as that: what a client believes is marked, and judged with the checkpoint. */
  private judgeAnswers(chain: Vault): void {
    for (const { block, isBelieved } of this.answers) {
      if (block.height <= chain.height && equalBytes(block.blockHash, chain.log.leaf(block.height - 1))) continue;
      this.options.mark(isBelieved ? 'byzantine.false-answer-believed' : 'byzantine.false-answer-refused');
    }
  }

  /** The vault of a node that does not lie. */
  private chain({ vault: { group, id }, liar }: Trial): Vault {
    for (const node of this.options.nodes) {
      const vault = node.index === liar || !node.running ? undefined : node.core?.group(group)?.state.vault(id);
      if (vault !== undefined) return vault;
    }
    throw new Violation(this.name, 'no node that does not lie has the vault', 'unknown');
  }

  private violation({ liar, vault }: Trial, what: string): Violation {
    return new Violation(this.name, what, 'safety', { nodes: [liar], group: vault.group });
  }
}

function isOf(chain: Vault, { size, root }: Checkpoint): boolean {
  return size <= chain.height && equalBytes(chain.log.root(size), root);
}
