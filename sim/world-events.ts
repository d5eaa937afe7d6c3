/** Kinds of events on the heap and in the trace hash. */

/** Kinds on the heap, also folded into the trace. */
export const EventKind = { frame: 1, timer: 2, disk: 3, actor: 4, restart: 5, peer: 6, control: 7, reset: 8 } as const;

/** What else the trace folds. */
export const TraceKind = {
  deadline: 16,
  persisted: 17,
  request: 18,
  bootstrap: 19,
  persist: 20,
  send: 21,
  reply: 22,
  fatal: 23,
  leave: 24,
  open: 25,
  digest: 26,
  toActor: 27,
  refused: 28,
  persistFailed: 29,
  alarm: 30,
} as const;
