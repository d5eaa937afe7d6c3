/**
 * One message between a client and a node. Binary WebSocket messages keep their boundaries, so there is no outer length.
 *
 *   OFFSET SIZE
 *   0      1    version = 2
 *   1      1    type: 1 request, 2 result
 *   2      8    request id, chosen by the client, unique on its link
 *   10     …    body (client-request.ts, client-result.ts)
 *
 * Why no checksum, unlike peer frames: it would cost a busy node a tenth of a core, a verified answer carries a proof, and
 * beyond loopback clients come over TLS, which authenticates every byte.
 */
import { Reader } from '../bytes/reader.ts';
import { Writer } from '../bytes/writer.ts';
import type { ClientRequest, ClientResult } from '../client/protocol.ts';
import type { Decoded } from '../errors.ts';
import type { RequestId } from '../ids.ts';
import { CLIENT_REQUEST_BYTES_MAX, CLIENT_RESULT_BYTES_MAX } from '../limits.ts';
import { readRequest, writeRequest } from './client-request.ts';
import { readResult, writeResult } from './client-result.ts';

export const CLIENT_VERSION: number = 2;
/** On the wire: do not renumber. */
const Type = { request: 1, result: 2 } as const;
const HEADER_BYTES = 10;

export interface ClientRequestFrame {
  readonly id: RequestId;
  readonly request: ClientRequest;
}

export interface ClientResultFrame {
  readonly id: RequestId;
  readonly result: ClientResult;
}

/** @param writer reused from frame to frame by busy callers. @returns a copy of exact size. The request passed admission. */
export function encodeClientRequest(frame: ClientRequestFrame, writer: Writer = new Writer()): Uint8Array {
  begin(writer, Type.request, frame.id);
  writeRequest(writer, frame.request);
  return writer.cut();
}

/** @param writer reused from frame to frame by busy callers. @returns a copy of exact size. */
export function encodeClientResult(frame: ClientResultFrame, writer: Writer = new Writer()): Uint8Array {
  begin(writer, Type.result, frame.id);
  writeResult(writer, frame.result);
  return writer.cut();
}

export function decodeClientRequest(bytes: Uint8Array): Decoded<ClientRequestFrame> {
  const reader = open(bytes, Type.request, CLIENT_REQUEST_BYTES_MAX);
  const id = reader.u64() as RequestId;
  return reader.finish({ id, request: readRequest(reader) });
}

export function decodeClientResult(bytes: Uint8Array): Decoded<ClientResultFrame> {
  const reader = open(bytes, Type.result, CLIENT_RESULT_BYTES_MAX);
  const id = reader.u64() as RequestId;
  return reader.finish({ id, result: readResult(reader) });
}

/** The id of a request whose body does not decode, so that it can be refused with a sentence; undefined where even that is unreadable. */
export function clientRequestId(bytes: Uint8Array): RequestId | undefined {
  const reader = open(bytes, Type.request, CLIENT_REQUEST_BYTES_MAX);
  const id = reader.u64() as RequestId;
  return reader.failed === undefined ? id : undefined;
}

function begin(writer: Writer, type: number, requestId: RequestId): void {
  writer.reset();
  writer.u8(CLIENT_VERSION);
  writer.u8(type);
  writer.u64(requestId);
}

function open(bytes: Uint8Array, type: number, maxBytes: number): Reader {
  const reader = new Reader(bytes);
  if (bytes.length > maxBytes) reader.fail('too_large');
  if (bytes.length < HEADER_BYTES) reader.fail('truncated');
  if (reader.u8() !== CLIENT_VERSION) reader.fail('bad_version');
  if (reader.u8() !== type) reader.fail('bad_tag');
  return reader;
}
