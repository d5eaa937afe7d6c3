/**
 * A node that was started with --join, and found a cluster there instead of nodes that wait for one: it asks to be added, until
 * it is. The answer that matters is a manifest, which comes over a peer link once a member has applied the addition.
 */
import type { Logger } from 'pino';
import type { MemberCommand } from '../core/client/protocol.ts';
import type { Member } from '../core/replica/manifest.ts';
import { ClientDriver, type OpenLink } from '../net/client/driver.ts';
import type { LinkView } from './control.ts';

export interface JoiningOptions {
  readonly self: Member;
  /** Addresses that it was given. */
  readonly join: readonly string[];
  /** Links that are up. */
  readonly links: () => readonly LinkView[];
  /** Whether this node has become a member. */
  readonly isMember: () => boolean;
  readonly openLink: OpenLink;
  readonly log: Logger;
}

/** How long one attempt may take; several elections. */
const DEADLINE_MS = 10_000;
/** Between attempts, and between looks at whether it has worked. */
const PAUSE_MS = 1_000;
/** Nobody has answered for so long: worth a line in the log, because the list is fixed. */
const SILENCE_MS = 10_000;

export class Joining {
  private readonly options: JoiningOptions;
  private asking: boolean = false;
  private stopped: boolean = false;
  private client: ClientDriver | undefined = undefined;
  private lastTrouble: string = '';

  constructor(options: JoiningOptions) {
    this.options = options;
    if (options.join.length > 0) setTimeout(() => this.sayLonely(), SILENCE_MS).unref();
  }

  /** To be called when a link opened: it may lead to a cluster. */
  notice(): void {
    if (this.asking || this.stopped || this.options.isMember()) return;
    if (this.hosts().length === 0) return;
    this.asking = true;
    void this.ask().finally(() => {
      this.asking = false;
    });
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.client?.close();
  }

  private sayLonely(): void {
    const { join, links, isMember, log } = this.options;
    if (this.stopped || isMember() || links().length > 0) return;
    log.warn(
      { join },
      'nobody answers at the addresses of --join; this node goes on trying. If they are wrong, start it with an empty directory and others, or add it from a member: vouch member add',
    );
  }

  private hosts(): readonly string[] {
    return this.options.links().flatMap((link) => (link.initialised ? [link.address] : []));
  }

  private async ask(): Promise<void> {
    const { self, log, isMember } = this.options;
    log.info({ hosts: this.hosts() }, 'asking to join the cluster');
    while (!this.stopped && !isMember()) {
      const hosts = this.hosts();
      if (hosts.length === 0) return;
      const trouble = await this.attempt(hosts, { kind: 'addMember', node: self.id, address: self.address, role: 'voter' });
      if (this.stopped || isMember()) return;
      if (trouble !== undefined && trouble !== this.lastTrouble) log.error({ hosts }, `this node was not added: ${trouble}`);
      this.lastTrouble = trouble ?? '';
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }

  /** @returns why it was refused, if so. */
  private async attempt(hosts: readonly string[], body: MemberCommand): Promise<string | undefined> {
    const endpoints = hosts.map((address) => ({ address }));
    const client = new ClientDriver({ endpoints, openLink: this.options.openLink, deadlineMs: DEADLINE_MS });
    this.client = client;
    try {
      const outcome = await client.ask({ kind: 'directory', body });
      return outcome.ok ? undefined : `${outcome.message} (${outcome.code})`;
    } finally {
      await client.close();
    }
  }
}
