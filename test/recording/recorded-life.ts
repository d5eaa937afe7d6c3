/** One life of a node of one, on the production runtime and a simulated disk, with its tape in memory; and the replay of that. */
import { celConditions } from '../../core/authz/cel.ts';
import { concatBytes } from '../../core/bytes/compare.ts';
import { type Cipher, type Hasher, neverBuggify } from '../../core/capability.ts';
import type { ClientRequest, ClientResult, SessionRef } from '../../core/client/protocol.ts';
import { NEWEST } from '../../core/client/protocol.ts';
import { Outbox } from '../../core/codec/outbox.ts';
import type { Clocks } from '../../core/effect.ts';
import { portableHasher } from '../../core/hasher.ts';
import type { ClusterId, GroupId, NodeId, OrganizationId, Seq, VaultId } from '../../core/ids.ts';
import { portableVerifier } from '../../core/note/ed25519.ts';
import { Random } from '../../core/random.ts';
import { Recorder, type Standing } from '../../core/recording/recorder.ts';
import {
  recordingCipher,
  recordingEntropy,
  recordingReader,
  recordingSigning,
} from '../../core/recording/recording-capabilities.ts';
import { openTape, TapeReader } from '../../core/recording/tape-reader.ts';
import { createDirectory } from '../../core/replica/directory.ts';
import { foundingManifest } from '../../core/replica/manifest.ts';
import { Replica } from '../../core/replica/replica.ts';
import { createKeyFile } from '../../core/replica/sealing.ts';
import { sampleClocks } from '../../node/clock.ts';
import { seedFrom, systemEntropy } from '../../node/entropy.ts';
import { nativeSigningKeys } from '../../node/keys/native-signing.ts';
import { Runtime } from '../../node/runtime.ts';
import { SimDisk } from '../../sim/disk.ts';
import { type ReplayReport, replayRecording, type StopAt } from '../../sim/recording/replay.ts';

const TIMING = { electionTimeoutMinMicros: 4_000, electionTimeoutMaxMicros: 8_000, heartbeatMicros: 1_000 };
const MAIN = 1 as GroupId;
const ORGANIZATION = '01HZZZZZZZZZZZZZZZZZZZZZZ1' as OrganizationId;
const VAULT = '01HZZZZZZZZZZZZZZZZZZZZZZ2' as VaultId;

/** A disk with the directory of a new node. */
export function newDisk(cipher?: Cipher): SimDisk {
  const disk = new SimDisk(Random.stream([1, 2, 3, 4], 'test/recording'));
  const ops = cipher === undefined ? [] : createKeyFile(cipher);
  for (const op of [...ops, ...createDirectory(systemEntropy).ops]) disk.execute(op);
  return disk;
}

export interface LifeOptions {
  readonly limitBytes?: number;
  readonly cipher?: Cipher | undefined;
}

export class RecordedLife {
  /** When it was opened. */
  readonly opened: Clocks = sampleClocks();
  readonly recorder: Recorder;
  readonly replica: Replica;
  readonly stops: Standing[] = [];
  private readonly runtime: Runtime;
  private readonly chunks: Uint8Array[] = [];
  private session: SessionRef | undefined = undefined;
  private sequence: number = 0;

  constructor(disk: SimDisk, { limitBytes = 1 << 24, cipher }: LifeOptions = {}) {
    const clocks = this.opened;
    const snapshots = { checkpointLogBytes: 1 << 12, checkpointReplayBytes: 1 << 10 };
    const options = { seed: seedFrom(systemEntropy), timing: TIMING, segmentBytes: 1 << 16, checkpointMicros: 20_000, snapshots };
    const seal = cipher && { cipher, key: cipher.drawKey() };
    const recorder = new Recorder({
      sink: { append: (bytes) => void this.chunks.push(bytes.slice()) },
      head: {
        build: 'test',
        version: '0',
        node: '',
        ...clocks,
        signs: true,
        sealed: seal && { key: Buffer.from(seal.cipher.wrap(seal.key)).toString('hex'), masterKeyId: '' },
        options,
      },
      limitBytes,
      seal,
      onStop: (standing) => this.stops.push(standing),
    });
    const { replica, effects } = Replica.open(recordingReader(disk, recorder), clocks, {
      ...options,
      hasher: portableHasher,
      conditions: celConditions,
      buggify: neverBuggify,
      entropy: recordingEntropy(systemEntropy, recorder),
      signing: recordingSigning(nativeSigningKeys, recorder),
      cipher: cipher && recordingCipher(cipher, recorder),
    });
    recorder.stepped(effects);
    let persisted: (seq: Seq) => void = () => undefined;
    this.recorder = recorder;
    this.replica = replica;
    this.runtime = new Runtime(replica, effects, {
      outbox: new Outbox({ sender: replica.id, cluster: () => replica.manifest()?.cluster }),
      disk: {
        listen: (listener) => {
          persisted = (seq) => listener.persisted(seq);
        },
        submit: (seq, ops) => {
          for (const op of ops) disk.execute(op);
          setImmediate(() => persisted(seq));
        },
      },
      peers: { send: () => undefined },
      recorder: {
        turn: (at, batch) => recorder.turn(at, batch),
        stepped: (wanted) => recorder.stepped(wanted),
        threw: (detail) => recorder.threw(detail),
        released: (frames) => {
          recorder.released(frames);
          recorder.digest(() => replica.digest());
          recorder.flush();
        },
      },
      onNodeFatal: () => undefined,
      onGroupFatal: () => undefined,
      onAlarm: () => undefined,
    });
  }

  /** Makes it a cluster of its own. */
  bootstrap(): void {
    const voters: readonly NodeId[] = [this.replica.id];
    const groups = [0, 1].map((group) => ({ group: group as GroupId, voters }));
    const founders = [{ id: this.replica.id, address: '127.0.0.1:1' }];
    this.runtime.give({
      kind: 'bootstrap',
      manifest: foundingManifest({ cluster: 'c'.repeat(32) as ClusterId, founders, groups }),
    });
  }

  /** The tape so far. */
  get tape(): Uint8Array {
    return concatBytes(...this.chunks);
  }

  ask(body: ClientRequest): Promise<ClientResult> {
    return new Promise((resolve) => this.runtime.request(body, resolve));
  }

  /** A session in the data group, once that has a leader, and in its first life the vault. */
  async work(): Promise<void> {
    for (;;) {
      const answer = await this.ask({ kind: 'openSession', group: MAIN });
      if (answer.kind === 'session') this.session = answer.session;
      if (this.session !== undefined) break;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await this.ask({ kind: 'createVault', group: MAIN, organization: ORGANIZATION, vault: VAULT, command: this.command() });
  }

  write(subject: string): Promise<ClientResult> {
    const tuple = { resource: 'document:1', relation: 'viewer', subject };
    const operation = { op: 'writeTuple', tuple, condition: undefined, expiresAt: 0, onDuplicate: 'error' } as const;
    const transaction = { actor: 'anne', reason: '', operations: [operation] };
    const place = { group: MAIN, organization: ORGANIZATION, vault: VAULT };
    return this.ask({ kind: 'transact', ...place, command: this.command(), transaction, model: undefined, proof: false });
  }

  checkpoint(): Promise<ClientResult> {
    const place = { group: MAIN, organization: ORGANIZATION, vault: VAULT, consistency: 'linearizable', at: NEWEST } as const;
    return this.ask({ kind: 'query', ...place, query: { kind: 'checkpoint', signatures: 1 }, proof: false });
  }

  /** As SIGKILL: nothing is said to the tape. */
  kill(): void {
    this.runtime.stop();
  }

  close(): void {
    this.runtime.stop();
    this.recorder.close();
  }

  private command(): { readonly session: SessionRef; readonly sequence: number; readonly lowestUnanswered: number } {
    if (this.session === undefined) throw new Error('work() comes first');
    this.sequence += 1;
    return { session: this.session, sequence: this.sequence, lowestUnanswered: this.sequence };
  }
}

export interface ReplayWith {
  readonly hasher?: Hasher;
  readonly cipher?: Cipher | undefined;
  readonly stopAt?: StopAt;
}

/** Replays the bytes of a tape. Throws where its head cannot be read. */
export function replay(tape: Uint8Array, { hasher = portableHasher, cipher, stopAt }: ReplayWith = {}): ReplayReport {
  const bytes = { size: tape.length, read: (offset: number, length: number) => tape.slice(offset, offset + length) };
  const opened = openTape(bytes);
  if (!opened.ok) throw new Error(opened.reason);
  const { head } = opened;
  const key = head.sealed && cipher?.unwrap(Uint8Array.from(Buffer.from(head.sealed.key, 'hex')));
  const reader = new TapeReader(bytes, opened.bytes, cipher && key && { cipher, key });
  return replayRecording({ head, tape: reader, capabilities: { hasher, verifier: portableVerifier, cipher }, stopAt });
}
