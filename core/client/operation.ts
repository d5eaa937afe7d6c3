/** What goes into the client engine and what comes out: the same contract for the SDK's driver and for simulated clients. */
import type { Branded, GroupId, Height, Micros, RequestId } from '../ids.ts';
import { GLOBAL_GROUP } from '../ids.ts';
import type { ClientErrorCode, ClientRequest, ClientResult, CommandRef } from './protocol.ts';

/** Names an operation between `submit` and `done`; chosen by whoever submits, never reused. */
export type OperationId = Branded<number, 'OperationId'>;

type WithoutCommand<T> = T extends { readonly command: CommandRef } ? Omit<T, 'command'> : never;
/** A command without its session and sequence: the engine chooses those. */
export type ClientCommand = WithoutCommand<ClientRequest>;
/** A request that changes nothing and may be repeated freely. */
export type ClientRead = Exclude<ClientRequest, { readonly command: CommandRef } | { readonly kind: 'openSession' }>;
export type LogicalRequest = ClientCommand | ClientRead;
/** What the engine sends: the user's requests, and its own for sessions. */
export type EngineRequest = LogicalRequest | Extract<ClientRequest, { readonly kind: 'openSession' }>;

/** Where to ask. Commands always go to the leader. */
export type Route =
  /** The group's leader where it is known: it answers without asking another node. */
  | { readonly kind: 'leader' }
  /** Any node that is not known to be down, drawn anew for every attempt. */
  | { readonly kind: 'any' }
  /** This node; and where it names the leader instead of answering, the leader. */
  | { readonly kind: 'first'; readonly endpoint: string }
  /** This node and no other. */
  | { readonly kind: 'only'; readonly endpoint: string };

export type ClientInput = { readonly now: Micros } & (
  | {
      readonly kind: 'submit';
      readonly operation: OperationId;
      readonly request: LogicalRequest;
      /** Give up at this time. */
      readonly deadline: Micros;
      readonly route: Route;
    }
  | { readonly kind: 'response'; readonly endpoint: string; readonly requestId: RequestId; readonly result: ClientResult }
  /** A link to the endpoint is open. */
  | { readonly kind: 'endpointUp'; readonly endpoint: string }
  /** The link broke or could not be opened: requests sent there and not answered are lost, or executed, nobody knows. */
  | { readonly kind: 'endpointDown'; readonly endpoint: string }
  /** The request never left: it was still waiting for a link that could not be opened. */
  | { readonly kind: 'unsent'; readonly requestId: RequestId }
  /** nextDeadline() has passed. Harmless when early. */
  | { readonly kind: 'deadline' }
  /** Ends every operation now. */
  | { readonly kind: 'close' }
);

export type ClientEffect =
  /** Carry the request to the endpoint, opening a link where there is none. May be lost: the engine sends again. */
  | { readonly kind: 'send'; readonly endpoint: string; readonly requestId: RequestId; readonly request: ClientRequest }
  /** Exactly one for every submit. */
  | { readonly kind: 'done'; readonly operation: OperationId; readonly outcome: OperationOutcome };

export type Answer = Exclude<ClientResult, { readonly kind: 'error' }>;

/**
 * ok: a definite answer of the cluster (a rejected transaction is one: outcome.ok is false in it).
 * Not ok: for a command, `unknown_outcome` means it may have been executed, every other code that it was not.
 */
export type OperationOutcome =
  | { readonly ok: true; readonly answer: Answer }
  | {
      readonly ok: false;
      readonly code: ClientErrorCode;
      readonly message: string;
      /** For `pruned_height`: the oldest height that can be read. */
      readonly oldest?: Height;
    };

/** Whether a request is a command, executed at most once. */
export function isCommand(request: EngineRequest): request is ClientCommand {
  const { kind } = request;
  return kind === 'directory' || kind === 'createVault' || kind === 'transact' || kind === 'deleteVault';
}

/** The group that decides the request. */
export function groupOf(request: EngineRequest): GroupId {
  switch (request.kind) {
    case 'openSession':
    case 'createVault':
    case 'deleteVault':
    case 'transact':
    case 'query':
    case 'transfer':
      return request.group;
    default:
      return GLOBAL_GROUP;
  }
}
