/**
 * One damage at a time, and what becomes of it. A node is killed; once the other two hold everything that it may have acknowledged, one of
 * its files is damaged and it is started again. Why only then: the end of a log that is cut off is what a power cut leaves, too, and nobody could
 * tell that the disk has lost what it had synced (core/wal/README.md). Then the node must come back whole, or refuse to start and say why.
 */
import { dirname } from 'node:path';
import type { Random } from '../../core/random.ts';
import type { ChildNode } from '../local/child-node.ts';
import { makeDirectory } from '../local/make-directory.ts';
import { statusOf } from '../local/operator-client.ts';
import { type Damage, damageIn, forget, isOfPageFile, restore } from './damage.ts';
import type { Journal } from './journal.ts';
import { LogTail, lag, type Nodes, pause } from './nodes.ts';

/** After this a node that lags, though nothing is missing as it sees it, is helped by a new leader: one that began after the damage. */
const LAG_MS = 4_000;
const DURABLE_MS = 250;

export class Damages {
  /** A group was quarantined, and healed. */
  repaired: number = 0;
  /** The node did not start, and said why. */
  refused: number = 0;
  /** What was hit stood for nothing, or was noticed and cut or passed over: the node came up and caught up. */
  absorbed: number = 0;
  private readonly nodes: Nodes;
  private readonly random: Random;
  private readonly journal: Journal;
  /** Pages are read when somebody asks for what is on them: a damaged one may lie there unread. Until it is gone, no other node is damaged. */
  private unread: ChildNode | undefined = undefined;

  constructor(nodes: Nodes, random: Random, journal: Journal) {
    this.nodes = nodes;
    this.random = random;
    this.journal = journal;
  }

  get total(): number {
    return this.repaired + this.refused + this.absorbed;
  }

  /** @param drawn the node to damage, unless another may still be damaged */
  async inflict(drawn: ChildNode): Promise<void> {
    const { nodes, journal } = this;
    const node = await this.victim(drawn);
    const others = nodes.all.filter((each) => each !== node);
    await nodes.back(others);
    await nodes.kill([node]);
    const ends = await nodes.ends(others);
    await nodes.until('the others hold what the node may have acknowledged', async () => {
      for (const other of others) {
        const why = lag(await nodes.status(other), ends);
        if (why !== undefined) return `${other.options.name}: ${why}`;
      }
      return undefined;
    });
    await pause(DURABLE_MS); // applied is committed, and durable a moment later
    const copies = `${dirname(node.options.data)}/copies`;
    makeDirectory(copies);
    const damage = damageIn(node.options.data, copies, this.random);
    if (damage === undefined) return nodes.start(node);
    journal.note('damage', { node: node.options.name, ...damage });
    const log = new LogTail(node);
    nodes.start(node);
    const outcome = await this.outcome(node, damage, log);
    this[outcome] += 1;
    if (outcome === 'absorbed' && isOfPageFile(damage.file)) this.unread = node;
    journal.note('outcome', { node: node.options.name, outcome });
    forget(damage);
  }

  /** Two damaged nodes of three are more than is promised: while one may have a damaged page, it is the one. It does not run then. */
  private async victim(drawn: ChildNode): Promise<ChildNode> {
    const { nodes, journal, unread } = this;
    if (unread === undefined || unread === drawn) return drawn;
    await nodes.kill([unread]);
    const isDamaged = await nodes.hasDamagedPages(unread);
    journal.note('checked', { node: unread.options.name, isDamaged });
    if (!isDamaged) this.unread = undefined;
    return unread;
  }

  private async outcome(node: ChildNode, damage: Damage, log: LogTail): Promise<'repaired' | 'refused' | 'absorbed'> {
    const { nodes, journal } = this;
    const ends = await nodes.ends(nodes.all.filter((each) => each !== node));
    let helpAt = performance.now() + LAG_MS;
    let isRefused = false;
    await nodes.until(`${node.options.name} repaired or refused`, async () => {
      const exit = nodes.exitOf(node);
      if (exit !== undefined && !isRefused) {
        isRefused = true;
        journal.note('refused', { node: node.options.name, why: exit });
        restore(node.options.data, damage);
        nodes.start(node);
      }
      const status = await statusOf(node.url);
      if (status === undefined) return nodes.exitOf(node) ?? 'no answer';
      const why = lag(status, ends);
      if (why === undefined) return undefined;
      if (status.groups.some(({ quarantined }) => quarantined)) helpAt = performance.now() + LAG_MS;
      if (performance.now() > helpAt) {
        helpAt = performance.now() + LAG_MS;
        await this.replaceLeader(
          node,
          status.groups.find(({ lastApplied, group }) => lastApplied < (ends.get(group) ?? 0))?.leader,
        );
      }
      return why;
    });
    if (isRefused) return 'refused';
    return log.includes('_damaged"') ? 'repaired' : 'absorbed';
  }

  private async replaceLeader(node: ChildNode, leader: string | undefined): Promise<void> {
    for (const other of this.nodes.all) {
      if (other === node || (await statusOf(other.url))?.node !== leader) continue;
      this.journal.note('new leader', { instead: other.options.name, for: node.options.name });
      await this.nodes.kill([other]);
      this.nodes.start(other);
      await this.nodes.back([other]);
    }
  }
}
