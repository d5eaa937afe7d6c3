/** Addresses come from other nodes, so a bad one must neither throw nor lead elsewhere. */
import { expect, test } from 'vitest';
import type { RequestId } from '../../core/ids.ts';
import { socketLinks } from '../../net/client/endpoint-link.ts';
import { openNodeSocket } from '../../net/client/node-socket.ts';
import { linkUrl } from '../../net/link-url.ts';
import { PeerDialer } from '../../net/peer-dialer.ts';

const NOT_ADDRESSES = ['a#b', 'a:1#x', 'a:1?x', 'a:1/../x', 'user:word@a:1', 'a b', '', 'a:99999'];

test('an address is a host and a port, and nothing of it reaches the path', () => {
  for (const address of ['127.0.0.1:7400', '[::1]:7400', 'node-1.example.org:80']) {
    expect(linkUrl('ws', address, '/peer')).toBe(`ws://${address}/peer`);
  }
  for (const address of NOT_ADDRESSES) expect(linkUrl('ws', address, '/peer'), address).toBeUndefined();
});

test('a peer whose address is none is not dialed, and nothing throws', async () => {
  for (const address of NOT_ADDRESSES) {
    const reason = await new Promise((failed) => {
      const dialer = new PeerDialer(address, '/peer', { connected: () => failed('connected'), failed });
      dialer.stop();
    });
    expect(reason, address).toBe('not an address');
  }
});

test('requests to an endpoint whose address is none come back unsent', async () => {
  for (const address of NOT_ADDRESSES) {
    const unsent = await new Promise((down) => {
      const events = { up: () => undefined, result: () => undefined, down };
      socketLinks(openNodeSocket, 'ws')(address, events).send(7 as RequestId, { kind: 'status' });
    });
    expect(unsent, address).toEqual([7]);
  }
});
