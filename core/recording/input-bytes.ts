/**
 * One input of a core as bytes, for tapes: u8 kind, then
 *   1 frame          id from, blob bytes
 *   2 deadline       nothing
 *   3 persisted      u64 seq
 *   4 persistFailed  u64 seq, text code
 *   5 request        u64 id, u8 form, blob: form 0 the client frame of the wire (codec/client-frame.ts), form 1 JSON
 *   6 export         u64 id, u32 group, u8 ask: 0 begin, 1 more, 2 end
 *   7 bootstrap      blob manifest (replica/manifest.ts)
 *   8 recoverVault   u32 group, ulid vault
 *   9 peer           id peer, u8 state: 0 up, 1 down
 *
 * Why a request has two forms: the wire's is for requests that passed admission, and a core is given others, too (texts with lone
 * surrogates, out of a JSON body); it refuses them, and a tape has to hold them all the same.
 */
import { InvariantError, unreachable } from '../assert.ts';
import { readId, writeId } from '../bytes/hex-id.ts';
import type { Reader } from '../bytes/reader.ts';
import { fromUtf8, toUtf8 } from '../bytes/text.ts';
import { Writer } from '../bytes/writer.ts';
import type { ClientRequest } from '../client/protocol.ts';
import { decodeClientRequest, encodeClientRequest } from '../codec/client-frame.ts';
import type { ExportAsk, InputBody } from '../effect.ts';
import type { GroupId, RequestId, Seq } from '../ids.ts';
import { CLIENT_REQUEST_BYTES_MAX } from '../limits.ts';
import { decodeManifest, encodeManifest, type Manifest } from '../replica/manifest.ts';
import { readUlid, writeUlid } from '../state/ulid-field.ts';

/** On tapes: do not renumber. */
const Kind: Readonly<Record<InputBody['kind'], number>> = {
  frame: 1,
  deadline: 2,
  persisted: 3,
  persistFailed: 4,
  request: 5,
  export: 6,
  bootstrap: 7,
  recoverVault: 8,
  peer: 9,
};
const KINDS: readonly (InputBody['kind'] | undefined)[] = [
  undefined,
  ...(Object.keys(Kind) as InputBody['kind'][]).sort((a, b) => Kind[a] - Kind[b]),
];
const Form = { wire: 0, json: 1 } as const;
const ASKS: readonly ExportAsk[] = ['begin', 'more', 'end'];
const STATES: readonly ('up' | 'down')[] = ['up', 'down'];
/** Longest code that a disk fails with. */
const CODE_BYTES_MAX = 256;
/** What is longer was not written here; a frame, a request and a manifest are bounded where they come from. */
const BLOB_BYTES_MAX = 1 << 28;

const wire = new Writer(1024);

/** Appends one input. */
export function writeInput(writer: Writer, input: InputBody): void {
  writer.u8(Kind[input.kind]);
  switch (input.kind) {
    case 'frame':
      writeId(writer, input.from);
      return writer.blob(input.bytes);
    case 'deadline':
      return;
    case 'persisted':
      return writer.u64(input.seq);
    case 'persistFailed':
      writer.u64(input.seq);
      return writer.text(input.code);
    case 'request':
      writer.u64(input.id);
      return writeRequest(writer, input.id, input.body);
    case 'export':
      writer.u64(input.id);
      writer.u32(input.group);
      return writer.u8(ASKS.indexOf(input.ask));
    case 'bootstrap':
      return writer.blob(encodeManifest(input.manifest));
    case 'recoverVault':
      writer.u32(input.group);
      return writeUlid(writer, input.vault);
    case 'peer':
      writeId(writer, input.peer);
      return writer.u8(STATES.indexOf(input.state));
    default:
      return unreachable(input);
  }
}

/** Reads one input; where the reader has failed the value means nothing. Nothing in it refers to the reader's bytes. */
export function readInput(reader: Reader): InputBody {
  const kind = KINDS[reader.u8()];
  switch (kind) {
    case 'frame':
      return { kind, from: readId<'NodeId'>(reader), bytes: reader.blobCopy(BLOB_BYTES_MAX) };
    case 'persisted':
      return { kind, seq: reader.u64() as Seq };
    case 'persistFailed':
      return { kind, seq: reader.u64() as Seq, code: reader.text(CODE_BYTES_MAX) };
    case 'request':
      return { kind, id: reader.u64() as RequestId, body: readRequest(reader) };
    case 'export':
      return { kind, id: reader.u64() as RequestId, group: reader.u32() as GroupId, ask: readOne(reader, ASKS, 'end') };
    case 'bootstrap':
      return { kind, manifest: readManifest(reader) };
    case 'recoverVault':
      return { kind, group: reader.u32() as GroupId, vault: readUlid<'VaultId'>(reader) };
    case 'peer':
      return { kind, peer: readId<'NodeId'>(reader), state: readOne(reader, STATES, 'down') };
    case undefined:
      reader.fail('bad_tag');
      return { kind: 'deadline' };
    case 'deadline':
      return { kind };
    default:
      return unreachable(kind);
  }
}

function readOne<T>(reader: Reader, values: readonly T[], otherwise: T): T {
  const value = values[reader.u8()];
  if (value === undefined) reader.fail('bad_tag');
  return value ?? otherwise;
}

function writeRequest(writer: Writer, id: RequestId, body: ClientRequest): void {
  const bytes = onTheWire(id, body);
  writer.u8(bytes === undefined ? Form.json : Form.wire);
  writer.blob(bytes ?? asJson(body));
}

/** undefined: the wire has no form for it. */
function onTheWire(id: RequestId, request: ClientRequest): Uint8Array | undefined {
  try {
    const bytes = encodeClientRequest({ id, request }, wire);
    return bytes.length > CLIENT_REQUEST_BYTES_MAX ? undefined : bytes;
  } catch (error) {
    if (error instanceof InvariantError) return undefined;
    throw error;
  }
}

/** JSON escapes lone surrogates, so that its text is well-formed; bytes stand as {"bytes": [...]}. */
function asJson(body: ClientRequest): Uint8Array {
  const text = JSON.stringify(body, (_, value: unknown) => (value instanceof Uint8Array ? { bytes: [...value] } : value));
  return toUtf8(text) as Uint8Array;
}

function readRequest(reader: Reader): ClientRequest {
  const form = reader.u8();
  const bytes = reader.blob(BLOB_BYTES_MAX);
  if (form === Form.json) return fromJson(reader, bytes);
  const decoded = decodeClientRequest(bytes);
  if (form === Form.wire && decoded.ok) return decoded.value.request;
  reader.fail(decoded.ok ? 'bad_tag' : decoded.reason);
  return { kind: 'status' };
}

function fromJson(reader: Reader, bytes: Uint8Array): ClientRequest {
  const revived = (_: string, value: unknown): unknown => (isBytes(value) ? Uint8Array.from(value.bytes) : value);
  try {
    return JSON.parse(fromUtf8(bytes) ?? '', revived) as ClientRequest;
  } catch {
    reader.fail('bad_value');
    return { kind: 'status' };
  }
}

function isBytes(value: unknown): value is { readonly bytes: readonly number[] } {
  return typeof value === 'object' && value !== null && 'bytes' in value && Array.isArray(value.bytes);
}

function readManifest(reader: Reader): Manifest {
  const decoded = decodeManifest(reader.blob(BLOB_BYTES_MAX));
  if (decoded.ok) return decoded.value;
  reader.fail(decoded.reason);
  return {
    cluster: '' as Manifest['cluster'],
    founders: [],
    groups: [],
    revision: 0 as Manifest['revision'],
    members: [],
    placed: [],
  };
}
