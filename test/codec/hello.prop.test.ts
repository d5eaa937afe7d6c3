/** The handshake: its bytes, and who is let in, told, or refused. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { toHex } from '../../core/bytes/text.ts';
import {
  decodeHello,
  decodeManifestMessage,
  encodeHello,
  encodeManifestMessage,
  type Hello,
  judgeHello,
} from '../../core/codec/hello.ts';
import { LinkMessageType, linkMessageType } from '../../core/codec/link-message.ts';
import { type ClusterId, GLOBAL_GROUP, type LogIndex, type NodeId } from '../../core/ids.ts';
import { foundingManifest, type Manifest } from '../../core/replica/manifest.ts';
import { property, propertyRuns } from '../support/property.ts';
import { nodeId } from './field-arbitraries.ts';
import { flipBit, refusesEveryPrefix, refusesTrailingByte } from './hostile.ts';

const A = 'a'.repeat(32) as NodeId;
const B = 'b'.repeat(32) as NodeId;
const STRANGER = 'd'.repeat(32) as NodeId;
const CLUSTER = 'c'.repeat(32) as ClusterId;
const MANIFEST: Manifest = foundingManifest({
  cluster: CLUSTER,
  founders: [
    { id: A, address: '127.0.0.1:7400' },
    { id: B, address: '127.0.0.1:7401' },
  ],
  groups: [{ group: GLOBAL_GROUP, voters: [A, B] }],
});

const hello: fc.Arbitrary<Hello> = fc.record({
  cluster: fc.option(nodeId as fc.Arbitrary<never>, { nil: undefined }),
  node: nodeId.filter((id) => id !== '0'.repeat(32)),
  address: fc.constantFrom('127.0.0.1:7400', '[::1]:80', 'knoten.example:7400'),
});

property('a hello decodes to what was encoded', hello, (value) => {
  const bytes = encodeHello(value);
  expect(decodeHello(bytes)).toEqual({
    ok: true,
    value: { ...value, cluster: value.cluster === '0'.repeat(32) ? undefined : value.cluster },
  });
  expect(linkMessageType(bytes)).toBe(LinkMessageType.hello);
});

propertyRuns(40, 'a damaged hello is refused', hello, fc.nat(), (value, at) => {
  const bytes = encodeHello(value);
  refusesEveryPrefix(decodeHello, bytes);
  refusesTrailingByte(decodeHello, bytes);
  expect(decodeHello(flipBit(bytes, at)).ok).toBe(false);
});

property('a damaged manifest message is refused', fc.nat(), (at) => {
  const bytes = encodeManifestMessage(MANIFEST);
  expect(decodeManifestMessage(flipBit(bytes, at)).ok).toBe(false);
  refusesTrailingByte(decodeManifestMessage, bytes);
});

test('a manifest message carries the manifest', () => {
  const bytes = encodeManifestMessage(MANIFEST);
  expect(decodeManifestMessage(bytes)).toEqual({ ok: true, value: MANIFEST });
  expect(linkMessageType(bytes)).toBe(LinkMessageType.manifest);
  refusesEveryPrefix(decodeManifestMessage, bytes);
});

test('version 1 of the hello is these bytes', () => {
  const bytes = encodeHello({ cluster: undefined, node: A, address: 'h:1' });
  expect(toHex(bytes)).toBe(`0102${'00'.repeat(16)}${'aa'.repeat(16)}00000003683a31701527ff`);
});

test('bytes of another version or an unknown type have no message type', () => {
  const bytes = encodeHello({ cluster: CLUSTER, node: A, address: 'h:1' });
  expect(linkMessageType(bytes.with(0, 2))).toBeUndefined();
  expect(linkMessageType(bytes.with(1, 9))).toBeUndefined();
  expect(linkMessageType(bytes.subarray(0, 5))).toBeUndefined();
});

test('a node accepts its own cluster and who waits to be added, introduces a member that has none, and refuses everyone else', () => {
  const own = { node: A, manifest: MANIFEST };
  const say = (node: NodeId, cluster: ClusterId | undefined): Hello => ({ node, cluster, address: 'h:1' });
  expect(judgeHello(own, say(B, CLUSTER), undefined)).toEqual({ kind: 'accept' });
  expect(judgeHello(own, say(B, CLUSTER), B)).toEqual({ kind: 'accept' });
  expect(judgeHello(own, say(B, undefined), undefined)).toEqual({ kind: 'introduce', manifest: MANIFEST });
  expect(judgeHello(own, say(STRANGER, undefined), undefined)).toEqual({ kind: 'accept' });
  expect(judgeHello(own, say(B, 'e'.repeat(32) as ClusterId), undefined)).toEqual({ kind: 'refuse', reason: 'other_cluster' });
  expect(judgeHello(own, say(A, CLUSTER), undefined)).toEqual({ kind: 'refuse', reason: 'own_id' });
  expect(judgeHello(own, say(B, CLUSTER), STRANGER)).toEqual({ kind: 'refuse', reason: 'other_node' });
});

test('once members have changed, every node that is or was one is told who they are', () => {
  const members = MANIFEST.members.map((member) => ({ ...member, removed: member.id === B }));
  const manifest: Manifest = { ...MANIFEST, revision: 7 as LogIndex, members };
  for (const cluster of [CLUSTER, undefined]) {
    const verdict = judgeHello({ node: A, manifest }, { node: B, cluster, address: 'h:1' }, undefined);
    expect(verdict).toEqual({ kind: 'introduce', manifest });
  }
  const stranger: Hello = { node: STRANGER, cluster: CLUSTER, address: 'h:1' };
  expect(judgeHello({ node: A, manifest }, stranger, undefined)).toEqual({ kind: 'accept' });
});

test('a node without a cluster accepts whoever comes: it has nothing to protect and waits to be told', () => {
  const own = { node: A, manifest: undefined };
  expect(judgeHello(own, { node: B, cluster: undefined, address: 'h:1' }, undefined)).toEqual({ kind: 'accept' });
  expect(judgeHello(own, { node: B, cluster: CLUSTER, address: 'h:1' }, undefined)).toEqual({ kind: 'accept' });
});
