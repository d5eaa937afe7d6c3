/**
 * What a client with pinned keys accepts of checkpoints, and remembers: each one is signed as the policy wants, and extends the one
 * of the same log that was accepted before. The memory is in this process; whoever keeps it gets each note to write down.
 */
import { type Parsed, refused } from '../../core/bytes/parsed.ts';
import { decodeUlid } from '../../core/chain/ulid.ts';
import type { VaultEntry } from '../../core/client/protocol.ts';
import { portableHasher } from '../../core/hasher.ts';
import { type Checkpoint, decodeCheckpoint } from '../../core/note/checkpoint.ts';
import { portableVerifier } from '../../core/note/ed25519.ts';
import { compareWithLast, type Progress } from '../../core/note/last-accepted.ts';
import { isLogOf, parseVaultOrigin } from '../../core/note/names.ts';
import { nodesNeeded } from '../../core/note/nodes-needed.ts';
import { decodeNote } from '../../core/note/note.ts';
import { checkNote, type Policy, parsePolicy, type SignedBy } from '../../core/note/policy.ts';
import { VouchError } from './error.ts';

/** What a client has pinned. */
export interface PinnedKeys {
  /** Text of a policy (docs/guides/pin-keys.md): logs, keys, and how many of them a checkpoint needs. */
  readonly policy: string;
  /** Notes that were accepted before, as `notes()` or `onAccepted` gave them: a log that does not extend them is refused. */
  readonly accepted?: readonly string[];
  /** Called with each note that takes the place of the one before, to be kept for the next start. */
  readonly onAccepted?: (note: string) => void;
}

/** A note that was accepted. */
interface Accepted {
  readonly note: string;
  readonly checkpoint: Checkpoint;
}

/** What was accepted of a vault's logs, by origin: one, or one for each cluster in which there is this vault. */
type Logs = ReadonlyMap<string, Accepted>;

/** Fetches the hashes that show that the log of the newer size extends that of the older one. */
export type ProveExtension = (olderSize: number, newerSize: number) => Promise<readonly Uint8Array[]>;

const NO_LOGS: Logs = new Map();

export class AcceptedCheckpoints {
  readonly policy: Policy;
  /** Signatures that a node is asked for, so that the policy can be met. 0: a majority. */
  readonly signatures: number;
  private readonly onAccepted: ((note: string) => void) | undefined;
  /** By organization and vault. */
  private readonly vaults: Map<string, Logs> = new Map();

  /** Throws VouchError `invalid_argument` where policy or notes do not read. */
  constructor({ policy: text, accepted = [], onAccepted }: PinnedKeys) {
    const policy = parsePolicy(portableHasher, text);
    if (!policy.ok) throw new VouchError('invalid_argument', `The policy does not read: ${policy.reason}.`);
    this.policy = policy.value;
    this.signatures = nodesNeeded(policy.value);
    this.onAccepted = onAccepted;
    for (const note of accepted) {
      const checkpoint = readNote(note);
      if (!checkpoint.ok) throw new VouchError('invalid_argument', `An accepted note does not read: ${checkpoint.reason}.`);
      this.remember({ note, checkpoint: checkpoint.value });
    }
  }

  /** The newest note of each log, in order of origins. */
  notes(): readonly string[] {
    const all = [...this.vaults.values()].flatMap((logs) => [...logs.values()]);
    all.sort((a, b) => (a.checkpoint.origin < b.checkpoint.origin ? -1 : 1));
    return all.map(({ note }) => note);
  }

  /**
   * Begins to ask for a checkpoint of a vault. What comes back must not be behind what was accepted by now; what others accept
   * meanwhile may be newer, and is then the one that is to extend it.
   */
  expect(vault: Pick<VaultEntry, 'organization' | 'id'>): Expected {
    return new Expected(this, vault, this.vaults.get(keyOf(vault)) ?? NO_LOGS);
  }

  /** @internal What was accepted last of a log. */
  last(vault: Pick<VaultEntry, 'organization' | 'id'>, origin: string): Accepted | undefined {
    return this.vaults.get(keyOf(vault))?.get(origin);
  }

  /** @internal */
  accept(accepted: Accepted): void {
    this.remember(accepted);
    this.onAccepted?.(accepted.note);
  }

  private remember(accepted: Accepted): void {
    const { origin, size } = accepted.checkpoint;
    const name = parseVaultOrigin(origin);
    if (name === undefined) throw new VouchError('invalid_argument', `An accepted note is of ${origin}, which is no vault.`);
    const key = keyOf({ organization: name.organization, id: name.vault });
    const logs = new Map(this.vaults.get(key) ?? NO_LOGS);
    const isBehind = (logs.get(origin)?.checkpoint.size ?? -1) > size;
    if (!isBehind) logs.set(origin, accepted);
    this.vaults.set(key, logs);
  }
}

/** A checkpoint that was asked for. */
export class Expected {
  private readonly memory: AcceptedCheckpoints;
  private readonly vault: Pick<VaultEntry, 'organization' | 'id'>;
  private readonly before: Logs;

  constructor(memory: AcceptedCheckpoints, vault: Pick<VaultEntry, 'organization' | 'id'>, before: Logs) {
    this.memory = memory;
    this.vault = vault;
    this.before = before;
  }

  /**
   * Takes what came. Throws VouchError `checkpoint_refused` where it is of another log or not signed as the policy wants, `rollback`
   * where it is older than what was accepted, `fork` where it has another root of the same size, `inconsistent` where nothing shows that
   * one extends the other. The last three carry both notes.
   */
  async take(note: string, prove: ProveExtension): Promise<readonly SignedBy[]> {
    const { checkpoint, signers } = this.check(note);
    const next: Accepted = { note, checkpoint };
    const floor = this.before.get(checkpoint.origin);
    if (floor !== undefined && checkpoint.size < floor.checkpoint.size) {
      throw objection(compareWithLast(portableHasher, floor.checkpoint, checkpoint, []), floor, next);
    }
    for (;;) {
      const last = this.memory.last(this.vault, checkpoint.origin);
      // Something newer was accepted while this one was on its way: then this one is to be a beginning of that.
      const isOvertaken = last !== undefined && last.checkpoint.size > checkpoint.size;
      const [older, newer] = isOvertaken ? [next, last] : [last, next];
      const path = await extension(older, newer, prove);
      if (this.memory.last(this.vault, checkpoint.origin) !== last) continue;
      const progress = compareWithLast(portableHasher, older?.checkpoint, newer.checkpoint, path);
      if (!isTaken(progress)) throw objection(progress, last ?? next, next);
      if (!isOvertaken && progress.kind !== 'same') this.memory.accept(next);
      return signers;
    }
  }

  private check(text: string): { readonly checkpoint: Checkpoint; readonly signers: readonly SignedBy[] } {
    const note = decodeNote(text);
    if (!note.ok) throw new VouchError('checkpoint_refused', `The checkpoint does not read: ${note.reason}.`);
    const verdict = checkNote(portableVerifier, this.memory.policy, note.value);
    if (!verdict.ok) throw new VouchError('checkpoint_refused', `The checkpoint is not accepted: ${verdict.reason}.`);
    const [organization, vault] = [decodeUlid(this.vault.organization), decodeUlid(this.vault.id)];
    const isAsked =
      organization !== undefined && vault !== undefined && isLogOf(verdict.checkpoint.origin, { organization, vault });
    if (!isAsked)
      throw new VouchError('checkpoint_refused', 'The checkpoint is of another vault than the one that was asked for.');
    return verdict;
  }
}

function keyOf({ organization, id }: { readonly organization: string; readonly id: string }): string {
  return `${organization}/${id}`;
}

function readNote(text: string): Parsed<Checkpoint> {
  const note = decodeNote(text);
  if (!note.ok) return refused(note.reason);
  return decodeCheckpoint(note.value.text);
}

async function extension(older: Accepted | undefined, newer: Accepted, prove: ProveExtension): Promise<readonly Uint8Array[]> {
  const from = older?.checkpoint.size ?? 0;
  return from === 0 || from >= newer.checkpoint.size ? [] : await prove(from, newer.checkpoint.size);
}

function isTaken({ kind }: Progress): boolean {
  return kind === 'first' || kind === 'same' || kind === 'newer';
}

/** Why the two do not go together. */
function objection(progress: Progress, accepted: Accepted, offered: Accepted): VouchError {
  const code = progress.kind === 'rollback' || progress.kind === 'fork' ? progress.kind : 'inconsistent';
  const reason = 'reason' in progress ? progress.reason : 'it does not extend what was accepted before';
  const notes = { accepted: accepted.note, offered: offered.note };
  return new VouchError(code, `The checkpoint is not accepted: ${reason}.`, undefined, undefined, notes);
}
