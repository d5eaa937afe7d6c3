/** A group's state as a stream of bytes, from this node's own replica or from another node; at the pace of whoever reads. */
import type { ClientResult } from '../../core/client/protocol.ts';
import type { GroupId } from '../../core/ids.ts';
import { fromClientError, HttpError } from '../http/errors.ts';
import type { Runtime } from '../runtime.ts';

/** The bytes of a snapshot's file, in order. */
export type GroupStream = AsyncGenerator<Uint8Array, void>;

/** Longest an export waits for a leader who confirms its read. Why 10 s: several elections, as every request gets. */
const BEGIN_MS = 10_000;
const PAUSE_MS = 200;
/** Longest another node may keep silent. */
const SILENCE_MS = 60_000;

/** Of this node. @throws HttpError that names the group where it cannot be had, before or behind the first piece. */
export async function* ownGroup(runtime: Pick<Runtime, 'newExport' | 'export' | 'endExport'>, group: GroupId): GroupStream {
  const until = performance.now() + BEGIN_MS;
  let id = runtime.newExport();
  let piece = await runtime.export(id, group, 'begin');
  while (isWorthAnother(piece) && performance.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    id = runtime.newExport();
    piece = await runtime.export(id, group, 'begin');
  }
  let isOpen = true;
  try {
    for (;;) {
      if ('kind' in piece) {
        isOpen = false;
        throw refusal(group, piece);
      }
      isOpen = !piece.last;
      yield piece.bytes;
      if (piece.last) return;
      piece = await runtime.export(id, group, 'more');
    }
  } finally {
    if (isOpen) runtime.endExport(id, group);
  }
}

/** Nobody could confirm the read: there is an election, or the node opens its log. */
function isWorthAnother(piece: ClientResult | object): boolean {
  return 'kind' in piece && piece.kind === 'error' && (piece as { code: string }).code === 'unavailable';
}

function refusal(group: GroupId, result: ClientResult): HttpError {
  if (result.kind !== 'error') return new HttpError(500, 'internal_error', `Group ${group} gave another answer than its state.`);
  if (result.code === 'quarantined') return quarantined(group);
  const { status, code, message, retryAfterSeconds } = fromClientError(result);
  return new HttpError(status, code, `Group ${group}: ${message}`, retryAfterSeconds);
}

/** A group of this node that takes no part. */
export function quarantined(group: GroupId): HttpError {
  const message = `Group ${group} is quarantined on this node, so that its state is not to be had here. Take the backup from another node (--host), and see vouch fsck.`;
  return new HttpError(503, 'group_quarantined', message);
}

/** Of the first of these nodes that gives it. @param addresses HOST:PORT of those that hold the group */
export async function* groupOfOthers(group: GroupId, addresses: readonly string[]): GroupStream {
  const response = await openOther(group, addresses);
  const reader = response.body.getReader();
  try {
    for (;;) {
      const { done, value } = await beforeSilence(reader.read(), group, response.address);
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

async function openOther(
  group: GroupId,
  addresses: readonly string[],
): Promise<{ readonly address: string; readonly body: ReadableStream<Uint8Array> }> {
  let trouble = 'this node knows nobody who holds it';
  for (const address of addresses) {
    try {
      const response = await fetch(`http://${address}/v1/backup/groups/${group}`);
      if (response.ok && response.body !== null) return { address, body: response.body };
      const { message } = (await response.json()) as { message?: string };
      trouble = `${address} says: ${message ?? response.status}`;
    } catch (error) {
      trouble = `${address} cannot be reached (${reasonOf(error)})`;
    }
  }
  throw new HttpError(503, 'unavailable', `Group ${group} is not on this node, and cannot be had from others: ${trouble}`, 1);
}

async function beforeSilence<T>(read: Promise<T>, group: GroupId, address: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing came for ${SILENCE_MS / 1000} s`)), SILENCE_MS);
  });
  try {
    return await Promise.race([read, silence]);
  } catch (error) {
    throw new HttpError(503, 'unavailable', `Group ${group}: ${address} stopped sending it (${reasonOf(error)}).`, 1);
  } finally {
    clearTimeout(timer);
  }
}

function reasonOf(error: unknown): string {
  const { cause, message } = error as { readonly cause?: { readonly code?: string }; readonly message: string };
  return cause?.code ?? message;
}
