/** The gRPC requests of etcd's KV service that the benchmark sends, in bytes (etcdserverpb/rpc.proto). */

function field(number: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([number * 8 + 2]), varint(bytes.length), bytes]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest);
  return Buffer.from(bytes);
}

/** Not compressed, then the length. */
function framed(message: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

function put(key: string, value: Uint8Array): Buffer {
  return Buffer.concat([field(1, Buffer.from(key)), field(2, value)]);
}

export function putBody(key: string, value: Uint8Array): Buffer {
  return framed(put(key, value));
}

/** Linearizable, as is etcd's default. */
export function rangeBody(key: string): Buffer {
  return framed(field(1, Buffer.from(key)));
}

/** Every put in the branch that is taken: there is no comparison. */
export function transactionBody(writes: readonly { readonly key: string; readonly value: Uint8Array }[]): Buffer {
  return framed(Buffer.concat(writes.map(({ key, value }) => field(2, field(2, put(key, value))))));
}
