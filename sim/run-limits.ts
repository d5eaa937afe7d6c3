/** When a run is given up. */

/** For runs of which only a short one is worth anything (shrink). */
export interface RunLimits {
  /** Story events from which on the run is abandoned. */
  readonly storyMax: number;
  /** Events from which on the run is abandoned. */
  readonly eventsMax: number;
  /** What is looked for. history: it is judged as it grows, so that the run ends with the first answer that breaks it. */
  readonly claim: 'step' | 'history' | 'liveness';
}
