/** One operation under way: fields only; client-core.ts is the one file that writes them. */

import type { Sleeper } from '../deadline-heap.ts';
import type { Micros, RequestId } from '../ids.ts';
import type { Endpoint } from './endpoints.ts';
import type { EngineRequest, OperationId, Route } from './operation.ts';
import type { ClientResult } from './protocol.ts';
import type { SequenceWindow } from './session.ts';

/** Attempts of one operation whose late answers are still taken. Older ones stay unknown. */
export const OPEN_ATTEMPTS_MAX: number = 8;

export class Pending implements Sleeper {
  wakeAt: Micros = 0 as Micros;
  heapIndex: number = -1;
  /** Undefined for the engine's own operations (opening a session, asking who is there). */
  readonly operation: OperationId | undefined;
  readonly request: EngineRequest;
  readonly route: Route;
  readonly deadline: Micros;
  /** The session a command runs under, from when it got its sequence. */
  window: SequenceWindow | undefined = undefined;
  sequence: number = 0;
  /** The attempt whose answer is awaited; 0 while waiting for a session, for room, or for the next try. */
  attempt: RequestId = 0 as RequestId;
  /** Where the last attempt went. */
  endpoint: Endpoint | undefined = undefined;
  /** Attempts without an answer so far, oldest first, `attempt` among them. */
  readonly open: RequestId[] = [];
  /** Attempts that may have been executed, or still may be. */
  uncertain: number = 0;
  failures: number = 0;
  /** Leader hints followed without a pause since the last pause. */
  hintsFollowed: number = 0;
  lastError: Extract<ClientResult, { readonly kind: 'error' }> | undefined = undefined;
  finished: boolean = false;

  constructor(fields: {
    readonly operation: OperationId | undefined;
    readonly request: EngineRequest;
    readonly route: Route;
    readonly deadline: Micros;
  }) {
    this.operation = fields.operation;
    this.request = fields.request;
    this.route = fields.route;
    this.deadline = fields.deadline;
  }
}
