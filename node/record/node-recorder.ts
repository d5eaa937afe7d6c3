/**
 * The flight recorder of one node: a Recorder (core/recording) on a file, and when the core's digest is taken. Whatever goes wrong with
 * the tape, the node goes on without it, and says so once.
 */
import type { Logger } from 'pino';
import type { Cipher } from '../../core/capability.ts';
import type { OutboundFrame } from '../../core/codec/outbox.ts';
import type { Clocks, DirectoryReader, Effect, InputBody } from '../../core/effect.ts';
import { Recorder } from '../../core/recording/recorder.ts';
import {
  recordingCipher,
  recordingEntropy,
  recordingReader,
  recordingSigning,
} from '../../core/recording/recording-capabilities.ts';
import type { RecordedOptions, TapeHead } from '../../core/recording/tape-format.ts';
import { readIdentity } from '../../core/replica/directory.ts';
import type { ReplicaOptions } from '../../core/replica/options.ts';
import { Replica } from '../../core/replica/replica.ts';
import { monotonicMicros } from '../clock.ts';
import type { FileDisk } from '../disk/file-disk.ts';
import type { RuntimeRecorder } from '../runtime.ts';
import { openTapeFile, type TapeFile, unusable } from './tape-directory.ts';

/** What the operator asked for. */
export interface RecordingRequest {
  readonly directory: string;
  /** Bytes that all tapes of this node may have together. */
  readonly limitBytes: number;
  /** Which code runs: a tape is replayed by the same. */
  readonly build: string;
  readonly version: string;
}

/** Between two digests: at least this long, and so long that they take one part in DIGEST_SHARE of the time. */
const DIGEST_MICROS = 1_000_000;
const DIGEST_SHARE = 200;
/** What came of a turn is written with the inputs of the next one; if none comes, after so long. A write costs 5 to 10 µs. */
const FLUSH_MS = 20;

export interface OpenedReplica {
  readonly replica: Replica;
  readonly effects: readonly Effect[];
  readonly recorder: NodeRecorder | undefined;
}

export interface OpeningRequest {
  readonly disk: FileDisk;
  readonly clocks: Clocks;
  readonly options: ReplicaOptions;
  readonly recording: RecordingRequest | undefined;
  readonly log: Logger;
}

/** Opens the replica of a directory, with a recorder where one is asked for. Throws StorageError, as Replica.open, or for the tape. */
export function openReplica({ disk, clocks, options, recording, log }: OpeningRequest): OpenedReplica {
  if (recording === undefined) return { ...Replica.open(disk, clocks, options), recorder: undefined };
  const recorder = new NodeRecorder({ disk, clocks, options, recording, log });
  try {
    const { replica, effects } = Replica.open(recorder.reader, clocks, recorder.options);
    recorder.opened(replica, effects);
    return { replica, effects, recorder };
  } catch (error) {
    recorder.threw(error instanceof Error ? error.message : String(error));
    recorder.close();
    throw error;
  }
}

export class NodeRecorder implements RuntimeRecorder {
  /** What the replica is to be opened with. */
  readonly reader: DirectoryReader;
  readonly options: ReplicaOptions;
  private readonly recorder: Recorder;
  private readonly file: TapeFile;
  private readonly log: Logger;
  private replica: Replica | undefined = undefined;
  private nextDigest: number;
  private flushing: NodeJS.Timeout | undefined = undefined;
  /** Something broke: the state is not looked at any more. */
  private broken: boolean = false;

  /** Begins a tape. Throws StorageError, with a sentence for the operator, where it cannot be written. */
  constructor({ disk, clocks, options, recording, log }: OpeningRequest & { readonly recording: RecordingRequest }) {
    const { entropy, signing, cipher } = options;
    const node = readIdentity(disk);
    const { file, limitBytes, removed } = openTapeFile({ ...recording, node, data: disk.directory });
    if (removed.length > 0) log.info({ removed }, 'older tapes were removed to make room for a new one');
    this.file = file;
    this.log = log;
    this.nextDigest = clocks.now; // the first one right after the opening
    const seal = cipher === undefined ? undefined : { cipher, key: cipher.drawKey() };
    const { build, version } = recording;
    const head: TapeHead = {
      build,
      version,
      node,
      ...clocks,
      signs: signing !== undefined,
      sealed: seal && { key: hex(seal.cipher.wrap(seal.key)), masterKeyId: hex(seal.cipher.masterKeyId) },
      options: recordedOf(options),
    };
    const recorder = new Recorder({
      sink: file,
      head,
      limitBytes,
      seal,
      onStop: (standing, detail) => this.stopped(standing, detail),
    });
    if (!recorder.isRecording) throw unusable(recording.directory, 'not even its head fits');
    this.recorder = recorder;
    this.reader = recordingReader(disk, recorder);
    this.options = {
      ...options,
      entropy: recordingEntropy(entropy, recorder),
      ...(signing === undefined ? {} : { signing: recordingSigning(signing, recorder) }),
      ...withCipher(cipher, recorder),
    };
    log.info({ tape: file.path, limitBytes }, 'everything that this node is given is recorded');
  }

  get isRecording(): boolean {
    return this.recorder.isRecording;
  }

  get writtenBytes(): number {
    return this.recorder.writtenBytes;
  }

  opened(replica: Replica, effects: readonly Effect[]): void {
    this.replica = replica;
    this.recorder.stepped(effects);
  }

  turn(clocks: Clocks, batch: readonly InputBody[]): void {
    this.recorder.turn(clocks, batch);
  }

  stepped(effects: readonly Effect[]): void {
    this.recorder.stepped(effects);
    if (effects.some((effect) => effect.kind === 'fatal' && effect.scope === 'node')) this.broken = true;
  }

  threw(detail: string): void {
    this.broken = true;
    this.recorder.threw(detail);
  }

  /** The turn is over. */
  released(frames: readonly OutboundFrame[]): void {
    if (!this.isRecording) return;
    this.recorder.released(frames);
    const now = monotonicMicros();
    if (now >= this.nextDigest) this.digest(now);
    this.flushing ??= setTimeout(() => {
      this.flushing = undefined;
      this.recorder.flush();
    }, FLUSH_MS).unref();
  }

  /** Ends the tape with a last digest. Harmless when it has ended. */
  close(): void {
    clearTimeout(this.flushing);
    if (!this.isRecording) return;
    if (!this.broken) this.digest(monotonicMicros());
    this.recorder.close();
  }

  private digest(now: number): void {
    const { replica } = this;
    if (replica === undefined) return;
    try {
      this.recorder.digest(() => replica.digest());
    } catch (error) {
      // A page that cannot be read: the core finds that out for itself when it needs it.
      return this.recorder.fail(error instanceof Error ? error.message : String(error));
    }
    const done = monotonicMicros();
    this.nextDigest = done + Math.max(DIGEST_MICROS, DIGEST_SHARE * (done - now));
  }

  private stopped(standing: 'closed' | 'full' | 'failed', detail: string): void {
    const tape = this.file.path;
    this.file.close();
    if (standing === 'full')
      this.log.warn({ tape }, 'the tape has reached its limit: nothing more is recorded until the next start');
    if (standing === 'failed') this.log.error({ tape, detail }, 'the tape cannot be written: nothing more is recorded');
  }
}

function withCipher(cipher: Cipher | undefined, recorder: Recorder): Pick<ReplicaOptions, 'cipher'> {
  return cipher === undefined ? {} : { cipher: recordingCipher(cipher, recorder) };
}

/** What is data of a replica's options. */
function recordedOf(options: ReplicaOptions): RecordedOptions {
  const { hasher, cipher, entropy, conditions, signing, buggify, observer, probe, ...data } = options;
  return data;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
