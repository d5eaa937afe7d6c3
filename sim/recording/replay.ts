/**
 * Replays the tape of a real node: the same core is opened with what was read then, given the same inputs at the same times, and must
 * want the same, effect by effect. Keeps to the order of node/runtime.ts: the steps of a turn, then the frames that may leave.
 *
 * What is compared: kind and 32 bits over the content of every effect, the bytes of every frame, every question to a capability, and
 * the core's own digest wherever the tape has one. What is not: ciphertext and signatures, which are the tape's own where they are
 * not drawn again, and what is written of the node's signing key.
 */
import { celConditions } from '../../core/authz/cel.ts';
import { type Cipher, type Hasher, neverBuggify, type SignatureVerifier } from '../../core/capability.ts';
import { type OutboundFrame, Outbox } from '../../core/codec/outbox.ts';
import type { Clocks, Effect, InputBody } from '../../core/effect.ts';
import { type Micros, SEQ_ZERO, type Seq } from '../../core/ids.ts';
import { SEED_BYTES } from '../../core/note/portable-signer.ts';
import { readInput } from '../../core/recording/input-bytes.ts';
import { RecordKind, type TapeHead } from '../../core/recording/tape-format.ts';
import type { TapeReader, TapeRecord } from '../../core/recording/tape-reader.ts';
import { Replica } from '../../core/replica/replica.ts';
import { Departure, TapeDamaged, TapeOver } from './departure.ts';
import { replayingCipher, replayingEntropy, replayingReader, replayingSigning } from './replaying-capabilities.ts';
import { type Ending, Witness, wordsOf } from './witness.ts';

/** What is computed again instead of being read from the tape. */
export interface ReplayCapabilities {
  readonly hasher: Hasher;
  readonly verifier: SignatureVerifier;
  /** Of an encrypted node: under the same master key. */
  readonly cipher?: Cipher | undefined;
}

/** Where to stop: behind that input, or ahead of the first turn later than that. */
export type StopAt =
  | { readonly kind: 'input'; readonly number: number }
  /** Since the directory was opened, microseconds. */
  | { readonly kind: 'time'; readonly micros: number };

/** Watches a replay; for whoever tells it. */
export interface ReplayListener {
  opened(replica: Replica): void;
  /** @param micros since the opening. @param effects what the input led to */
  stepped(micros: number, input: InputBody, effects: readonly Effect[], replica: Replica): void;
  released(frames: readonly OutboundFrame[]): void;
}

export interface ReplayRequest {
  readonly head: TapeHead;
  readonly tape: TapeReader;
  readonly capabilities: ReplayCapabilities;
  readonly stopAt?: StopAt | undefined;
  readonly listener?: ReplayListener | undefined;
}

/** Where a replay was no longer the recorded run. */
export interface Difference {
  /** Inputs are counted from 1; 0: at the opening. */
  readonly input: number;
  readonly kind: InputBody['kind'] | 'opening';
  /** Since the opening. */
  readonly micros: number;
  readonly what: string;
  readonly recorded: string;
  readonly replayed: string;
}

export interface ReplayReport {
  readonly verdict: 'equal' | 'differs' | 'damaged';
  readonly difference: Difference | undefined;
  /** undefined: it was stopped, differs or is damaged. */
  readonly ending: Ending | undefined;
  /** Byte at which a damaged tape is. */
  readonly damagedAt: number | undefined;
  /** Inputs that were given, and how many of them the tape says nothing more about: the process was killed meanwhile. */
  readonly inputs: number;
  readonly unwitnessed: number;
  readonly turns: number;
  readonly frames: number;
  /** Digests of the state that were compared. */
  readonly digests: number;
  /** From the opening to the last input, microseconds. */
  readonly micros: number;
  /** Over every input, effect, frame and digest. */
  readonly traceHash: string;
  /** Of the state, where the tape has it last. */
  readonly digest: string | undefined;
  /** What the opening or a step threw, as it did then. */
  readonly threw: string | undefined;
  readonly replica: Replica | undefined;
}

/** Thrown to end a replay where it was asked to stop. */
class Stopped extends Error {
  override readonly name: string = 'Stopped';
}

class Replay {
  private readonly request: ReplayRequest;
  private readonly witness: Witness;
  private replica: Replica | undefined = undefined;
  private outbox: Outbox | undefined = undefined;
  private durableSeq: Seq = SEQ_ZERO;
  private at: { number: number; kind: Difference['kind']; micros: number } = { number: 0, kind: 'opening', micros: 0 };
  private unwitnessed: number = 0;
  private turns: number = 0;
  private frames: number = 0;
  private digests: number = 0;
  private lastDigest: string | undefined = undefined;
  private threw: string | undefined = undefined;
  /** The core said, or showed, that it cannot go on. */
  private isOver: boolean = false;

  constructor(request: ReplayRequest) {
    this.request = request;
    this.witness = new Witness(request.tape);
  }

  run(): ReplayReport {
    let verdict: ReplayReport['verdict'] = 'equal';
    let difference: Difference | undefined;
    let damagedAt: number | undefined;
    try {
      this.open();
      for (let record = this.witness.next(); record !== undefined; record = this.witness.next()) this.goOn(record);
    } catch (error) {
      if (error instanceof Departure) {
        verdict = 'differs';
        difference = this.differenceOf(error);
      } else if (error instanceof TapeDamaged) {
        verdict = 'damaged';
        damagedAt = error.offset;
      } else if (!(error instanceof TapeOver || error instanceof Stopped)) throw error;
    }
    return {
      verdict,
      difference,
      damagedAt,
      ending: verdict === 'equal' ? this.witness.ending : undefined,
      inputs: this.at.number,
      unwitnessed: this.unwitnessed,
      turns: this.turns,
      frames: this.frames,
      digests: this.digests,
      micros: this.at.micros,
      traceHash: this.witness.trace.digest(),
      digest: this.lastDigest,
      threw: this.threw,
      replica: this.replica,
    };
  }

  private open(): void {
    const { head, capabilities } = this.request;
    const { witness } = this;
    const clocks: Clocks = { now: head.now as Micros, wall: head.wall as Micros };
    this.guard(clocks, () => {
      const { replica, effects } = Replica.open(replayingReader(witness), clocks, {
        ...head.options,
        hasher: capabilities.hasher,
        conditions: celConditions,
        buggify: neverBuggify,
        entropy: replayingEntropy(witness),
        ...(head.signs ? { signing: replayingSigning(witness, capabilities.verifier, SEED_BYTES) } : {}),
        ...(capabilities.cipher === undefined ? {} : { cipher: replayingCipher(witness, capabilities.cipher) }),
      });
      this.replica = replica;
      this.outbox = new Outbox({ sender: replica.id, cluster: () => replica.manifest()?.cluster });
      this.request.listener?.opened(replica);
      return effects;
    });
    this.release(clocks);
  }

  private goOn(record: TapeRecord): void {
    if (this.isOver) throw new Departure('the core', `goes on (${wordsOf(record)})`, 'cannot go on');
    if (record.kind === RecordKind.turn) return this.turn(record);
    if (record.kind !== RecordKind.look) throw new Departure('what happens between two turns', wordsOf(record), 'nothing');
    const digest = this.replica?.digest() ?? '';
    if (!this.witness.digest(digest)) return;
    this.digests += 1;
    this.lastDigest = digest;
  }

  private turn({ body }: TapeRecord): void {
    const { head, stopAt } = this.request;
    const clocks: Clocks = { now: body.u64() as Micros, wall: body.u64() as Micros };
    const micros = clocks.now - head.now;
    if (stopAt?.kind === 'time' && micros > stopAt.micros) throw new Stopped();
    this.turns += 1;
    const inputs = Array.from({ length: body.u32() }, () => readInput(body));
    for (const input of inputs) {
      if (stopAt?.kind === 'input' && this.at.number >= stopAt.number) throw new Stopped();
      this.at = { number: this.at.number + 1, kind: input.kind, micros };
      this.step(input, clocks);
      if (this.isOver) return;
    }
    this.release(clocks);
  }

  private step(input: InputBody, clocks: Clocks): void {
    const { replica, request, witness } = this;
    if (replica === undefined) throw new Departure('the directory', 'was opened', 'is not');
    witness.trace.event(clocks.now, 0, RecordKind.turn);
    if (input.kind === 'frame') witness.trace.bytes(input.bytes);
    if (input.kind === 'persisted') this.durableSeq = input.seq;
    this.guard(clocks, () => {
      const effects = replica.step({ ...input, ...clocks });
      request.listener?.stepped(this.at.micros, input, effects, replica);
      return effects;
    });
  }

  /** Runs the opening or a step, and compares what it wanted, or what it threw. */
  private guard(clocks: Clocks, work: () => readonly Effect[]): void {
    let effects: readonly Effect[];
    try {
      effects = work();
    } catch (error) {
      if (error instanceof TapeOver) this.unsaid();
      if (error instanceof Departure || error instanceof TapeOver || error instanceof TapeDamaged) throw error;
      this.threw = error instanceof Error ? error.message : String(error);
      this.isOver = true;
      if (!this.witness.threw(this.threw)) this.unsaid();
      return;
    }
    if (!this.witness.stepped(effects, clocks)) this.unsaid();
    for (const effect of effects) {
      if (effect.kind === 'send') this.outbox?.push(effect);
      if (effect.kind === 'fatal' && effect.scope === 'node') this.isOver = true;
      if (this.isOver) return;
    }
  }

  /** The tape says nothing about what came of this input, or not all of it; the opening is no input. */
  private unsaid(): void {
    if (this.at.number > 0) this.unwitnessed += 1;
  }

  private release(clocks: Clocks): void {
    const frames = this.isOver ? [] : (this.outbox?.release(this.durableSeq) ?? []);
    this.frames += frames.length;
    this.request.listener?.released(frames);
    this.witness.released(frames, clocks);
  }

  private differenceOf({ what, recorded, replayed }: Departure): Difference {
    const { number: input, kind, micros } = this.at;
    return { input, kind, micros, what, recorded, replayed };
  }
}

/** Replays a tape to its end, or to where it departs. */
export function replayRecording(request: ReplayRequest): ReplayReport {
  return new Replay(request).run();
}
