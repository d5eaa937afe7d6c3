/** What becomes of messages between processes of a real run: on the wires alone, and between real WebSockets through a relay. */
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { encodeHello } from '../../../core/codec/hello.ts';
import { LINK_VERSION, LinkMessageType } from '../../../core/codec/link-message.ts';
import type { NodeId } from '../../../core/ids.ts';
import { plainBytes } from '../../../net/bytes.ts';
import { Relay } from '../../../node/real/relay.ts';
import { type Dice, STRANGER, Wires } from '../../../node/real/wires.ts';
import { eventually } from '../support/vouch.ts';

const TRAITS = { delayMinMicros: 0, delayMeanMicros: 500, loss: 0, duplicate: 0, reorder: 0, queueMax: 64 };
/** Whatever may happen, happens; everything takes its mean. */
const DICE: Dice = { chance: () => true, exponential: (mean) => mean, amount: () => 0 };

let happened: string[] = [];

function wires(endpoints = 3): Wires {
  happened = [];
  return new Wires({ endpoints, traits: TRAITS, pace: 1, dice: () => DICE, happened: (what) => happened.push(what) });
}

const frame = (...bytes: readonly number[]): Uint8Array =>
  Uint8Array.of(LINK_VERSION, LinkMessageType.raft, ...bytes, 0, 0, 0, 0);

describe('a closed direction', () => {
  test('swallows frames, one way, until it is opened as often as it was closed', () => {
    const net = wires();
    const got: string[] = [];
    const send = (): void => {
      net.carryFrame(0, 1, frame(), () => got.push('there'));
      net.carryFrame(1, 0, frame(), () => got.push('back'));
    };
    net.block(0, 1);
    net.block(0, 1);
    send();
    net.unblock(0, 1);
    send();
    net.unblock(0, 1);
    send();
    expect(got).toEqual(['back', 'back', 'there', 'back']);
    expect(net.swallowed).toBe(2);
  });

  test('keeps other messages, in their order, until it opens', () => {
    const net = wires();
    const got: number[] = [];
    net.block(0, 1);
    for (const each of [1, 2, 3]) net.carry(0, 1, () => got.push(each));
    expect(got).toEqual([]);
    net.unblock(0, 1);
    expect(got).toEqual([1, 2, 3]);
  });

  test('is open to whoever nobody knows', () => {
    const net = wires();
    net.block(0, 1);
    const got: string[] = [];
    net.carryFrame(STRANGER, 1, frame(), () => got.push('frame'));
    net.carry(1, STRANGER, () => got.push('message'));
    expect(got).toEqual(['frame', 'message']);
  });
});

describe('frames', () => {
  test('are lost and doubled as the knobs say, and both are told', () => {
    const net = wires();
    let got = 0;
    const send = (): void => net.carryFrame(0, 1, frame(), () => (got += 1));
    net.knobs = { ...TRAITS, loss: 1 };
    send();
    expect([got, happened]).toEqual([0, ['loss']]);
    net.knobs = { ...TRAITS, duplicate: 1 };
    send();
    expect([got, happened]).toEqual([2, ['loss', 'duplicate']]);
  });

  test('are late where links are slow, in their order, and a full link drops them', async () => {
    const net = wires();
    net.knobs = { ...TRAITS, delayMeanMicros: 30_000, queueMax: 2 };
    const got: number[] = [];
    for (const each of [1, 2, 3]) net.carryFrame(0, 1, frame(each), () => got.push(each));
    expect([got, happened]).toEqual([[], ['overflow']]);
    await eventually('both arrive', () => got.length === 2);
    expect(got).toEqual([1, 2]);
  });

  test('that were overheard arrive once more', () => {
    const net = wires();
    const got: number[] = [];
    const take = net.outlet(0, 1, (bytes) => got.push(bytes[2] as number));
    const heard = net.overhear(1);
    net.carryFrame(0, 1, frame(5), () => undefined);
    net.carryFrame(0, 1, frame(6), () => undefined);
    net.stopOverhearing(heard);
    expect(heard.length).toBe(1);
    for (const each of heard) net.sendAgain(each);
    take();
    for (const each of heard) net.sendAgain(each);
    expect(got).toEqual([5]);
  });

  test('tell who waits for the next one of a node', () => {
    const net = wires();
    let times = 0;
    net.onceSent(1, () => (times += 1));
    net.carryFrame(0, 1, frame(), () => undefined);
    expect(times).toBe(0);
    net.carryFrame(1, 0, frame(), () => undefined);
    net.carryFrame(1, 0, frame(), () => undefined);
    expect(times).toBe(1);
  });
});

describe('a relay', () => {
  const closing: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });

  /** A server that stands for node 1, its relay, and a socket that dials as node 0 or as a client. */
  async function through(
    net: Wires,
    path: string,
  ): Promise<{ readonly near: WebSocket; readonly got: string[]; readonly far: () => WebSocket }> {
    const got: string[] = [];
    let far: WebSocket | undefined;
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    closing.push(() => server.close());
    server.on('connection', (socket) => {
      far = socket;
      socket.on('message', (data) => got.push(`node: ${plainBytes(data).join(' ')}`));
    });
    await new Promise((resolve) => server.once('listening', resolve));
    const target = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const relay = await Relay.listen({
      index: 1,
      target,
      wires: net,
      nodeAt: (address) => (address === 'node-0:1' ? 0 : STRANGER),
    });
    closing.push(() => relay.close());
    const near = new WebSocket(`ws://${relay.address}${path}`);
    near.on('message', (data) => got.push(`dialer: ${plainBytes(data).join(' ')}`));
    await new Promise((resolve) => near.once('open', resolve));
    return { near, got, far: () => far as WebSocket };
  }

  const hello = encodeHello({ cluster: undefined, node: 'ab'.repeat(16) as NodeId, address: 'node-0:1' });

  test('knows a peer by its hello, and cuts one way of the two', async () => {
    const net = wires();
    const { near, got, far } = await through(net, '/peer');
    near.send(hello);
    await eventually('the hello arrives', () => got.length === 1);
    net.block(0, 1);
    near.send(frame(1));
    far().send(frame(2));
    await eventually('the way back is open', () => got.length === 2);
    net.unblock(0, 1);
    near.send(frame(3));
    await eventually('the way there is open again', () => got.length === 3);
    expect(got.slice(1)).toEqual([`dialer: ${frame(2).join(' ')}`, `node: ${frame(3).join(' ')}`]);
  });

  test('knows a client by its number, and lets its requests wait', async () => {
    const net = wires();
    net.block(2, 1);
    const { near, got } = await through(net, '/client?from=2');
    near.send(Uint8Array.of(9));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(got).toEqual([]);
    net.unblock(2, 1);
    await eventually('the request arrives', () => got.length === 1);
    expect(got).toEqual(['node: 9']);
  });

  test('ends with the node behind it', async () => {
    const { near, got, far } = await through(wires(), '/peer');
    near.send(hello);
    await eventually('the hello arrives', () => got.length === 1);
    const ended = new Promise((resolve) => near.once('close', resolve));
    far().terminate();
    await ended;
  });
});
