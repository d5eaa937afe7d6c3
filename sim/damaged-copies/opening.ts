/** Opens a copy as a node does, to behind its first persist: then its groups are up, or it has said why not. */
import { celConditions } from '../../core/authz/cel.ts';
import { Writer } from '../../core/bytes/writer.ts';
import { parsePageFileName } from '../../core/checkpoint/file.ts';
import { findCheckpoint } from '../../core/checkpoint/open.ts';
import type { Clocks, DirectoryReader, Effect, InputBody } from '../../core/effect.ts';
import { DamageError, StorageError } from '../../core/errors.ts';
import { checkPages } from '../../core/fsck/base.ts';
import type { GroupId } from '../../core/ids.ts';
import { plus, type Seq } from '../../core/ids.ts';
import { groupsOf } from '../../core/replica/manifest.ts';
import { Replica } from '../../core/replica/replica.ts';
import { recoverWal } from '../../core/wal/recover.ts';
import { entropyFrom } from '../entropy.ts';
import { CopiedDirectory } from './copy.ts';
import type { Damage, Scene } from './damage.ts';

type Fatal = Extract<Effect, { kind: 'fatal' }>;
type Send = Extract<Effect, { kind: 'send' }>;

/** Of the first persist. */
export const FIRST_SEQ: Seq = 1 as Seq;

/** A node on a copy of its own, without peers: what it wants written is written, what it says is kept. */
export class LivingCopy {
  readonly directory: CopiedDirectory;
  readonly replica: Replica;
  readonly fatals: Fatal[] = [];
  readonly removed: string[] = [];
  sent: Send[] = [];
  now: Clocks;

  /** @throws StorageError where the directory is refused. */
  constructor(directory: CopiedDirectory, { reader, clocks, draws, hasher, probe }: Scene, disk: 'works' | 'refuses' = 'works') {
    this.directory = directory;
    this.now = clocks;
    const { replica, effects } = Replica.open(reader, clocks, {
      hasher,
      conditions: celConditions,
      entropy: entropyFrom(draws),
      seed: [1, 2, 3, 4],
      buggify: () => false,
      timing: { electionTimeoutMinMicros: 100_000, electionTimeoutMaxMicros: 200_000, heartbeatMicros: 20_000 },
      segmentBytes: 1 << 14,
      ...(probe === undefined ? {} : { probe }),
    });
    this.replica = replica;
    this.give({ kind: 'deadline' }); // what is early is harmless
    if (disk === 'works') this.carryOut(effects);
    else this.give({ kind: 'persistFailed', seq: FIRST_SEQ, code: 'EIO' });
  }

  give(input: InputBody): void {
    this.carryOut(this.replica.step({ ...input, ...this.now }));
  }

  /** Time goes on, and what is due happens. */
  pass(micros: number): void {
    this.now = { now: plus(this.now.now, micros), wall: plus(this.now.wall, micros) };
    this.give({ kind: 'deadline' });
  }

  private carryOut(effects: readonly Effect[]): void {
    const pending = [...effects];
    for (let effect = pending.shift(); effect !== undefined; effect = pending.shift()) {
      if (effect.kind === 'fatal') this.fatals.push(effect);
      if (effect.kind === 'send') this.sent.push(effect);
      if (effect.kind !== 'persist') continue;
      this.directory.execute(effect.ops);
      for (const op of effect.ops) if (op.op === 'remove') this.removed.push(op.file);
      pending.push(...this.replica.step({ kind: 'persisted', seq: effect.seq, ...this.now }));
    }
  }

  /** Ids of the manifest's groups that are up here. */
  get groups(): readonly GroupId[] {
    const manifest = this.replica.manifest();
    const ids = manifest === undefined ? [] : groupsOf(manifest).map(({ group }) => group);
    return ids.filter((id) => this.replica.group(id) !== undefined);
  }

  /** Groups that take no part. */
  get quarantined(): readonly GroupId[] {
    return this.groups.filter((id) => this.replica.group(id)?.quarantined === true);
  }

  /** What decides what a group does next; equal for equal groups. */
  digestOf(group: GroupId): string {
    const out = new Writer();
    this.replica.group(group)?.digest(out);
    return String(out.peek());
  }
}

/** How an opening went. */
export type Opening =
  | { readonly kind: 'refused'; readonly code: string }
  | { readonly kind: 'opened'; readonly node: LivingCopy };

/** @param wrap what the node reads through, if not the copy itself. */
export function open(
  directory: CopiedDirectory,
  scene: Scene,
  wrap: (copy: CopiedDirectory) => DirectoryReader = (copy) => copy,
): Opening {
  try {
    return { kind: 'opened', node: new LivingCopy(directory, { ...scene, reader: wrap(directory) }) };
  } catch (error) {
    if (error instanceof StorageError) return { kind: 'refused', code: error.code };
    throw error;
  }
}

/** A node that opens without a word about anything, and can read what is to be compared: what the original is when nothing is wrong with it. */
export function cleanCopy(scene: Scene): LivingCopy | undefined {
  const opening = open(new CopiedDirectory(scene.reader), scene);
  if (opening.kind === 'refused') return undefined;
  const { node } = opening;
  const isClean = node.replica.recovered.damage.length === 0 && node.fatals.length === 0 && node.quarantined.length === 0;
  if (!isClean || node.groups.length === 0) return undefined;
  try {
    for (const group of node.groups) node.digestOf(group);
  } catch (error) {
    if (error instanceof DamageError) return undefined;
    throw error;
  }
  return hasWholePages(scene.reader) ? node : undefined;
}

/** Whether every page is what was written, those that nobody has asked for yet too. */
function hasWholePages(reader: DirectoryReader): boolean {
  return reader.list().every((name) => {
    const group = parsePageFileName(name)?.group;
    const block = group === undefined ? 'none' : findCheckpoint(reader, name, group);
    return typeof block === 'string' || checkPages(name, block, reader, undefined).length === 0;
  });
}

/**
 * Opens a copy that was opened before, some log later. @returns what it has forgotten: what was quarantined once stays so, whatever
 * is written behind it.
 */
export function forgottenLater(first: LivingCopy, damage: Damage, scene: Scene): string | undefined {
  const { directory, quarantined } = first;
  const recovery = recoverWal(directory, { segmentBytes: 1 << 14 });
  directory.execute(recovery.repairs);
  const known = [...recovery.groups][0];
  if (known !== undefined) {
    directory.execute(recovery.wal.plan([{ kind: 'hardState', group: known[0], hardState: known[1].hardState }]));
  }
  const again = open(new CopiedDirectory(directory, new Map(), damage.readable), scene);
  if (again.kind === 'refused') return `it was refused as ${again.code} when it was opened again`;
  const forgotten = quarantined.filter((id) => !again.node.quarantined.includes(id));
  return forgotten.length === 0 ? undefined : `group ${forgotten[0]} was let in again`;
}
