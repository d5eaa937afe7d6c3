/** The serving side of client links, spoken to byte by byte, and the listener that tells paths and origins apart. */
import { afterEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { ClientRequest, ClientResult } from '../../core/client/protocol.ts';
import { decodeClientResult, encodeClientRequest } from '../../core/codec/client-frame.ts';
import type { RequestId } from '../../core/ids.ts';
import { CLIENT_REQUEST_BYTES_MAX } from '../../core/limits.ts';
import { LinkedNode, until } from './harness.ts';

const started: LinkedNode[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((node) => node.stop()));
});

async function start(options: Omit<Parameters<typeof LinkedNode.start>[0], 'letter'>): Promise<LinkedNode> {
  const node = await LinkedNode.start({ letter: 'a', ...options });
  started.push(node);
  return node;
}

/** Answers every request with a session whose index is how many requests came before. */
function echo(): (request: ClientRequest, done: (result: ClientResult) => void) => void {
  let count = 0;
  return (request, done) => {
    const group = request.kind === 'openSession' ? request.group : 0;
    done({ kind: 'session', session: { group: group as never, index: count as never } });
    count += 1;
  };
}

interface RawClient {
  readonly socket: WebSocket;
  readonly results: ReturnType<typeof decodeClientResult>[];
  readonly closed: Promise<number>;
}

async function connect(node: LinkedNode, headers: Record<string, string> = {}): Promise<RawClient> {
  const socket = new WebSocket(`ws://${node.address}/client`, { headers });
  const results: RawClient['results'] = [];
  socket.on('message', (data: Buffer) => results.push(decodeClientResult(new Uint8Array(data))));
  const closed = new Promise<number>((resolve) => socket.on('close', resolve));
  await new Promise<void>((resolve, reject) => {
    socket.on('open', resolve);
    socket.on('error', reject);
  });
  return { socket, results, closed };
}

function open(id: number): Uint8Array {
  return encodeClientRequest({ id: id as RequestId, request: { kind: 'openSession', group: id as never } });
}

test('every request is answered once, under its id', async () => {
  const client = await connect(await start({ serve: echo() }));
  for (let i = 1; i <= 500; i += 1) client.socket.send(open(i));
  await until('all answers', () => client.results.length === 500);
  const ids = client.results.map((result) => (result.ok ? result.value.id : -1));
  expect(new Set(ids).size).toBe(500);
  for (const result of client.results) {
    if (result.ok && result.value.result.kind === 'session') expect(result.value.result.session.group).toBe(result.value.id);
  }
});

test('a request that does not decode is refused by its id, and the link lives', async () => {
  const client = await connect(await start({ serve: echo() }));
  client.socket.send(open(7).subarray(0, 12));
  await until('the refusal', () => client.results.length === 1);
  expect(client.results[0]).toMatchObject({ ok: true, value: { id: 7, result: { kind: 'error', code: 'invalid_argument' } } });
  client.socket.send(open(8));
  await until('the answer', () => client.results.length === 2);
});

test('garbage, text and oversize messages close the link they came on and no other', async () => {
  const node = await start({ serve: echo() });
  const good = await connect(node);
  const garbage = await connect(node);
  garbage.socket.send(new Uint8Array([9, 9, 9]));
  expect(await garbage.closed).toBe(4000);
  const text = await connect(node);
  text.socket.send('{"hello":1}');
  expect(await text.closed).toBe(4000);
  const oversize = await connect(node);
  oversize.socket.send(new Uint8Array(CLIENT_REQUEST_BYTES_MAX + 1));
  await oversize.closed;
  good.socket.send(open(1));
  await until('the answer', () => good.results.length === 1);
  expect(node.clients.count).toBe(1);
  expect(node.clients.malformed).toBe(1);
});

test('requests beyond the bound of a link are refused at once, not queued', async () => {
  const held: ((result: ClientResult) => void)[] = [];
  const client = await connect(await start({ serve: (_request, done) => held.push(done) }));
  for (let i = 1; i <= 1030; i += 1) client.socket.send(open(i));
  await until('the refusals', () => client.results.length === 6);
  for (const result of client.results) expect(result).toMatchObject({ value: { result: { code: 'overloaded' } } });
  expect(held.length).toBe(1024);
});

test('an answer for a client that has gone is dropped', async () => {
  const held: ((result: ClientResult) => void)[] = [];
  const node = await start({ serve: (_request, done) => held.push(done) });
  const client = await connect(node);
  client.socket.send(open(1));
  await until('the request', () => held.length === 1);
  client.socket.terminate();
  await until('the link is gone', () => node.clients.count === 0);
  held[0]?.({ kind: 'organizations', organizations: [] });
});

test('one port tells links by path: HTTP is untouched, an unknown path is 404', async () => {
  const node = await start({ serve: echo() });
  expect(await (await fetch(`http://${node.address}/anything`)).text()).toBe('http');
  const stray = new WebSocket(`ws://${node.address}/elsewhere`);
  const error = await new Promise<Error>((resolve) => stray.on('error', resolve));
  expect(error.message).toContain('404');
});

test('a web page of another origin may not open a link; the node’s own and listed ones may; peers never come from pages', async () => {
  const node = await start({ serve: echo(), origins: ['https://console.example'] });
  await expect(connect(node, { origin: 'https://evil.example' })).rejects.toThrow('403');
  await connect(node, { origin: `http://${node.address}` });
  await connect(node, { origin: 'https://console.example' });
  const peer = new WebSocket(`ws://${node.address}/peer`, { headers: { origin: 'https://console.example' } });
  const error = await new Promise<Error>((resolve) => peer.on('error', resolve));
  expect(error.message).toContain('403');
});
