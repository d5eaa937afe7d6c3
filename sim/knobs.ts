/**
 * What is drawn once per seed: sizes, speeds, rates and which faults exist at all. Resolved knobs are printed first, so a
 * reader knows the world before its story. Swarm testing: a random subset of faults is off, because a fault that is always
 * there hides the bugs that need its absence (Groce et al. 2012).
 */
import { unreachable } from '../core/assert.ts';
import type { RaftTiming } from '../core/raft/options.ts';
import type { GroupLimits } from '../core/replica/options.ts';
import { FAULT_KINDS, type FaultKind } from './faults/counts.ts';
import type { NemesisKnobs } from './faults/nemesis.ts';
import { FAULTS } from './faults/registry.ts';
import type { LinkKnobs } from './network.ts';
import type { Choices, Profile } from './tape.ts';

/** Everything a run is shaped by, as plain data. */
export interface Knobs {
  readonly profile: Profile;
  /** Founders of the cluster. */
  readonly nodes: number;
  /** Nodes that belong to no cluster at first: an operator adds them, removes others, moves and replaces them. 0 = the founders stay. */
  readonly spares: number;
  /** Mean pause of that operator between two wishes, microseconds. */
  readonly changeMeanMicros: number;
  readonly clients: number;
  /** Processes per client; they share its sessions. */
  readonly lanes: number;
  readonly dataGroups: number;
  /** Groups made later, each for an organization of its own and on some of the nodes; every other vault lies in one of them. */
  readonly placedGroups: number;
  readonly vaults: number;
  /** Vaults that are made, written to and deleted again meanwhile. */
  readonly briefVaults: number;
  /** Keys of each kind per vault: few, so that operations meet. */
  readonly keys: number;
  /** Operations the clients invoke before the faults stop. */
  readonly operations: number;
  /** Clients that write models and tuples, and check permissions, meanwhile; 0 to 3. */
  readonly authorizationClients: number;
  /** Operations that must succeed after the faults stopped. */
  readonly calmOperations: number;
  /** How long the work under faults lasts at most, microseconds of true time. */
  readonly workMicrosMax: number;
  /** Mean pause of a client between operations, microseconds. */
  readonly thinkMeanMicros: number;
  /** Share of reads among operations. */
  readonly readShare: number;
  /** Share of multi-operation transactions among writes. */
  readonly transactionShare: number;
  /** Share of reads that may be behind, or are of the past. */
  readonly weakReadShare: number;
  /** Whether leaders take leases, which spare most reads their round. */
  readonly leases: boolean;
  /** Share of reads that ask for a proof. */
  readonly proofShare: number;
  /** Share of writes that expire soon. */
  readonly expiryShare: number;
  /** Share of writes that also change what their vault keeps of its past. */
  readonly retentionShare: number;
  /** Share of writes that also write an authorization model, and of reads that ask for one. */
  readonly modelShare: number;
  /** Share of operations behind which a client process dies and starts again, with open operations and without sessions. */
  readonly clientDeathShare: number;
  readonly hasher: 'sha256' | 'fast';
  /** Whether nodes seal what they write. */
  readonly sealing: boolean;
  /** With what nodes sign checkpoints: a stand-in, the real thing, or nothing. */
  readonly signing: 'simulated' | 'ed25519' | 'none';
  /** Time between two checkpoints of a vault that changes, microseconds; 0 = when somebody asks. */
  readonly checkpointMicros: number;
  readonly timing: RaftTiming;
  /** How long nothing happens in a group before it sleeps, microseconds. */
  readonly hibernateMicros: number;
  readonly batchMax: number;
  /** Whether candidates ask before they raise the term. */
  readonly preVote: boolean;
  /** Bounds of queues and windows that differ from production's. */
  readonly limits: Partial<GroupLimits>;
  readonly segmentBytes: number;
  /** Log behind which a group writes a checkpoint, where the chunks of one are cut, entries kept in memory behind it. */
  readonly checkpointBytes: number;
  readonly chunkBytes: number;
  readonly trailEntries: number;
  /** Records of a snapshot read in one step: with few, much happens while one is written. */
  readonly sliceRecords: number;
  /** Of the trees that hold the rows: with small ones, few rows make a tree of several levels. */
  readonly pageBytes: number;
  /** Of pages in memory: with few, most are read from the disk again and again. */
  readonly pageCacheBytes: number;
  /** In which every page is read once, microseconds; 0 = never. */
  readonly scrubMicros: number;
  /** Vaults with more leaves come back into memory in steps of so many. */
  readonly warmUp: { readonly coldVaultLeaves: number; readonly sliceLeaves: number };
  readonly link: LinkKnobs;
  readonly diskDelayMinMicros: number;
  readonly diskDelayMeanMicros: number;
  /** Whether a loss of power leaves sectors that hold pieces of two versions. On tapes from before, undefined. */
  readonly halfWrittenSectors: boolean;
  readonly coalesce: number;
  /** Monotonic clocks run at 1 ± this. */
  readonly clockRatePpmMax: number;
  readonly wallOffsetMaxMicros: number;
  readonly buggify: number;
  /** By kind: episodes per second of virtual time, 0 = off. Of loss, duplicate and reorder: the probability per frame. */
  readonly faults: Readonly<Record<string, number>>;
  readonly faultDurationMeanMicros: number;
  readonly downMax: number;
}

/** Kinds that are rates of the network rather than episodes. */
const RATE_KINDS: readonly FaultKind[] = ['loss', 'duplicate', 'reorder'];
/** The kind that takes a node out for good: on in fewer seeds, and seldom, because a run in which nothing works shows nothing. */
const LASTING_KIND: FaultKind = 'badSector';
/**
 * Kinds that come often, for most of them find nothing: damage, which a node recovers from with the help of its peers and that takes its time,
 * and losses of power, which have to fall between a write and its sync.
 */
const OFTEN_IN_VAIN: readonly FaultKind[] = ['bitRot', 'misdirectedWrite', 'pageRot', 'misdirectedRead', 'powerLoss'];
/** Faults whose rate can be set; the others of FAULT_KINDS are what follows from them. */
export const SETTABLE_FAULTS: readonly FaultKind[] = FAULT_KINDS.filter(
  (kind) => RATE_KINDS.includes(kind) || FAULTS.some((fault) => fault.kind === kind),
);
const MILLISECOND = 1000;
const SECOND = 1_000_000;
/** In the worst of worlds one operation a second succeeds, and two hundred must. Who is through earlier does not wait. */
const WORK_MICROS_MAX = 300 * SECOND;
const CALM_OPERATIONS = 40;
/** Shortest election timeouts between two blackouts, in the mean. */
const BLACKOUT_ELECTIONS = 12;

/** Draws the knobs of a seed. */
export function drawKnobs(profile: Profile, choices: Choices): Knobs {
  switch (profile) {
    case 'perf':
      return PERF;
    case 'lite':
      return {
        ...drawSwarm(choices),
        profile: 'lite',
        nodes: 3,
        spares: 0,
        downMax: 1,
        operations: 500,
        dataGroups: 1,
        placedGroups: 0,
        vaults: 1,
      };
    case 'swarm':
      return drawSwarm(choices);
    default:
      return unreachable(profile);
  }
}

/** Nodes of the world, members or not. */
export function nodeCountOf({ nodes, spares }: Knobs): number {
  return nodes + spares;
}

/** Clients of the world: the housekeeper, those who work, the operator where members change, the auditor where nodes sign. */
export function actorCountOf({ clients, spares, signing }: Knobs): number {
  return 1 + clients + (spares > 0 ? 1 : 0) + (isSigning(signing) ? 1 : 0);
}

/** Whether nodes sign checkpoints. On tapes from before they did, undefined. */
export function isSigning(signing: Knobs['signing'] | undefined): signing is 'simulated' | 'ed25519' {
  return signing !== undefined && signing !== 'none';
}

/** Every group that there may be: GLOBAL, those that the cluster begins with, those made later. */
export function groupCountOf({ dataGroups, placedGroups }: Knobs): number {
  return 1 + dataGroups + placedGroups;
}

/** Voters of each group that is made later: by turns on three nodes, where there are so many, and on one. */
export function replicasOf({ placedGroups, nodes }: Knobs): readonly number[] {
  return Array.from({ length: placedGroups }, (_, i) => (nodes >= 3 && i % 2 === 0 ? 3 : 1));
}

/** Whether every group is on the founders and stays there: then any majority of the nodes has a quorum of each. */
export function isSteady({ spares, placedGroups }: Knobs): boolean {
  return spares === 0 && placedGroups === 0;
}

/** Kinds of faults that can happen under these knobs: what a report lists. */
export function possibleFaults(knobs: Knobs): readonly FaultKind[] {
  const possible = new Set<FaultKind>();
  for (const fault of FAULTS) if ((knobs.faults[fault.kind] ?? 0) > 0) for (const kind of fault.counts) possible.add(kind);
  for (const kind of RATE_KINDS) if ((knobs.faults[kind] ?? 0) > 0) possible.add(kind);
  return FAULT_KINDS.filter((kind) => possible.has(kind));
}

/** The nemesis of these knobs. Weights are thousandths of an episode per second. */
export function nemesisKnobs(knobs: Knobs): NemesisKnobs {
  const weights = FAULTS.map((fault) => ({ fault, weight: Math.round((knobs.faults[fault.kind] ?? 0) * 1000) }));
  const drawn = weights.filter(({ weight }) => weight > 0);
  const sum = drawn.reduce((total, { weight }) => total + weight, 0);
  return {
    weights: drawn,
    intervalMeanMicros: sum === 0 ? SECOND : Math.ceil((1000 * SECOND) / sum),
    durationMeanMicros: knobs.faultDurationMeanMicros,
    downMax: knobs.downMax,
  };
}

/** Whether nothing ever fails under these knobs: not while there is work, not outside the core at its end, not everywhere at once. */
export function isFaultless({ faults, downMax }: Knobs): boolean {
  return downMax === 0 && Object.values(faults).every((rate) => rate === 0);
}

/** The same world in which nothing ever fails: no fault, no wrong clock, no client that dies, no rare branch taken on purpose. */
export function faultless(knobs: Knobs): Knobs {
  const steady = { buggify: 0, clockRatePpmMax: 0, wallOffsetMaxMicros: 0, clientDeathShare: 0, downMax: 0 };
  return { ...withFaults(knobs, {}), ...steady };
}

/** The same knobs with other fault rates. Who damages copies reads and writes records: where somebody does, nothing is sealed. */
export function withFaults(knobs: Knobs, faults: Readonly<Record<string, number>>): Knobs {
  const { loss, duplicate, reorder } = { loss: 0, duplicate: 0, reorder: 0, ...faults };
  const sealing = knobs.sealing && (faults.damagedCopy ?? 0) === 0;
  return { ...knobs, sealing, faults, link: { ...knobs.link, loss, duplicate, reorder } };
}

function drawSwarm(choices: Choices): Knobs {
  const draws = choices.under('knobs');
  const reads = choices.under('knobs/reads');
  const members = choices.under('knobs/members');
  const signing = choices.under('knobs/signing');
  const nodes = draws.pick([3, 3, 3, 5, 5, 4, 2, 1] as const);
  const delayMean = draws.pick([100, 500, 2000, 5000] as const);
  // From a good SSD to a disk that turns: the longer a sync takes, the more a loss of power finds under way.
  const diskDelayMean = draws.pick([50, 500, 3000, 15_000] as const);
  // Broadcast time << election timeout (Ongaro 2014, 3.9); faults break the relation, calm must not.
  const electionMin = Math.max(draws.between(80, 300) * MILLISECOND, delayMean * 30, diskDelayMean * 10);
  // And apart by twice what an election takes, two round trips and two syncs: else whoever campaigns meets a rival each time, for ever where all of those that are left have to agree.
  const electionSpreadMin = 2 * (4 * delayMean + 2 * diskDelayMean);
  const faultDuration = draws.pick([100, 300, 1000] as const) * MILLISECOND;
  const clients = draws.between(3, 6);
  const lanes = draws.between(1, 4);
  const operations = draws.between(350, 500);
  /** How long the work is to last: long enough for dozens of faults and elections. */
  const workSeconds = draws.between(5, 20);
  const intervalMean = faultDuration * draws.pick([1, 2, 4] as const);
  const faults = withinReason(drawFaults(choices, SECOND / intervalMean), nodes, electionMin);
  const calm: Knobs = {
    profile: 'swarm',
    nodes,
    spares: members.pick([0, 0, 0, 1, 2, 2] as const),
    changeMeanMicros: members.pick([300, 1000, 3000] as const) * MILLISECOND,
    clients,
    lanes,
    dataGroups: draws.between(1, 3),
    placedGroups: choices.under('knobs/groups').pick([0, 0, 1, 2] as const),
    vaults: draws.between(1, 3),
    briefVaults: choices.under('knobs/brief-vaults').pick([0, 0, 0, 3, 10] as const),
    keys: draws.between(2, 6),
    operations,
    authorizationClients: choices.under('knobs/authorization').pick([0, 0, 0, 1, 2] as const),
    calmOperations: CALM_OPERATIONS,
    workMicrosMax: WORK_MICROS_MAX,
    thinkMeanMicros: Math.floor((workSeconds * SECOND * clients * lanes) / operations),
    readShare: draws.between(30, 60) / 100,
    transactionShare: draws.between(0, 30) / 100,
    weakReadShare: reads.pick([0, 0.3, 0.6] as const),
    leases: reads.below(3) > 0,
    proofShare: draws.between(0, 20) / 100,
    expiryShare: draws.pick([0, 0.1, 0.4] as const),
    retentionShare: choices.under('knobs/retention').pick([0, 0, 0.03, 0.15] as const),
    modelShare: choices.under('knobs/models').pick([0, 0, 0.05, 0.2] as const),
    clientDeathShare: draws.pick([0, 0, 0.01, 0.05] as const),
    hasher: draws.below(10) < 6 ? 'fast' : 'sha256',
    sealing: choices.under('knobs/sealing').below(4) === 0,
    signing: signing.pick(['simulated', 'simulated', 'simulated', 'simulated', 'simulated', 'ed25519', 'none', 'none'] as const),
    checkpointMicros: signing.pick([0, 0, 200 * MILLISECOND, SECOND] as const),
    timing: {
      electionTimeoutMinMicros: electionMin,
      electionTimeoutMaxMicros: Math.max(
        Math.floor((electionMin * draws.pick([12, 15, 20, 20] as const)) / 10),
        electionMin + electionSpreadMin,
      ),
      heartbeatMicros: Math.floor(electionMin / draws.between(4, 8)),
    },
    hibernateMicros: Math.floor(electionMin * choices.under('knobs/hibernation').pick([0.2, 0.5, 2, 3600] as const)),
    batchMax: draws.pick([1, 4, 100] as const),
    preVote: choices.under('knobs/pre-vote').below(6) !== 5,
    limits: drawLimits(choices),
    segmentBytes: draws.pick([4, 8, 16, 64] as const) * 1024,
    ...drawCheckpoints(choices),
    pageBytes: choices.under('knobs/pages').pick([8192, 512, 512] as const),
    warmUp: drawWarmUp(choices),
    scrubMicros: choices.under('knobs/scrub').pick([0, 0, 300_000, 3_000_000] as const),
    pageCacheBytes: choices.under('knobs/page-cache').pick([1 << 30, 64 * 1024, 8 * 1024, 0] as const),
    link: {
      delayMinMicros: draws.between(20, 500),
      delayMeanMicros: delayMean,
      loss: 0,
      duplicate: 0,
      reorder: 0,
      queueMax: draws.pick([64, 1024] as const),
    },
    diskDelayMinMicros: draws.between(20, 200),
    diskDelayMeanMicros: diskDelayMean,
    halfWrittenSectors: choices.under('knobs/sectors').below(4) > 0,
    coalesce: draws.between(0, 100) / 100,
    clockRatePpmMax: draws.pick([0, 100_000, 1000, 100_000] as const),
    wallOffsetMaxMicros: draws.pick([0, 1000, 10 * SECOND] as const),
    buggify: draws.pick([0, 0.02, 0.2, 0.6] as const),
    faults: {},
    faultDurationMeanMicros: faultDuration,
    downMax: draws.below(4) === 0 ? nodes : Math.max(1, Math.floor((nodes - 1) / 2)),
  };
  return withFaults(calm, calm.sealing ? { ...faults, damagedCopy: 0 } : faults);
}

/** Production's bounds in three seeds of four; in the others so tight that they are met all the time. */
function drawLimits(choices: Choices): Partial<GroupLimits> {
  const draws = choices.under('knobs/limits');
  if (draws.below(4) !== 3) return {};
  return {
    appendEntriesMax: draws.between(1, 4),
    appendBytesMax: draws.pick([256, 1024, 4096] as const),
    inflightAppendsMax: draws.between(1, 4),
    inflightBytesMax: draws.pick([512, 2048, 8192] as const),
    uncommittedBytesMax: draws.pick([512, 2048, 8192] as const),
    readQueueMax: draws.between(1, 4),
    proposalQueueMax: draws.between(1, 4),
    pendingReadsMax: draws.between(1, 4),
    ownBacklogEntriesMax: draws.between(1, 4),
  };
}

/** Small, so that checkpoints, reclaimed segments and fetches happen in most seeds; in a few there are none. */
function drawCheckpoints(choices: Choices): Pick<Knobs, 'checkpointBytes' | 'chunkBytes' | 'trailEntries' | 'sliceRecords'> {
  const draws = choices.under('knobs/checkpoints');
  return {
    checkpointBytes: draws.pick([2, 2, 4, 8, 16, 1024] as const) * 1024,
    chunkBytes: draws.pick([512, 2048, 64 * 1024] as const),
    trailEntries: draws.pick([0, 0, 0, 16] as const),
    sliceRecords: draws.pick([1, 4, 150] as const),
  };
}

/** Workloads have few leaves: most often all vaults count as large. */
function drawWarmUp(choices: Choices): Knobs['warmUp'] {
  const draws = choices.under('knobs/warm-up');
  return { coldVaultLeaves: draws.pick([1000, 0, 0, 5] as const), sliceLeaves: draws.pick([1, 3, 500] as const) };
}

/**
 * Half of the kinds are off, in every third seed four of five; the episodes of the others share the given rate by weights from 1 to 10. Why
 * few kinds in some seeds: among many, none comes often enough to meet itself.
 */
function drawFaults(choices: Choices, episodesPerSecond: number): Record<string, number> {
  const draws = choices.under('knobs/faults');
  const oneIn = choices.under('knobs/fault-density').pick([2, 2, 5] as const);
  const weights: Record<string, number> = {};
  let sum = 0;
  for (const { kind } of FAULTS) {
    const isOften = OFTEN_IN_VAIN.includes(kind);
    const weight = isOften ? 10 : kind === LASTING_KIND ? 4 : 1 + draws.below(10);
    const isOn = kind === LASTING_KIND ? draws.below(3) === 0 : draws.below(oneIn) === 1;
    weights[kind] = isOn ? weight : 0;
    sum += weights[kind];
  }
  const rates: Record<string, number> = {};
  for (const { kind } of FAULTS)
    rates[kind] = Math.round(((weights[kind] ?? 0) * 1000 * episodesPerSecond) / Math.max(sum, 1)) / 1000;
  for (const kind of RATE_KINDS) {
    const rate = 1 + draws.below(kind === 'loss' ? 60 : 200);
    rates[kind] = draws.below(2) === 0 ? 0 : rate / 1000;
  }
  return rates;
}

/**
 * After a blackout everybody has to start, elect and answer anew: one may come when that has succeeded, or nothing ever happens. Among
 * one or two nodes the loss of a region is as much.
 */
function withinReason(
  faults: Readonly<Record<string, number>>,
  nodes: number,
  electionMinMicros: number,
): Record<string, number> {
  const blackoutsMax = Math.round((1000 * SECOND) / (BLACKOUT_ELECTIONS * electionMinMicros)) / 1000;
  const capped = (rate: number): number => Math.min(rate, blackoutsMax);
  const { blackout = 0, regionLoss = 0 } = faults;
  return { ...faults, blackout: capped(blackout), regionLoss: nodes > 2 ? regionLoss : capped(regionLoss) };
}

/** Six nodes, four clients, no faults: what speed is measured on. */
const PERF: Knobs = {
  profile: 'perf',
  nodes: 6,
  spares: 0,
  changeMeanMicros: SECOND,
  clients: 4,
  lanes: 2,
  dataGroups: 1,
  placedGroups: 0,
  vaults: 1,
  briefVaults: 0,
  keys: 400,
  operations: 10_000,
  authorizationClients: 0,
  calmOperations: CALM_OPERATIONS,
  workMicrosMax: 1500 * SECOND,
  thinkMeanMicros: 450_000,
  readShare: 0.7,
  transactionShare: 0.1,
  weakReadShare: 0,
  leases: true,
  proofShare: 0,
  expiryShare: 0,
  retentionShare: 0,
  modelShare: 0,
  clientDeathShare: 0,
  hasher: 'fast',
  sealing: false,
  signing: 'none',
  checkpointMicros: 0,
  timing: { electionTimeoutMinMicros: 300_000, electionTimeoutMaxMicros: 600_000, heartbeatMicros: 60_000 },
  hibernateMicros: 3 * SECOND,
  batchMax: 100,
  preVote: true,
  limits: {},
  segmentBytes: 1 << 20,
  checkpointBytes: 4 << 20,
  chunkBytes: 64 * 1024,
  trailEntries: 4096,
  sliceRecords: 150,
  pageBytes: 8192,
  pageCacheBytes: 1 << 30,
  scrubMicros: 0,
  warmUp: { coldVaultLeaves: 1000, sliceLeaves: 500 },
  link: { delayMinMicros: 50, delayMeanMicros: 100, loss: 0, duplicate: 0, reorder: 0, queueMax: 4096 },
  diskDelayMinMicros: 50,
  diskDelayMeanMicros: 100,
  halfWrittenSectors: false,
  coalesce: 1,
  clockRatePpmMax: 0,
  wallOffsetMaxMicros: 0,
  buggify: 0,
  faults: {},
  faultDurationMeanMicros: SECOND,
  downMax: 0,
};
