/**
 * Knobs that a person may set by name (`--set electionTimeoutMs=150..300,batchMax=1`). Times are in milliseconds, sizes in
 * KiB, shares between 0 and 1; what is not set stays as drawn. A value the knob cannot have is refused with a sentence.
 */
import type { Knobs } from './knobs.ts';

/** name=value as given, checked. */
export interface Setting {
  readonly name: string;
  readonly text: string;
}

/**
 * Groups of one kind, and vaults, so that each may have one to itself. Only the time of a run sets the bound: each group elects,
 * and each segment of the log begins with the hard states of all. Both kinds together stay below the operator's strange group.
 */
const GROUPS_MAX = 256;

interface Knob {
  readonly name: string;
  /** What a value looks like, for messages. */
  readonly wants: string;
  /** The knobs with that value, or undefined where it cannot be. */
  readonly set: (knobs: Knobs, text: string) => Knobs | undefined;
}

function inRange(value: number | undefined, min: number, max: number): number | undefined {
  return value !== undefined && value >= min && value <= max ? value : undefined;
}

function decimal(text: string): number | undefined {
  return /^[0-9]{1,9}(\.[0-9]{1,6})?$/.test(text) ? Number(text) : undefined;
}

function whole(name: string, max: number, set: (knobs: Knobs, value: number) => Knobs, min: number = 1): Knob {
  return {
    name,
    wants: `a whole number from ${min} to ${max}`,
    set: (knobs, text) => {
      const value = inRange(/^[0-9]{1,9}$/.test(text) ? Number(text) : undefined, min, max);
      return value === undefined ? undefined : set(knobs, value);
    },
  };
}

function share(name: string, set: (knobs: Knobs, value: number) => Knobs): Knob {
  return {
    name,
    wants: 'a share from 0 to 1',
    set: (knobs, text) => {
      const value = inRange(decimal(text), 0, 1);
      return value === undefined ? undefined : set(knobs, value);
    },
  };
}

/** Milliseconds, given to `set` as microseconds. */
function time(name: string, set: (knobs: Knobs, micros: number) => Knobs, minMicros: number = 1): Knob {
  return {
    name,
    wants: `milliseconds from ${minMicros / 1000} to 3600000`,
    set: (knobs, text) => {
      const milliseconds = decimal(text);
      const micros = inRange(milliseconds === undefined ? undefined : Math.round(milliseconds * 1000), minMicros, 3_600_000_000);
      return micros === undefined ? undefined : set(knobs, micros);
    },
  };
}

/** `150..300`, or one number T for T..2T. Heartbeats keep below the shorter one. */
const electionTimeout: Knob = {
  name: 'electionTimeoutMs',
  wants: 'milliseconds as 150..300, the first smaller and at least 2, or one number T for T..2T',
  set: (knobs, text) => {
    const [low, high] = text.split('..').map((part) => decimal(part));
    const isSingle = !text.includes('..');
    if (low === undefined || low < 2 || low > 3_600_000) return undefined;
    const top = isSingle ? 2 * low : high;
    if (top === undefined || top <= low || top > 7_200_000) return undefined;
    const electionTimeoutMinMicros = Math.round(low * 1000);
    const electionTimeoutMaxMicros = Math.round(top * 1000);
    const heartbeatMicros = Math.min(knobs.timing.heartbeatMicros, Math.floor(electionTimeoutMinMicros / 2));
    return { ...knobs, timing: { electionTimeoutMinMicros, electionTimeoutMaxMicros, heartbeatMicros } };
  },
};

const heartbeat: Knob = {
  name: 'heartbeatMs',
  wants: 'milliseconds, less than the shortest election timeout (set electionTimeoutMs first)',
  set: (knobs, text) => {
    const heartbeatMicros = Math.round((decimal(text) ?? 0) * 1000);
    if (heartbeatMicros < 1 || heartbeatMicros >= knobs.timing.electionTimeoutMinMicros) return undefined;
    return { ...knobs, timing: { ...knobs.timing, heartbeatMicros } };
  },
};

const hasher: Knob = {
  name: 'hasher',
  wants: 'fast or sha256',
  set: (knobs, text) => (text === 'fast' || text === 'sha256' ? { ...knobs, hasher: text } : undefined),
};

function onOff(name: string, set: (knobs: Knobs, isOn: boolean) => Knobs): Knob {
  const turn = (knobs: Knobs, text: string): Knobs | undefined =>
    text === 'on' || text === 'off' ? set(knobs, text === 'on') : undefined;
  return { name, wants: 'on or off', set: turn };
}

const signing: Knob = {
  name: 'signing',
  wants: 'simulated, ed25519 or none',
  set: (knobs, text) => (text === 'simulated' || text === 'ed25519' || text === 'none' ? { ...knobs, signing: text } : undefined),
};

const KNOBS: readonly Knob[] = [
  electionTimeout,
  heartbeat,
  time('linkDelayMs', (knobs, delayMeanMicros) => ({ ...knobs, link: { ...knobs.link, delayMeanMicros } })),
  time('linkDelayMinMs', (knobs, delayMinMicros) => ({ ...knobs, link: { ...knobs.link, delayMinMicros } })),
  whole('linkQueue', 65_535, (knobs, queueMax) => ({ ...knobs, link: { ...knobs.link, queueMax } })),
  time('diskDelayMs', (knobs, diskDelayMeanMicros) => ({ ...knobs, diskDelayMeanMicros })),
  time('diskDelayMinMs', (knobs, diskDelayMinMicros) => ({ ...knobs, diskDelayMinMicros })),
  onOff('halfWrittenSectors', (knobs, halfWrittenSectors) => ({ ...knobs, halfWrittenSectors })),
  share('coalesce', (knobs, coalesce) => ({ ...knobs, coalesce })),
  whole('checkpointKiB', 1 << 20, (knobs, kibibytes) => ({ ...knobs, checkpointBytes: kibibytes * 1024 })),
  whole('chunkBytes', 262_144, (knobs, chunkBytes) => ({ ...knobs, chunkBytes })),
  whole('trailEntries', 1_000_000, (knobs, trailEntries) => ({ ...knobs, trailEntries }), 0),
  whole('segmentKiB', 65_536, (knobs, kibibytes) => ({ ...knobs, segmentBytes: kibibytes * 1024 }), 4),
  whole('clockRatePpm', 900_000, (knobs, clockRatePpmMax) => ({ ...knobs, clockRatePpmMax }), 0),
  time('wallOffsetMs', (knobs, wallOffsetMaxMicros) => ({ ...knobs, wallOffsetMaxMicros }), 0),
  whole('spares', 5, (knobs, spares) => ({ ...knobs, spares }), 0),
  time('changeMs', (knobs, changeMeanMicros) => ({ ...knobs, changeMeanMicros })),
  whole('clients', 64, (knobs, clients) => ({ ...knobs, clients })),
  whole('lanes', 16, (knobs, lanes) => ({ ...knobs, lanes })),
  whole('groups', GROUPS_MAX, (knobs, dataGroups) => ({ ...knobs, dataGroups })),
  whole('placedGroups', GROUPS_MAX, (knobs, placedGroups) => ({ ...knobs, placedGroups }), 0),
  whole('vaults', GROUPS_MAX, (knobs, vaults) => ({ ...knobs, vaults })),
  whole('authorizationClients', 3, (knobs, authorizationClients) => ({ ...knobs, authorizationClients }), 0),
  whole('briefVaults', 1000, (knobs, briefVaults) => ({ ...knobs, briefVaults }), 0),
  whole('keys', 100_000, (knobs, keys) => ({ ...knobs, keys })),
  whole('operations', 10_000_000, (knobs, operations) => ({ ...knobs, operations })),
  time('thinkMs', (knobs, thinkMeanMicros) => ({ ...knobs, thinkMeanMicros }), 0),
  share('readShare', (knobs, readShare) => ({ ...knobs, readShare })),
  share('transactionShare', (knobs, transactionShare) => ({ ...knobs, transactionShare })),
  share('weakReadShare', (knobs, weakReadShare) => ({ ...knobs, weakReadShare })),
  share('proofShare', (knobs, proofShare) => ({ ...knobs, proofShare })),
  share('expiryShare', (knobs, expiryShare) => ({ ...knobs, expiryShare })),
  share('retentionShare', (knobs, retentionShare) => ({ ...knobs, retentionShare })),
  share('modelShare', (knobs, modelShare) => ({ ...knobs, modelShare })),
  share('clientDeathShare', (knobs, clientDeathShare) => ({ ...knobs, clientDeathShare })),
  hasher,
  onOff('sealing', (knobs, sealing) => ({ ...knobs, sealing })),
  signing,
  time('checkpointMs', (knobs, checkpointMicros) => ({ ...knobs, checkpointMicros }), 0),
  onOff('preVote', (knobs, preVote) => ({ ...knobs, preVote })),
  time('hibernateMs', (knobs, hibernateMicros) => ({ ...knobs, hibernateMicros })),
  whole('batchMax', 10_000, (knobs, batchMax) => ({ ...knobs, batchMax })),
  share('buggify', (knobs, buggify) => ({ ...knobs, buggify })),
  time('faultDurationMs', (knobs, faultDurationMeanMicros) => ({ ...knobs, faultDurationMeanMicros })),
  whole('downMax', 9, (knobs, downMax) => ({ ...knobs, downMax: Math.min(downMax, knobs.nodes) }), 0),
];

/** Names that can be set, in the order of the help. */
export const SETTING_NAMES: readonly string[] = KNOBS.map(({ name }) => name);

/** What a value of the setting looks like. */
export function settingWants(name: string): string | undefined {
  return KNOBS.find((knob) => knob.name === name)?.wants;
}

/** Applies settings from left to right. @returns the sentence to tell where one cannot be. */
export function applySettings(
  knobs: Knobs,
  settings: readonly Setting[],
): { readonly ok: true; readonly knobs: Knobs } | { readonly ok: false; readonly reason: string } {
  let set = knobs;
  for (const { name, text } of settings) {
    const knob = KNOBS.find((known) => known.name === name);
    if (knob === undefined)
      return { ok: false, reason: `There is nothing called "${name}" to set. Known: ${SETTING_NAMES.join(', ')}.` };
    const next = knob.set(set, text);
    if (next === undefined) return { ok: false, reason: `${name} is ${knob.wants}, not "${text}".` };
    set = next;
  }
  return { ok: true, knobs: set };
}

/** Splits `a=1,b=2`. @returns the sentence to tell where a part has no value. */
export function parseSettings(
  text: string,
): { readonly ok: true; readonly settings: readonly Setting[] } | { readonly ok: false; readonly reason: string } {
  const settings: Setting[] = [];
  for (const part of text.split(',')) {
    const at = part.indexOf('=');
    if (at < 1 || at === part.length - 1) return { ok: false, reason: `"${part}" is not NAME=VALUE.` };
    settings.push({ name: part.slice(0, at).trim(), text: part.slice(at + 1).trim() });
  }
  return { ok: true, settings };
}
