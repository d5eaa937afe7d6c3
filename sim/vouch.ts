/** Vouch as a protocol of the simulator: the production replica, codecs and disk format, with seeded capabilities. */
import { defined } from '../core/assert.ts';
import { celConditions } from '../core/authz/cel.ts';
import { drawId } from '../core/bytes/hex-id.ts';
import { Writer } from '../core/bytes/writer.ts';
import type { Cipher, Hasher, SigningKeys } from '../core/capability.ts';
import type { ClientRequest, ClientResult } from '../core/client/protocol.ts';
import { decodeClientRequest, encodeClientResult } from '../core/codec/client-frame.ts';
import type { Envelope } from '../core/codec/envelope.ts';
import { Outbox } from '../core/codec/outbox.ts';
import type { Clocks, DirectoryReader, Effect } from '../core/effect.ts';
import { type ClusterId, GLOBAL_GROUP, type GroupId, type NodeId, type RequestId } from '../core/ids.ts';
import { CLOCK_RATE_PPM_MAX } from '../core/limits.ts';
import type { SeedWords } from '../core/random.ts';
import { createDirectory } from '../core/replica/directory.ts';
import { foundingManifest, type Manifest } from '../core/replica/manifest.ts';
import { Replica } from '../core/replica/replica.ts';
import { createKeyFile } from '../core/replica/sealing.ts';
import type { SealedBlock } from '../core/state/block-observer.ts';
import { BuggifySites } from './buggify-sites.ts';
import { simulatedCipher } from './cipher.ts';
import { entropyFrom } from './entropy.ts';
import { fastHasher } from './hasher.ts';
import { isSigning, type Knobs } from './knobs.ts';
import { Marks } from './marks.ts';
import { PORTABLE_PRIMITIVES, type Primitives } from './primitives.ts';
import type { ForgedFrame, FrameQueue, Place, Protocol, SentFrame } from './protocol.ts';
import { rememberingChecks } from './remembered-checks.ts';
import { ed25519SigningKeys, simulatedSigningKeys } from './signing-keys.ts';
import type { Choices, Draws } from './tape.ts';
import { openDamagedCopy } from './vouch-damaged-copy.ts';
import { forge } from './vouch-forgery.ts';
import { inOtherVersion } from './vouch-other-wire.ts';
import { tamper } from './vouch-tamper.ts';

/** The types of Vouch in the simulator's vocabulary. */
export interface VouchShape {
  readonly envelope: Envelope;
  readonly request: ClientRequest;
  readonly result: ClientResult;
  readonly manifest: Manifest;
}

/**
 * What a build decided that had neither pre-votes nor leases, slept never and put one command into an entry. Whatever a later version adds
 * to what a node decides alone has to be safe beside nodes that decide like this.
 */
const OLDER_CORE: Pick<Knobs, 'preVote' | 'leases' | 'hibernateMicros' | 'batchMax'> = {
  preVote: false,
  leases: false,
  hibernateMicros: 3_600_000_000,
  batchMax: 1,
};

/** Told of every block a node seals, at first apply and at replay. */
export type BlockListener = (node: number, block: SealedBlock) => void;

const MASTER_KEY: Uint8Array = Uint8Array.of(1);
/** Where the envelope count stands in a Raft frame (core/codec/frame.ts). */
const ENVELOPE_COUNT_AT = 34;

export class VouchProtocol implements Protocol<VouchShape, Replica> {
  private readonly choices: Choices;
  private readonly knobs: Knobs;
  readonly cluster: ClusterId;
  /** One for all nodes: the stand-in checks what it has signed itself. */
  readonly signingKeys: SigningKeys | undefined;
  readonly hasher: Hasher;
  /** One for all nodes: they are of one region, and it sees every nonce of the run. */
  private readonly cipher: Cipher | undefined;
  private readonly writer: Writer = new Writer();
  onBlock: BlockListener = () => undefined;
  /** What the run has covered. */
  readonly marks: Marks = new Marks();
  private readonly sites: BuggifySites;
  /** Not of sealed directories: who damages copies reads and writes records. */
  readonly openDamagedCopy: Protocol<VouchShape, Replica>['openDamagedCopy'];

  constructor(choices: Choices, knobs: Knobs, { sha256, ed25519 }: Primitives = PORTABLE_PRIMITIVES) {
    this.choices = choices;
    this.knobs = knobs;
    this.hasher = knobs.hasher === 'fast' ? fastHasher : sha256;
    const { sealing } = knobs;
    this.cipher = sealing ? simulatedCipher(MASTER_KEY, entropyFrom(choices.under('cipher/keys'))) : undefined;
    const secrets = entropyFrom(choices.under('signing/keys'));
    if (isSigning(knobs.signing)) {
      this.signingKeys =
        knobs.signing === 'ed25519' ? rememberingChecks(ed25519SigningKeys(ed25519, secrets)) : simulatedSigningKeys(secrets);
    }
    const { hasher, marks } = this;
    this.openDamagedCopy = sealing
      ? undefined
      : (reader, clocks, draws) => openDamagedCopy(reader, clocks, draws, { hasher, mark: (name) => marks.mark(name) });
    this.sites = new BuggifySites(choices.under('buggify/sites'), knobs.buggify);
    this.cluster = drawId<'ClusterId'>(entropyFrom(choices.under('cluster/id')));
  }

  /** The faults have stopped: what the core does of its own accord to be a nuisance ends, too, where it is one of them. */
  settle(): void {
    this.sites.settle();
  }

  create(draws: Draws): ReturnType<typeof createDirectory> {
    const { id, ops } = createDirectory(entropyFrom(draws));
    return { id, ops: this.cipher === undefined ? ops : [...createKeyFile(this.cipher), ...ops] };
  }

  open(reader: DirectoryReader, clocks: Clocks, place: Place): { readonly core: Replica; readonly effects: readonly Effect[] } {
    const { choices } = this;
    const knobs = place.build === 'olderCore' ? { ...this.knobs, ...OLDER_CORE } : this.knobs;
    const seed = choices.under(`node/${place.node}/seed`);
    const buggify = choices.under(`node/${place.node}/buggify`);
    const { replica, effects } = Replica.open(reader, clocks, {
      hasher: this.hasher,
      conditions: celConditions,
      cipher: this.cipher,
      signing: this.signingKeys,
      checkpointMicros: knobs.checkpointMicros || undefined,
      entropy: entropyFrom(choices.under(`node/${place.node}/entropy`)),
      seed: drawSeed(seed),
      buggify: knobs.buggify === 0 ? () => false : (site) => this.sites.isActive(site) && buggify.chance(this.sites.rate(site)),
      timing: knobs.timing,
      ...(knobs.leases ? { leaseClockRatePpm: CLOCK_RATE_PPM_MAX } : {}),
      batchMax: knobs.batchMax,
      hibernateMicros: knobs.hibernateMicros,
      preVote: knobs.preVote,
      limits: knobs.limits,
      segmentBytes: knobs.segmentBytes,
      pageBytes: knobs.pageBytes,
      pageCacheBytes: knobs.pageCacheBytes,
      warmUp: knobs.warmUp,
      snapshots: {
        checkpointLogBytes: knobs.checkpointBytes,
        chunkBytes: knobs.chunkBytes,
        trailEntries: knobs.trailEntries,
        sliceRecords: knobs.sliceRecords,
        pullMicros: 2 * knobs.timing.electionTimeoutMinMicros,
        scrubMicros: knobs.scrubMicros,
        servedMicros: 4 * knobs.timing.electionTimeoutMaxMicros,
      },
      observer: { onBlock: (block) => this.onBlock(place.node, block) },
      ...(knobs.profile === 'perf' ? {} : { probe: this.marks }), // speed is measured without looking
    });
    return { core: replica, effects };
  }

  manifest(nodes: readonly NodeId[], self: number): Manifest | undefined {
    if (self >= this.knobs.nodes) return undefined;
    const voters = nodes.slice(0, this.knobs.nodes).sort();
    const groups: { readonly group: GroupId; readonly voters: readonly NodeId[] }[] = [];
    for (let group = 0; group <= this.knobs.dataGroups; group += 1) {
      groups.push({ group: (GLOBAL_GROUP + group) as GroupId, voters });
    }
    const founders = voters.map((id) => ({ id, address: addressOf(nodes.indexOf(id)) }));
    return foundingManifest({ cluster: this.cluster, founders, groups });
  }

  isMember(core: Replica): boolean {
    return core.manifest() !== undefined;
  }

  frames(core: Replica, self: NodeId): FrameQueue<VouchShape> {
    return new Outbox({ sender: self, cluster: () => core.manifest()?.cluster });
  }

  messageCount(frame: Uint8Array): number {
    let count = 0;
    for (let i = 0; i < 4; i += 1) count = count * 256 + defined(frame[ENVELOPE_COUNT_AT + i], 'a frame has its count');
    return count;
  }

  decodeRequest(bytes: Uint8Array): { readonly id: number; readonly body: ClientRequest } | undefined {
    const decoded = decodeClientRequest(bytes);
    return decoded.ok ? { id: decoded.value.id, body: decoded.value.request } : undefined;
  }

  encodeResult(id: number, result: ClientResult): Uint8Array {
    return encodeClientResult({ id: id as RequestId, result }, this.writer);
  }

  inOtherVersion(frame: Uint8Array): Uint8Array {
    return inOtherVersion(frame);
  }

  tamper(core: Replica, draws: Draws): boolean {
    return tamper(core, draws);
  }

  forge(sent: SentFrame, draws: Draws): ForgedFrame | undefined {
    return forge(sent, draws);
  }
}

/** The address under which clients know a node. */
export function addressOf(node: number): string {
  return `127.0.0.1:${4100 + node}`;
}

/** Where the same node is reached once it has moved: both lead to it. */
export function movedAddressOf(node: number): string {
  return `127.0.0.1:${5100 + node}`;
}

export function drawSeed(draws: Draws): SeedWords {
  return [draws.word(), draws.word(), draws.word(), draws.word()];
}
