/**
 * The handshake of a peer link: how nodes recognise each other before a Raft frame may travel.
 *
 *   hello                                        manifest
 *   OFFSET SIZE                                  OFFSET SIZE
 *   0      2    version and type                 0      2    version and type
 *   2      16   cluster id; zeros = none yet     2      4    length, then the bytes of core/replica/manifest.ts
 *   18     16   node id                          end-4  4    CRC-32C
 *   34     4    length + UTF-8 HOST:PORT
 *   end-4  4    CRC-32C
 *
 * The dialing side speaks first, the accepting side answers; both send one hello. `judgeHello` says what each does then:
 *   same cluster                        -> the link carries frames (or waits, where neither has a cluster yet)
 *   we have a cluster, the peer none    -> a peer named by our manifest is sent that manifest and bootstraps with it; another
 *                                          one waits until it is added
 *   members have changed since the founding -> a peer named by our manifest is sent it: it may have been away for so long that
 *                                          it knows none of the present members, or was removed itself
 *   two different clusters, our own id, or not the node we dialed -> the link is closed
 */
import { ID_BYTES, readId, writeId } from '../bytes/hex-id.ts';
import { Writer } from '../bytes/writer.ts';
import type { Decoded } from '../errors.ts';
import type { ClusterId, NodeId } from '../ids.ts';
import { ADDRESS_BYTES_MAX, FRAME_BYTES_MAX } from '../limits.ts';
import { decodeManifest, encodeManifest, type Manifest } from '../replica/manifest.ts';
import { beginLinkMessage, LinkMessageType, openLinkMessage, sealLinkMessage } from './link-message.ts';

export interface Hello {
  /** Undefined before bootstrap. */
  readonly cluster: ClusterId | undefined;
  readonly node: NodeId;
  /** HOST:PORT under which others reach the sender. */
  readonly address: string;
}

const NO_CLUSTER = '0'.repeat(2 * ID_BYTES) as ClusterId;

export function encodeHello(hello: Hello): Uint8Array {
  const writer = new Writer();
  beginLinkMessage(writer, LinkMessageType.hello);
  writeId(writer, hello.cluster ?? NO_CLUSTER);
  writeId(writer, hello.node);
  writer.text(hello.address);
  return sealLinkMessage(writer);
}

export function decodeHello(bytes: Uint8Array): Decoded<Hello> {
  const reader = openLinkMessage(bytes, LinkMessageType.hello);
  const cluster = readId<'ClusterId'>(reader);
  const node = readId<'NodeId'>(reader);
  const address = reader.text(ADDRESS_BYTES_MAX);
  if (address === '' || node === (NO_CLUSTER as string)) reader.fail('bad_value');
  return reader.finish({ cluster: cluster === NO_CLUSTER ? undefined : cluster, node, address });
}

export function encodeManifestMessage(manifest: Manifest): Uint8Array {
  const writer = new Writer();
  beginLinkMessage(writer, LinkMessageType.manifest);
  writer.blob(encodeManifest(manifest));
  return sealLinkMessage(writer);
}

export function decodeManifestMessage(bytes: Uint8Array): Decoded<Manifest> {
  const reader = openLinkMessage(bytes, LinkMessageType.manifest);
  const body = reader.blob(FRAME_BYTES_MAX);
  const outer = reader.finish(body);
  return outer.ok ? decodeManifest(outer.value) : outer;
}

/** What to do after the other side's hello. */
export type HelloVerdict =
  | { readonly kind: 'accept' }
  /** Accept, and send the manifest: the peer may not know it. */
  | { readonly kind: 'introduce'; readonly manifest: Manifest }
  | { readonly kind: 'refuse'; readonly reason: 'own_id' | 'other_cluster' | 'other_node' };

/** @param expected the node this address is known to be, where we dialed one. */
export function judgeHello(
  own: { readonly node: NodeId; readonly manifest: Manifest | undefined },
  hello: Hello,
  expected: NodeId | undefined,
): HelloVerdict {
  if (hello.node === own.node) return { kind: 'refuse', reason: 'own_id' };
  if (expected !== undefined && hello.node !== expected) return { kind: 'refuse', reason: 'other_node' };
  const manifest = own.manifest;
  if (manifest === undefined) return { kind: 'accept' };
  if (hello.cluster !== undefined && hello.cluster !== manifest.cluster) return { kind: 'refuse', reason: 'other_cluster' };
  return hasToHear(manifest, hello) ? { kind: 'introduce', manifest } : { kind: 'accept' };
}

/** Whether the manifest says something to the peer that it may not know: that it is a member, or one no more, or who else is. */
export function hasToHear(manifest: Manifest, hello: Hello): boolean {
  const isNamed = manifest.members.some(({ id }) => id === hello.node);
  return isNamed && (hello.cluster === undefined || manifest.revision > 0);
}
