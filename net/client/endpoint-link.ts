/** A link of the client engine over a WebSocket: requests wait until it is open, answers are matched by id above. */
import { Writer } from '../../core/bytes/writer.ts';
import type { ClientRequest } from '../../core/client/protocol.ts';
import { decodeClientResult, encodeClientRequest } from '../../core/codec/client-frame.ts';
import type { RequestId } from '../../core/ids.ts';
import { linkUrl } from '../link-url.ts';
import type { EndpointLink, LinkEvents, OpenLink } from './driver.ts';
import type { OpenSocket } from './socket.ts';

const CLIENT_PATH = '/client';

/** @param scheme `ws`, or `wss` where the nodes speak TLS. */
export function socketLinks(openSocket: OpenSocket, scheme: 'ws' | 'wss'): OpenLink {
  return (endpoint, events) => {
    const writer = new Writer(1024);
    const unsent = new Map<RequestId, ClientRequest>();
    const url = linkUrl(scheme, endpoint, CLIENT_PATH);
    if (url === undefined) return linkToNowhere(events);
    let isOpen = false;
    const socket = openSocket(url, {
      opened: () => {
        isOpen = true;
        events.up();
        for (const [id, request] of unsent) socket.send(encodeClientRequest({ id, request }, writer));
        unsent.clear();
      },
      message: (bytes) => {
        const decoded = decodeClientResult(bytes);
        if (decoded.ok) events.result(decoded.value.id, decoded.value.result);
        else void socket.close(); // not a node of this version: `closed` follows, and the engine asks another one
      },
      closed: () => {
        isOpen = false;
        events.down([...unsent.keys()]);
      },
    });
    return {
      send: (id, request) => {
        if (isOpen) socket.send(encodeClientRequest({ id, request }, writer));
        else unsent.set(id, request);
      },
      close: () => socket.close(),
    };
  };
}

/** What a node named as an address is none: every request comes back unsent. */
function linkToNowhere(events: LinkEvents): EndpointLink {
  return { send: (id) => queueMicrotask(() => events.down([id])), close: () => Promise.resolve() };
}
