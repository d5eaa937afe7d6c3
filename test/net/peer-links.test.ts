/** Peer links on real sockets: what each node may send, who is let in, and what ends a link. */
import { afterEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { encodeFrame } from '../../core/codec/frame.ts';
import { encodeHello } from '../../core/codec/hello.ts';
import { LinkMessageType } from '../../core/codec/link-message.ts';
import type { ClusterId, GroupId, LogIndex, NodeId, Term } from '../../core/ids.ts';
import { FRAME_BYTES_MAX } from '../../core/limits.ts';
import type { Manifest } from '../../core/replica/manifest.ts';
import { LinkedNode, manifestOf, until } from './harness.ts';

const CLUSTER = 'c'.repeat(32) as ClusterId;
const started: LinkedNode[] = [];

async function start(options: Parameters<typeof LinkedNode.start>[0]): Promise<LinkedNode> {
  const node = await LinkedNode.start(options);
  started.push(node);
  return node;
}

afterEach(async () => {
  await Promise.all(started.splice(0).map((node) => node.stop()));
});

function frameOf(sender: NodeId, context: number): Uint8Array {
  const message = { kind: 'heartbeatResponse', term: 1 as Term, context } as const;
  return encodeFrame({ cluster: CLUSTER, sender, envelopes: [{ group: 0 as GroupId, message }] });
}

/** Two nodes of one cluster that dial each other. */
async function pair(): Promise<readonly [LinkedNode, LinkedNode]> {
  const a = await start({ letter: 'a' });
  const b = await start({ letter: 'b' });
  const manifest = manifestOf([a.member, b.member]);
  for (const node of [a, b]) {
    node.manifest = manifest;
    node.peers.meet(manifest);
  }
  await until('both are up', () => a.peerEvents.includes('up b') && b.peerEvents.includes('up a'));
  return [a, b];
}

/** A raw socket to a node's peer port. */
async function raw(
  node: LinkedNode,
  path: string = '/peer',
): Promise<{ readonly socket: WebSocket; readonly closed: Promise<string> }> {
  const socket = new WebSocket(`ws://${node.address}${path}`);
  const closed = new Promise<string>((resolve) => {
    socket.on('close', (code, reason) => resolve(`${code} ${reason.toString()}`));
  });
  await new Promise<void>((resolve, reject) => {
    socket.on('open', resolve);
    socket.on('error', reject);
  });
  return { socket, closed };
}

test('frames arrive whole, in order, with their sender', async () => {
  const [a, b] = await pair();
  for (let i = 0; i < 100; i += 1) a.peers.send(b.id, frameOf(a.id, i));
  await until('all frames', () => b.frames.length === 100);
  b.frames.forEach((frame, i) => {
    expect(frame.from).toBe(a.id);
    expect(frame.bytes).toEqual(frameOf(a.id, i));
    expect(frame.bytes.constructor).toBe(Uint8Array); // a Buffer's slice would not copy
  });
});

test('a frame of the largest size arrives; one byte more closes the link', async () => {
  const [a, b] = await pair();
  const largest = new Uint8Array(FRAME_BYTES_MAX);
  largest.set(frameOf(a.id, 1));
  a.peers.send(b.id, largest);
  await until('the large frame', () => b.frames.length === 1);
  expect(b.frames[0]?.bytes.length).toBe(FRAME_BYTES_MAX);
  const oversize = new Uint8Array(FRAME_BYTES_MAX + 1);
  oversize.set(frameOf(a.id, 1));
  const troublesBefore = a.troubles.length;
  a.peers.send(b.id, oversize);
  await until('the link to end', () => a.troubles.length > troublesBefore);
  expect(b.frames.length).toBe(1);
});

test('garbage on a peer link closes that link and nothing else', async () => {
  const [a, b] = await pair();
  const garbage = [new Uint8Array(0), new Uint8Array([1, 1, 2, 3]), new Uint8Array(1000).fill(0xee), frameOf(b.id, 7)];
  for (const bytes of garbage) {
    const intruder = await raw(a);
    intruder.socket.send(bytes);
    expect(await intruder.closed).toContain('4000');
  }
  const stranger = await raw(a);
  stranger.socket.send('text');
  expect(await stranger.closed).toContain('4000');
  expect(a.peerEvents).toEqual(['up b']);
  a.peers.send(b.id, frameOf(a.id, 1));
  await until('the frame', () => b.frames.length === 1);
});

test('after its hello a peer is closed for what is not a frame of its own', async () => {
  const [a] = await pair();
  const manifest = manifestOf([a.member, { id: 'd'.repeat(32) as NodeId, address: 'd:1' }]);
  a.manifest = manifest;
  for (const bytes of [new Uint8Array(60).fill(1), frameOf('b'.repeat(32) as NodeId, 1), new Uint8Array([1])]) {
    const intruder = await raw(a);
    intruder.socket.send(encodeHello({ cluster: CLUSTER, node: 'd'.repeat(32) as NodeId, address: 'd:1' }));
    await until('it is up', () => a.peerEvents.at(-1) === 'up d');
    intruder.socket.send(bytes);
    expect(await intruder.closed).toContain('4000');
    await until('it is down', () => a.peerEvents.at(-1) === 'down d');
  }
  expect(a.frames).toEqual([]);
});

test('a peer that restarts is found again', async () => {
  const [a, b] = await pair();
  const { port, manifest } = b;
  started.splice(started.indexOf(b), 1);
  await b.stop();
  await until('it is down', () => a.peerEvents.at(-1) === 'down b');
  const again = await start({ letter: 'b', port, ...(manifest === undefined ? {} : { manifest }) });
  await until('it is up', () => a.peerEvents.at(-1) === 'up b');
  a.peers.send(again.id, frameOf(a.id, 9));
  await until('the frame', () => again.frames.length === 1);
});

test('frames to nobody, and frames that find no room, are dropped and counted', async () => {
  const [a] = await pair();
  a.peers.send('f'.repeat(32) as NodeId, frameOf(a.id, 1));
  expect(a.peers.dropped).toBe(1);
});

test('one link is enough for both directions', async () => {
  const a = await start({ letter: 'a' });
  const b = await start({ letter: 'b' });
  a.manifest = manifestOf([a.member, b.member]);
  b.manifest = a.manifest;
  b.peers.dial(a.address, a.id);
  await until('both are up', () => a.peerEvents.includes('up b') && b.peerEvents.includes('up a'));
  a.peers.send(b.id, frameOf(a.id, 1));
  b.peers.send(a.id, frameOf(b.id, 2));
  await until('both frames', () => a.frames.length === 1 && b.frames.length === 1);
});

test('nodes that wait for a cluster know each other, and are told when one is made of them', async () => {
  const a = await start({ letter: 'a' });
  const b = await start({ letter: 'b' });
  const d = await start({ letter: 'd' });
  b.peers.dial(a.address);
  d.peers.dial(a.address);
  await until('a knows both', () => a.peers.peers().length === 2);
  expect(a.peers.peers()).toEqual([
    { node: b.id, address: b.address, cluster: undefined },
    { node: d.id, address: d.address, cluster: undefined },
  ]);
  a.manifest = manifestOf([a.member, b.member, d.member]);
  a.peers.meet(a.manifest);
  await until('all know the cluster', () => b.manifest !== undefined && d.manifest !== undefined);
  expect(b.manifest).toEqual(a.manifest);
  await until('b and d know each other', () => b.peerEvents.includes('up d') && d.peerEvents.includes('up b'));
});

test('a member that was away when the cluster was made is told when it comes', async () => {
  const a = await start({ letter: 'a' });
  const b = await start({ letter: 'b' });
  a.manifest = manifestOf([a.member, b.member]);
  a.peers.meet(a.manifest);
  await until('b is told', () => b.manifest !== undefined);
});

test('a waiting node that cannot be dialed is told on the link it opened itself', async () => {
  const a = await start({ letter: 'a' });
  const waiting = await raw(a);
  const types: number[] = [];
  waiting.socket.on('message', (data: Buffer) => types.push(data[1] as number));
  waiting.socket.send(encodeHello({ cluster: undefined, node: 'd'.repeat(32) as NodeId, address: '127.0.0.1:1' }));
  await until('a knows it', () => a.peers.peers().length === 1);
  a.manifest = manifestOf([a.member, { id: 'd'.repeat(32) as NodeId, address: '127.0.0.1:1' }]);
  a.peers.meet(a.manifest);
  await until('it is told', () => types.includes(LinkMessageType.manifest));
  expect(types).toEqual([LinkMessageType.hello, LinkMessageType.manifest]);
  waiting.socket.terminate();
});

test('a node of another cluster, and the wrong node at an address are refused', async () => {
  const a = await start({ letter: 'a' });
  const b = await start({ letter: 'b' });
  a.manifest = manifestOf([a.member, b.member]);
  b.manifest = manifestOf([b.member], 'e');
  b.peers.dial(a.address);
  await until('another cluster', () => b.troubles.includes('other_cluster'));
  const d = await start({ letter: 'd' });
  const f = await start({ letter: 'f' });
  f.peers.dial(d.address, 'a'.repeat(32) as NodeId);
  await until('the wrong node', () => f.troubles.includes('other_node'));
  expect(a.peerEvents).toEqual([]);
});

test('a stranger waits with an open link, and is told as soon as it is a member', async () => {
  const a = await start({ letter: 'a' });
  a.manifest = manifestOf([a.member]);
  const d = await start({ letter: 'd' });
  d.peers.dial(a.address);
  await until('a knows it', () => a.peerEvents.includes('up d'));
  await until('it knows the cluster', () => d.peers.peers()[0]?.cluster === CLUSTER);
  expect(d.manifest).toBeUndefined();
  a.manifest = { ...manifestOf([a.member, d.member]), revision: 5 as LogIndex };
  a.peers.meet(a.manifest);
  await until('it is told', () => d.manifest?.revision === 5);
});

test('who was connected before there was a cluster, and is none of its members, comes back to see that there is one', async () => {
  const a = await start({ letter: 'a' });
  const d = await start({ letter: 'd' });
  d.peers.dial(a.address);
  await until('they know each other', () => d.peers.peers()[0]?.node === a.id);
  expect(d.peers.peers()[0]?.cluster).toBeUndefined();
  a.manifest = manifestOf([a.member]);
  a.peers.meet(a.manifest);
  await until('it knows the cluster', () => d.peers.peers()[0]?.cluster === CLUSTER);
});

test('a removed node is told with a newer manifest, is dialed no more after a while, and a manifest that is no news is not taken', async () => {
  const [a, b] = await pair();
  const before = b.manifest as Manifest;
  const members = before.members.map((member) => ({ ...member, removed: member.id === b.id }));
  a.manifest = { ...before, revision: 9 as LogIndex, members };
  a.peers.meet(a.manifest, []);
  await until('b is told', () => b.manifest?.revision === 9);
  b.peers.meet(b.manifest as Manifest, []);
  await until('the links are down', () => a.peers.peers().length === 0);
  a.manifest = { ...before, revision: 8 as LogIndex, members };
  b.peers.dial(a.address, a.id);
  await until('they are up again', () => a.peers.peers().length === 1);
  expect(b.manifest?.revision).toBe(9);
});

test('a newer link of a peer takes the place of the one before', async () => {
  const [a] = await pair();
  const hello = encodeHello({ cluster: CLUSTER, node: 'd'.repeat(32) as NodeId, address: 'd:1' });
  const first = await raw(a);
  first.socket.send(hello);
  await until('it is up', () => a.peerEvents.at(-1) === 'up d');
  const second = await raw(a);
  second.socket.send(hello);
  expect(await first.closed).toContain('4002');
  expect(a.peerEvents.at(-1)).toBe('up d');
  second.socket.terminate();
  await until('it is down', () => a.peerEvents.at(-1) === 'down d');
});

test('an address that is none does no harm', async () => {
  const a = await start({ letter: 'a' });
  a.peers.dial('no address at all');
  expect(a.troubles.length).toBeLessThanOrEqual(1);
});
