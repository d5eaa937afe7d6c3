/**
 * Forward and reverse rows say the same, on every replica, while it works and at rest: lists of objects walk the reverse rows, checks the
 * forward ones. Looked at now and then between steps, where a replica has sealed something since; what disks have destroyed is not judged.
 */
import type { GroupId, VaultId } from '../../../core/ids.ts';
import type { Replica } from '../../../core/replica/replica.ts';
import { tableRange, tupleOfKey, tupleOfReverseKey } from '../../../core/state/key-reader.ts';
import { Table } from '../../../core/state/keys.ts';
import { rowExpiresAt, rowVersion } from '../../../core/state/rows.ts';
import type { Vault } from '../../../core/state/vault.ts';
import { type Observer, Violation } from '../../observer.ts';
import type { VouchShape } from '../../vouch.ts';
import type { VouchNode } from '../raft/watch.ts';
import { type PageAtlas, unlessDamaged } from '../unless-damaged.ts';

/** Steps of a node between two looks. */
const EVERY = 150;

export class IndexesAgree implements Observer<VouchShape, Replica> {
  readonly name: string = 'indexes-agree';
  readonly claim: string =
    'On every replica, while it works and at rest, each tuple row has its reverse row and each reverse row its tuple.';
  private readonly nodes: readonly VouchNode[];
  private readonly groups: readonly GroupId[];
  private readonly atlas: PageAtlas;
  private readonly steps: Map<number, number> = new Map();
  /** Heights that were looked at, by node and vault. */
  private readonly seen: Map<string, number> = new Map();

  constructor(nodes: readonly VouchNode[], groups: readonly GroupId[], atlas: PageAtlas) {
    this.nodes = nodes;
    this.groups = groups;
    this.atlas = atlas;
  }

  stepped(node: VouchNode): void {
    const steps = (this.steps.get(node.index) ?? 0) + 1;
    this.steps.set(node.index, steps);
    if (steps % EVERY === 0) this.look(node, 'changed');
  }

  finished(): void {
    for (const node of this.nodes) if (node.running) this.look(node, 'all');
  }

  private look(node: VouchNode, which: 'changed' | 'all'): void {
    for (const group of this.groups) {
      const own = node.core?.group(group);
      // One that is damaged, and says so, may have half an entry.
      if (own === undefined || own.quarantined || this.atlas.hasPageDamage(node.index, group)) continue;
      for (const id of own.state.vaultIds()) {
        const vault = own.state.vault(id) as Vault;
        const name = `${node.index}/${id}`;
        if (which === 'changed' && this.seen.get(name) === vault.height) continue;
        this.seen.set(name, vault.height);
        unlessDamaged(this.atlas, { node: node.index, group }, () => this.judge(node.index, id, vault));
      }
    }
  }

  private judge(node: number, id: VaultId, vault: Vault): void {
    const disagreement = vault.leaves.reverse ? indexDisagreement(vault) : undefined;
    if (disagreement === undefined) return;
    throw new Violation(this.name, `node ${node}, vault ${id}, block ${vault.height}: ${disagreement}`, 'safety', {
      nodes: [node],
    });
  }
}

/** The first row without its counterpart, as a sentence. */
export function indexDisagreement(vault: Vault): string | undefined {
  const { rows, keys } = vault.leaves;
  for (const { key, value } of rows.scan(tableRange(Table.tuple))) {
    const tuple = tupleOfKey(key);
    const name = `${tuple.resource}#${tuple.relation}@${tuple.subject}`;
    const [expiresAt, version] = [rowExpiresAt(value), rowVersion(value)];
    const back = rows.get(keys.reverse(tuple));
    if (back === undefined) return `${name} has no reverse row`;
    if (rowExpiresAt(back) !== expiresAt || rowVersion(back) !== version) return `the reverse row of ${name} is of another write`;
  }
  for (const { key } of rows.scan(tableRange(Table.reverse))) {
    const tuple = tupleOfReverseKey(key);
    if (rows.get(keys.tuple(tuple)) === undefined)
      return `the reverse row of ${tuple.resource}#${tuple.relation}@${tuple.subject} has no tuple`;
  }
  return undefined;
}
