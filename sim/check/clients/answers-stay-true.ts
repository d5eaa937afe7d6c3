/**
 * What a client was told stays so: every answer's anchor is a block of the chain, and every acknowledged transaction that
 * changed something stands in the block it was said to be in, at the end, after the power failed everywhere.
 */
import { equalBytes } from '../../../core/bytes/compare.ts';
import type { Anchor } from '../../../core/client/protocol.ts';
import type { GroupId, VaultId } from '../../../core/ids.ts';
import type { Replica } from '../../../core/replica/replica.ts';
import { oldestHeight } from '../../../core/state/retention.ts';
import { decodeLedgerTransaction } from '../../../core/state/transaction-codec.ts';
import type { Vault } from '../../../core/state/vault.ts';
import { type Observer, Violation } from '../../observer.ts';
import type { VouchShape } from '../../vouch.ts';
import { newestLeader } from '../newest-leader.ts';
import type { VouchNode } from '../raft/watch.ts';
import { type PageAtlas, unlessDamaged } from '../unless-damaged.ts';

interface Promised {
  readonly group: GroupId;
  readonly vault: VaultId;
  readonly anchor: Anchor;
  /** An executed transaction: its mark and the block it is in. */
  readonly executed: { readonly mark: string; readonly height: number } | undefined;
}

export class AnswersStayTrue implements Observer<VouchShape, Replica> {
  readonly name: string = 'answers-stay-true';
  readonly claim: string =
    'Every acknowledged transaction survives in its block for as long as it is kept, and every answer’s anchor is a block of the chain.';
  private readonly nodes: readonly VouchNode[];
  private readonly atlas: PageAtlas;
  private readonly promised: Promised[] = [];
  /** Headers shown so far, by vault and height: most answers show one that was shown before. */
  private readonly shown: Map<string, Uint8Array> = new Map();

  constructor(nodes: readonly VouchNode[], atlas: PageAtlas) {
    this.nodes = nodes;
    this.atlas = atlas;
  }

  told(promise: Promised): void {
    const place = `${promise.vault}/${promise.anchor.height}`;
    const before = this.shown.get(place);
    if (before !== undefined && promise.executed === undefined && equalBytes(before, promise.anchor.header)) return;
    this.shown.set(place, promise.anchor.header);
    this.promised.push(promise);
  }

  finished(): void {
    for (const node of this.nodes) {
      if (!node.running) continue;
      for (const promise of this.promised) {
        const { group } = promise;
        if (this.mustHold(node, group)) unlessDamaged(this.atlas, { node: node.index, group }, () => this.check(node, promise));
      }
    }
  }

  /** Who was let go keeps what it had, and whoever is to join has nothing yet. */
  private mustHold(node: VouchNode, group: GroupId): boolean {
    return newestLeader(this.nodes, group)?.hasMember(node.id) !== false;
  }

  private check(node: VouchNode, promise: Promised): void {
    const group = node.core?.group(promise.group);
    if (group?.quarantined === true) return; // its log is damaged, and it says so
    const vault = group?.state.vault(promise.vault);
    const { anchor, executed } = promise;
    if (vault === undefined || vault.height < anchor.height) {
      throw new Violation(this.name, `node ${node.index} does not have block ${anchor.height}, which a client was shown`);
    }
    if (!equalBytes(vault.anchorAt(anchor.height).header, anchor.header)) {
      throw new Violation(this.name, `node ${node.index} has another block ${anchor.height} than a client was shown`);
    }
    const isKept = executed !== undefined && executed.height >= oldestHeight(vault); // else its header is all that is left
    if (isKept && !contains(vault, executed)) {
      throw new Violation(
        this.name,
        `acknowledged transaction ${executed.mark} is not in block ${executed.height} of node ${node.index}`,
      );
    }
  }
}

function contains(vault: Vault, executed: { readonly mark: string; readonly height: number }): boolean {
  return vault.transactionsAt(executed.height as Anchor['height']).some((bytes) => {
    const decoded = decodeLedgerTransaction(bytes);
    return decoded.ok && decoded.value.kind === 'transact' && decoded.value.transaction.reason === executed.mark;
  });
}
