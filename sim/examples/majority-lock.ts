/**
 * A second protocol, as a worked example: a lock with leases. A client asks every node; a majority of grants makes it the
 * holder until a while after it began to ask. Nodes keep nothing on disk: one that was just opened may have forgotten a
 * grant, so it refuses everybody until any grant of its former life has run out.
 * The planted bug is the obvious omission: a node that grants at once after a restart. Two clients then hold the lock.
 * Source: the algorithm and its critique are Sanfilippo's Redlock and Kleppmann 2016, "How to do distributed locking".
 */
import { fromUtf8, toUtf8 } from '../../core/bytes/text.ts';
import { type Micros, NEVER, type NodeId, type RequestId, type Seq } from '../../core/ids.ts';
import type { FrameQueue, Protocol, SimCore, SimEffect, SimInput } from '../protocol.ts';

export interface LockRequest {
  readonly kind: 'acquire' | 'release';
  readonly client: number;
  /** Grows with every attempt of the client: a late release must not undo a newer grant. */
  readonly round: number;
}

export interface LockShape {
  /** Nodes do not talk to each other. */
  readonly envelope: never;
  readonly request: LockRequest;
  readonly result: { readonly granted: boolean; readonly round: number };
  readonly manifest: undefined;
}

/** How long a grant binds a node, by its own clock; clocks run at 1 ± 10%. */
const LEASE_MICROS = 1_000_000;
/** How long a client counts on it, from before it asked: safely less than the shortest lease. */
export const HOLD_MICROS = 700_000;

export class LockNode implements SimCore<LockShape> {
  private holder: { readonly client: number; readonly round: number; readonly until: number } | undefined;
  /** Nobody is granted anything before this. */
  private readonly refuseUntil: number;

  constructor(openedAt: Micros, isHasty: boolean) {
    this.refuseUntil = isHasty ? 0 : openedAt + LEASE_MICROS;
  }

  step(input: SimInput<LockShape>): readonly SimEffect<LockShape>[] {
    if (input.kind !== 'request') return [];
    const { kind, round } = input.body;
    const granted = kind === 'acquire' && this.acquire(input.body, input.now);
    if (kind === 'release' && this.holder?.client === input.body.client && this.holder.round === round) this.holder = undefined;
    return [reply(input.id, { granted, round })];
  }

  nextDeadline(): Micros {
    return NEVER;
  }

  digest(): string {
    return JSON.stringify(this.holder ?? null);
  }

  private acquire({ client, round }: LockRequest, now: Micros): boolean {
    if (now < this.refuseUntil) return false;
    if (this.holder !== undefined && this.holder.client !== client && now < this.holder.until) return false;
    this.holder = { client, round, until: now + LEASE_MICROS };
    return true;
  }
}

function reply(id: RequestId, result: LockShape['result']): SimEffect<LockShape> {
  return { kind: 'reply', id, after: 0 as Seq, result };
}

const SILENT: FrameQueue<LockShape> = { push: () => undefined, release: () => [] };

export class LockProtocol implements Protocol<LockShape, LockNode> {
  private readonly isHasty: boolean;
  private created: number = 0;

  constructor(options: { readonly isHasty: boolean }) {
    this.isHasty = options.isHasty;
  }

  create(): { readonly id: NodeId; readonly ops: readonly [] } {
    this.created += 1;
    return { id: `lock-${this.created}` as NodeId, ops: [] };
  }

  open(_reader: unknown, clocks: { readonly now: Micros }): { readonly core: LockNode; readonly effects: readonly [] } {
    return { core: new LockNode(clocks.now, this.isHasty), effects: [] };
  }

  manifest(): undefined {
    return undefined;
  }

  isMember(): boolean {
    return true;
  }

  frames(): FrameQueue<LockShape> {
    return SILENT;
  }

  messageCount(): number {
    return 0;
  }

  decodeRequest(bytes: Uint8Array): { readonly id: number; readonly body: LockRequest } | undefined {
    const { id, ...body } = decode<LockRequest & { readonly id: number }>(bytes);
    return { id, body };
  }

  encodeResult(id: number, result: LockShape['result']): Uint8Array {
    return encode({ id, ...result });
  }
}

export function encode(value: object): Uint8Array {
  return toUtf8(JSON.stringify(value)) as Uint8Array;
}

export function decode<T>(bytes: Uint8Array): T {
  return JSON.parse(fromUtf8(bytes) ?? 'null') as T;
}
