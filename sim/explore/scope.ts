/**
 * How much is explored: every bound that makes the number of states finite, by name, as `nodes=3,terms=2,entries=2,crashes=1`.
 * What has no bound: how late a message arrives, in which order, how often, or whether at all (explorer.ts).
 */

export interface Scope {
  /** Voters of the group. */
  readonly nodes: number;
  /** Nobody campaigns in a term beyond. */
  readonly terms: number;
  /** Proposals of clients, in all; each new leader's no-op comes on top. */
  readonly entries: number;
  /** Crashes with a restart, in all. */
  readonly crashes: number;
  /** Rounds of heartbeats, in all. */
  readonly heartbeats: number;
  /**
   * Messages from one node to another that may still arrive: so many of the newest; an older one is lost for good with the next that
   * is sent. 0: without limit, everything that was ever sent may arrive.
   */
  readonly links: number;
  /** Batches on the way to one node's disk at a time: a node with as many waits for its disk before it takes the next input. */
  readonly writes: number;
  /** 1: candidates ask for pre-votes first. */
  readonly prevote: number;
}

export const DEFAULT_SCOPE: Scope = {
  nodes: 3,
  terms: 2,
  entries: 2,
  crashes: 1,
  heartbeats: 0,
  links: 1,
  writes: 1,
  prevote: 0,
};

/** Least and most of each bound. Five nodes have 120 orders, of which each state is looked at in all. */
const RANGES: { readonly [name in keyof Scope]: readonly [number, number] } = {
  nodes: [1, 5],
  terms: [1, 5],
  entries: [0, 9],
  crashes: [0, 9],
  heartbeats: [0, 9],
  links: [0, 9],
  writes: [1, 9],
  prevote: [0, 1],
};

const NAMES: readonly (keyof Scope)[] = ['nodes', 'terms', 'entries', 'crashes', 'heartbeats', 'links', 'writes', 'prevote'];

export type ParsedScope = { readonly ok: true; readonly scope: Scope } | { readonly ok: false; readonly reason: string };

/** Reads a scope; what is not named keeps its default. The reason of a refusal says what to write instead. */
export function parseScope(text: string): ParsedScope {
  const scope = { ...DEFAULT_SCOPE };
  for (const part of text.split(',')) {
    const [name, value, ...rest] = part.trim().split('=');
    const known = NAMES.find((candidate) => candidate === name);
    if (known === undefined) return { ok: false, reason: `there is no bound "${name}"; known: ${NAMES.join(', ')}` };
    const [least, most] = RANGES[known];
    const count = rest.length === 0 && value !== undefined && /^[0-9]{1,3}$/.test(value) ? Number(value) : Number.NaN;
    if (!(count >= least && count <= most))
      return { ok: false, reason: `${known} is a whole number from ${least} to ${most}, not "${value ?? ''}"` };
    scope[known] = count;
  }
  return { ok: true, scope };
}

/** The scope as it is typed, without bounds that are 0 by default. */
export function scopeText(scope: Scope): string {
  return NAMES.filter((name) => scope[name] !== DEFAULT_SCOPE[name] || DEFAULT_SCOPE[name] !== 0)
    .map((name) => `${name}=${scope[name]}`)
    .join(',');
}
