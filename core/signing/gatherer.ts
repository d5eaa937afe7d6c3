/**
 * The node as one that gathers: a client asks it for a checkpoint, or a leader makes one of each vault that has changed, now and
 * then. The members of the vault's group are asked until they have answered or the time is over. The newest note of each vault is
 * kept in memory; it can be made again at any time, and that costs nothing but the signatures.
 */
import { equalBytes } from '../bytes/compare.ts';
import type { ClientResult } from '../client/protocol.ts';
import {
  GLOBAL_GROUP,
  type GroupId,
  type Height,
  INDEX_ZERO,
  type LogIndex,
  type Micros,
  minOf,
  NEVER,
  type NodeId,
  plus,
  SEQ_ZERO,
  type VaultId,
} from '../ids.ts';
import { CHECKPOINT_ROUND_VAULTS_MAX, CHECKPOINT_WAITERS_MAX, GATHERINGS_MAX, NOTES_KEPT_MAX, SIGNERS_MAX } from '../limits.ts';
import { nodeKeyName } from '../note/names.ts';
import { membersOf } from '../raft/configuration.ts';
import type { ReplicaGroup } from '../replica/group.ts';
import { errorResult, quarantinedResult, RETRY_AFTER_MS } from '../replica/results.ts';
import { VAULT_DELETED } from '../state/results.ts';
import type { Vault } from '../state/vault.ts';
import type { Cosigner } from './cosigner.ts';
import { type CosignedNote, Gathering, type SigningNode, type Waiter } from './gathering.ts';
import type { SigningHost } from './host.ts';
import type { SigningMessage } from './message.ts';

/** A gathering lasts so many election timeouts at most. Why two: who does not answer for one is down, or cut off. */
const TIMEOUTS = 2;
const OVERLOADED = errorResult('overloaded', 'This node gathers as many checkpoints as it can.', RETRY_AFTER_MS);

/** A checkpoint that a client wants. */
export interface Wanted {
  readonly group: GroupId;
  readonly vault: VaultId;
  /** 0: of a majority of the voters. */
  readonly signatures: number;
}

export class Gatherer {
  private readonly host: SigningHost;
  private readonly cosigner: Pick<Cosigner, 'sign' | 'textOf' | 'publicKey'>;
  private readonly gatherings: Map<VaultId, Gathering> = new Map();
  /** The newest note of each vault, the one that was made last at the end. */
  private readonly notes: Map<VaultId, CosignedNote> = new Map();
  /** Vaults with blocks that no checkpoint covers, as far as this node knows. */
  private readonly uncovered: Map<VaultId, { readonly group: GroupId; readonly height: Height }> = new Map();
  private roundAt: Micros = NEVER;
  /** Of the directory's keys, when the kept notes were made. */
  private keysRevision: LogIndex = INDEX_ZERO;

  constructor(host: SigningHost, cosigner: Pick<Cosigner, 'sign' | 'textOf' | 'publicKey'>) {
    this.host = host;
    this.cosigner = cosigner;
  }

  /** A block was sealed here; told where checkpoints are made periodically. */
  sealed(group: GroupId, vault: VaultId, height: Height): void {
    this.uncovered.set(vault, { group, height });
    if (this.roundAt === NEVER) this.roundAt = plus(this.host.now(), this.host.everyMicros ?? NEVER);
  }

  /** A client wants the checkpoint of a vault, whose state here is new enough for it. */
  want(request: Waiter['request'], { group: id, vault: name, signatures }: Wanted): void {
    const { host } = this;
    const group = host.group(id);
    const vault = group?.state.vault(name);
    if (group === undefined || group.quarantined) return host.reply(request, SEQ_ZERO, quarantinedResult());
    const refused = group.divergence.refusal(name);
    if (refused !== undefined) return host.reply(request, SEQ_ZERO, refused);
    if (vault === undefined) return host.reply(request, SEQ_ZERO, VAULT_DELETED);
    const { voters } = group.raft.newestConfiguration.configuration;
    const members = signersOf(group);
    if (signatures > members.length) return host.reply(request, SEQ_ZERO, tooMany(members.length));
    const waiter = { request, size: vault.height, signatures: signatures || Math.floor(voters.length / 2) + 1 };
    const kept = this.keptOf(name);
    if (kept !== undefined && kept.size === vault.height && kept.signatures >= waiter.signatures && isOf(vault, kept)) {
      host.mark('signing.note-kept');
      return this.give(waiter, kept);
    }
    const running = this.runningOf(vault) ?? this.begin(group, vault);
    if (running === undefined || running.waiters.length >= CHECKPOINT_WAITERS_MAX)
      return host.reply(request, SEQ_ZERO, OVERLOADED);
    running.waiters.push(waiter);
    this.serve(running);
  }

  /** A peer has signed what it was asked for. */
  signed(from: NodeId, message: Extract<SigningMessage, { kind: 'checkpointSigned' }>): void {
    const gathering = this.gatherings.get(message.vault);
    const by = this.signingNode(from);
    if (gathering === undefined || gathering.size !== message.size || by === undefined)
      return this.host.mark('signing.answer-too-late');
    const { hasher, keys, mark } = this.host;
    if (!gathering.add({ hasher, verifier: keys.verifier }, from, by, message)) return mark('signing.signature-refused');
    this.serve(gathering);
  }

  /** A peer has signed a larger size. */
  passed(message: Extract<SigningMessage, { kind: 'checkpointPassed' }>): void {
    const gathering = this.gatherings.get(message.vault);
    if (gathering !== undefined && message.size > gathering.size) gathering.passed = Math.max(gathering.passed, message.size);
  }

  /** Somebody gathers for the vault at this size. */
  covered(vault: VaultId, size: number): void {
    const known = this.uncovered.get(vault);
    if (known !== undefined && known.height <= size) this.uncovered.delete(vault);
  }

  nextDeadline(): Micros {
    let next = this.roundAt;
    for (const { askAt, endsAt } of this.gatherings.values()) next = minOf(next, minOf(askAt, endsAt));
    return next;
  }

  deadline(): void {
    const now = this.host.now();
    for (const gathering of [...this.gatherings.values()]) {
      if (gathering.endsAt <= now) this.end(gathering);
      else if (gathering.askAt <= now) {
        this.host.guarded(gathering.group, () => {
          this.ask(gathering);
          this.serve(gathering);
        });
      }
    }
    if (this.roundAt <= now) this.round(now);
  }

  /** At the end of a step: what others have signed further is asked for anew once this node has come as far. */
  settle(): void {
    for (const gathering of [...this.gatherings.values()]) {
      const { group, vault: name, passed } = gathering;
      if (group.quarantined) this.drop(gathering, quarantinedResult());
      if (group.quarantined || passed === 0) continue;
      const vault = group.state.vault(name);
      if (vault === undefined) this.drop(gathering, VAULT_DELETED);
      else if (vault.height >= passed) {
        this.host.mark('signing.gathered-anew');
        this.again(gathering, group, vault);
      }
    }
  }

  /** What of the vaults that have changed this node leads. */
  private round(now: Micros): void {
    const looked = [...this.uncovered].slice(0, CHECKPOINT_ROUND_VAULTS_MAX);
    for (const [name, place] of looked) {
      this.uncovered.delete(name);
      const group = this.host.group(place.group);
      const vault = group?.state.vault(name);
      if (group === undefined || group.quarantined || vault === undefined) continue;
      if (group.raft.role !== 'leader') {
        this.uncovered.set(name, place); // its leader sees to it, and this node hears of that, or leads one day
        continue;
      }
      this.host.mark('signing.periodic-checkpoint');
      const begun = this.gatherings.has(name) ? undefined : this.begin(group, vault);
      if (begun !== undefined) this.serve(begun);
    }
    this.roundAt = this.uncovered.size === 0 ? NEVER : plus(now, this.host.everyMicros ?? NEVER);
  }

  /** The gathering of a vault. One of a log that the vault has no more since it was rebuilt is given up, and its clients ask again. */
  private runningOf(vault: Vault): Gathering | undefined {
    const running = this.gatherings.get(vault.id);
    if (running === undefined || running.size > vault.height || isOf(vault, running)) return running;
    this.drop(running, errorResult('unavailable', 'The vault was rebuilt meanwhile; ask again.', RETRY_AFTER_MS));
    return undefined;
  }

  /** undefined: there is no room. */
  private begin(group: ReplicaGroup, vault: Vault, until?: Micros): Gathering | undefined {
    if (this.gatherings.size >= GATHERINGS_MAX) return undefined;
    const { now, timing, guarded } = this.host;
    const endsAt = until ?? plus(now(), TIMEOUTS * timing.electionTimeoutMaxMicros);
    const size = vault.height;
    let begun: Gathering | undefined;
    guarded(group, () => {
      const root = vault.log.root(size);
      const text = this.cosigner.textOf(vault, size, root);
      const gathering = new Gathering({
        group,
        vault: vault.id,
        size,
        root,
        text,
        members: signersOf(group),
        askAt: now(),
        endsAt,
      });
      this.gatherings.set(vault.id, gathering);
      this.signOwn(gathering, vault);
      this.ask(gathering);
      begun = gathering;
    });
    return begun;
  }

  private signOwn(gathering: Gathering, vault: Vault): void {
    const { self, hasher, cluster } = this.host;
    if (!gathering.awaiting.has(self)) return;
    const own = this.cosigner.sign(gathering.group, vault, gathering.size, gathering.root);
    if (own.kind === 'passed') gathering.passed = Math.max(gathering.passed, own.size);
    if (own.kind !== 'signed') return;
    const by = { name: nodeKeyName(cluster(), self), publicKey: this.cosigner.publicKey };
    gathering.own(hasher, self, by, own.signatures, own.after);
  }

  /** Those that have not answered; the network may lose a question. */
  private ask(gathering: Gathering): void {
    const { now, timing, send, self, group: groupOf } = this.host;
    const { vault: name, size, root, group } = gathering;
    gathering.askAt = plus(now(), timing.electionTimeoutMinMicros);
    for (const node of gathering.awaiting) {
      if (node !== self) send(node, group.id, SEQ_ZERO, { kind: 'checkpointAsked', vault: name, size, root });
    }
    // Its own key may have come into the directory meanwhile.
    const vault = groupOf(group.id)?.state.vault(name);
    if (vault !== undefined && gathering.awaiting.has(self)) this.signOwn(gathering, vault);
  }

  /** Gives what there is to those whom it is enough for. */
  private serve(gathering: Gathering): void {
    if (gathering.count > 0) {
      const note = gathering.note();
      this.keep(gathering.vault, note);
      const satisfied = gathering.waiters.filter((waiter) => isEnough(waiter, note));
      gathering.waiters = gathering.waiters.filter((waiter) => !isEnough(waiter, note));
      for (const waiter of satisfied) this.give(waiter, note);
    }
    if (gathering.awaiting.size === 0) this.end(gathering);
  }

  /** A note with the line of a key that was retired meanwhile is worth less than it says. */
  private keptOf(vault: VaultId): CosignedNote | undefined {
    const revision = this.host.group(GLOBAL_GROUP)?.state.nodeKeys?.revision ?? INDEX_ZERO;
    if (revision !== this.keysRevision) this.notes.clear();
    this.keysRevision = revision;
    return this.notes.get(vault);
  }

  private keep(vault: VaultId, note: CosignedNote): void {
    const known = this.keptOf(vault);
    if (known !== undefined && known.size > note.size) return;
    this.notes.delete(vault);
    this.notes.set(vault, note);
    if (this.notes.size <= NOTES_KEPT_MAX) return;
    for (const oldest of this.notes.keys()) {
      this.notes.delete(oldest);
      return;
    }
  }

  /** All have answered, or the time is over. Who wants a larger size waits for another one. */
  private end(gathering: Gathering): void {
    const { group, vault: name, waiters, size, count } = gathering;
    this.gatherings.delete(name);
    const later = waiters.filter((waiter) => waiter.size > size);
    for (const waiter of waiters) {
      if (waiter.size <= size) this.host.reply(waiter.request, SEQ_ZERO, tooFew(count, waiter.signatures));
    }
    const vault = group.quarantined ? undefined : group.state.vault(name);
    const next = later.length === 0 || vault === undefined ? undefined : this.begin(group, vault);
    for (const { request } of next === undefined ? later : []) this.host.reply(request, SEQ_ZERO, OVERLOADED);
    if (next === undefined) return;
    next.waiters = later;
    this.serve(next);
  }

  /** The same at a larger size, within the same time. */
  private again(gathering: Gathering, group: ReplicaGroup, vault: Vault): void {
    this.gatherings.delete(gathering.vault);
    const next = this.begin(group, vault, gathering.endsAt);
    if (next === undefined) return this.drop(gathering, OVERLOADED);
    next.waiters = gathering.waiters;
    this.serve(next);
  }

  private drop(gathering: Gathering, why: ClientResult): void {
    this.gatherings.delete(gathering.vault);
    for (const { request } of gathering.waiters) this.host.reply(request, SEQ_ZERO, why);
  }

  private give({ request }: Waiter, { note, size, signatures, after }: CosignedNote): void {
    this.host.reply(request, after, { kind: 'checkpoint', note, size, signatures });
  }

  /** The name and key of a node, as the directory that is applied here has them. */
  private signingNode(node: NodeId): SigningNode | undefined {
    const publicKey = this.host.group(GLOBAL_GROUP)?.state.nodeKeys?.currentOf(node);
    return publicKey === undefined ? undefined : { name: nodeKeyName(this.host.cluster(), node), publicKey };
  }
}

/** Voters first: what does not fit a note is left out. */
function signersOf(group: ReplicaGroup): readonly NodeId[] {
  const { configuration } = group.raft.newestConfiguration;
  const { voters } = configuration;
  const others = membersOf(configuration).filter((id) => !voters.includes(id));
  return [...voters, ...others].slice(0, SIGNERS_MAX);
}

/** Whether it is of the log that the vault has: not of one that a rebuild has replaced. */
function isOf({ log }: Vault, { size, root }: { readonly size: number; readonly root: Uint8Array }): boolean {
  return equalBytes(log.root(size), root);
}

function isEnough(waiter: Waiter, note: CosignedNote): boolean {
  return waiter.size <= note.size && waiter.signatures <= note.signatures;
}

function tooMany(members: number): ClientResult {
  return errorResult('invalid_argument', `the vault's group has ${members} nodes that sign: ask for at most so many signatures`);
}

function tooFew(count: number, wanted: number): ClientResult {
  return errorResult(
    'unavailable',
    `Of ${wanted} nodes ${count} signed in time; ask again later, or for fewer signatures.`,
    RETRY_AFTER_MS,
  );
}
