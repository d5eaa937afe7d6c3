/**
 * The gateway's own client: the SDK's driver, in process. Its first endpoint is this node's replica, asked without a socket;
 * commands go to the group's leader, over a WebSocket where that is another node.
 */
import type { LogicalRequest, OperationOutcome } from '../core/client/operation.ts';
import type { ClientRequest, ClientResult } from '../core/client/protocol.ts';
import type { NodeId } from '../core/ids.ts';
import { checkRequest } from '../core/state/admission.ts';
import { ClientDriver, type EndpointLink, type LinkEvents, type OpenLink } from '../net/client/driver.ts';

export interface LocalClientOptions {
  /** This node: the endpoint that is asked in process. */
  readonly self: { readonly address: string; readonly node: NodeId };
  readonly askSelf: (request: ClientRequest, done: (result: ClientResult) => void) => void;
  /** Whether this node can answer a read by itself; else the leader is asked. */
  readonly canAnswer: (request: LogicalRequest) => boolean;
  /** Links to other nodes. */
  readonly openLink: OpenLink;
}

/** Longest an HTTP request waits for the cluster. Why 10 s: several elections. */
const DEADLINE_MS = 10_000;

export class LocalClient {
  private readonly options: LocalClientOptions;
  private readonly driver: ClientDriver;

  constructor(options: LocalClientOptions) {
    this.options = options;
    const { self, openLink } = options;
    this.driver = new ClientDriver({
      endpoints: [self],
      deadlineMs: DEADLINE_MS,
      openLink: (endpoint, events) =>
        endpoint === self.address ? this.linkToSelf(events) : admitting(openLink(endpoint, events), events),
    });
  }

  /** Runs a request to its definite end. Never rejects. @param patience how long that may take; 10 s unless given */
  ask(request: LogicalRequest, patience: { readonly deadlineMs?: number } = {}): Promise<OperationOutcome> {
    const { canAnswer, self } = this.options;
    const route = canAnswer(request) ? ({ kind: 'first', endpoint: self.address } as const) : ({ kind: 'leader' } as const);
    return this.driver.ask(request, { ...patience, route });
  }

  /** Ends every operation now. */
  close(): Promise<void> {
    return this.driver.close();
  }

  private linkToSelf(events: LinkEvents): EndpointLink {
    return {
      send: (id, request) => this.options.askSelf(request, (result) => events.result(id, result)),
      close: async () => undefined,
    };
  }
}

/** What admission refuses does not encode: it gets the same sentence here as from any node, and never leaves. */
function admitting(link: EndpointLink, events: LinkEvents): EndpointLink {
  return {
    send: (id, request) => {
      const refusal = checkRequest(request);
      if (refusal === undefined) return link.send(id, request);
      queueMicrotask(() => events.result(id, { kind: 'error', ...refusal, leader: undefined, retryAfterMs: 0 }));
    },
    close: () => link.close(),
  };
}
