/**
 * What a running node notices about its own place in the cluster: that it leaves and is gone (for its log, once each), and that it is
 * reached under another address than the directory has (it then tells the directory).
 */
import type { Logger } from 'pino';
import type { OperationOutcome } from '../core/client/operation.ts';
import type { MemberCommand } from '../core/client/protocol.ts';
import type { Manifest, Member } from '../core/replica/manifest.ts';

/** Until a new address that could not be told is told again. */
const RETRY_MS = 5_000;
/** A removed node that has just started may still hear of a group that counts on it. */
const SILENCE_MS = 2_000;
const LOOK_MS = 500;

export interface StandingOptions {
  readonly self: Member;
  readonly manifest: () => Manifest | undefined;
  /** Whether no group counts on a removed node any more. */
  readonly isGone: () => boolean;
  readonly move: (command: MemberCommand) => Promise<OperationOutcome>;
  readonly log: Logger;
}

export class Standing {
  private readonly options: StandingOptions;
  /** The manifest looked at last: nothing changes without a new one. */
  private seen: Manifest | undefined = undefined;
  private saidLeaving: boolean = false;
  private saidRemoved: boolean = false;
  /** Since when no group has counted on this node; undefined while one does. */
  private goneSince: number | undefined = undefined;
  private nextLook: NodeJS.Timeout | undefined = undefined;
  private moving: boolean = false;

  constructor(options: StandingOptions) {
    this.options = options;
  }

  /** To be called after every turn. */
  notice(): void {
    const manifest = this.options.manifest();
    if (manifest === this.seen || manifest === undefined) return;
    this.seen = manifest;
    const { self } = this.options;
    const entry = manifest.members.find(({ id }) => id === self.id);
    if (entry?.removed) return this.leave();
    if (entry !== undefined && entry.address !== self.address && !this.moving) void this.move(entry.address);
  }

  /** Removed is not gone: until others can do without it a node votes, and whoever stops it then may stop a group. */
  private leave(): void {
    if (this.saidRemoved) return;
    const now = performance.now();
    this.goneSince = this.options.isGone() ? (this.goneSince ?? now) : undefined;
    if (this.goneSince !== undefined && now - this.goneSince >= SILENCE_MS) return this.sayRemoved();
    if (this.goneSince === undefined && !this.saidLeaving) {
      this.saidLeaving = true;
      this.options.log.warn(
        'this node is to leave its cluster, and takes part until its groups can do without it: do not stop it yet',
      );
    }
    clearTimeout(this.nextLook);
    this.nextLook = setTimeout(() => this.leave(), LOOK_MS).unref();
  }

  private sayRemoved(): void {
    this.saidRemoved = true;
    this.options.log.warn(
      'this node was removed from its cluster: it takes part in nothing any more and keeps its data; it can be stopped',
    );
  }

  private async move(before: string): Promise<void> {
    const { self, log, move } = this.options;
    this.moving = true;
    log.info({ before, now: self.address }, 'telling the cluster the new address of this node');
    const outcome = await move({ kind: 'moveMember', node: self.id, address: self.address });
    this.moving = false;
    if (outcome.ok) return;
    log.error(`the cluster still has ${before} for this node: ${outcome.message} (${outcome.code})`);
    setTimeout(() => {
      this.seen = undefined;
    }, RETRY_MS).unref();
  }
}
