/**
 * What a leader lets into its queue. A transaction may ask that its tuples fit an authorization model: that is judged here, by the applied
 * state, before anything is appended, so that a command in the log is one that counts.
 *
 * An answer that nothing was appended has to be true, whatever became of the same command before, and the newest model has to be the
 * newest. So a leader judges
 *   - only once everything is applied that earlier leaders can have acknowledged: its own term's first entry is;
 *   - never a command that ran already, or is on its way: the log knows how to answer it a second time;
 *   - to refuse, only while nobody else can lead: under its lease, or behind a read round that was asked for since.
 * Otherwise the write waits for such a round (group-reads.ts) and is judged then.
 */
import type { Conditions } from '../authz/condition.ts';
import type { ClientResult } from '../client/protocol.ts';
import { INDEX_ZERO, type LogIndex, type Micros, type RequestId } from '../ids.ts';
import { type Command, commandBytes } from '../state/command.ts';
import type { GroupState } from '../state/group-state.ts';
import { unfitness } from '../state/model-admission.ts';
import type { PendingCommands } from './pending-commands.ts';
import { errorResult, RETRY_AFTER_MS } from './results.ts';

/** A write whose tuples must fit a model. @see ClientRequest for what model says */
export interface FittedWrite {
  readonly kind: 'fittedWrite';
  readonly command: Extract<Command, { kind: 'transact' }>;
  readonly model: string;
}

/** A command with who asked for it. */
export interface Submission {
  readonly request: RequestId;
  readonly command: Command;
  /** Undefined: it need not fit any. */
  readonly model: string | undefined;
}

export interface WriteAdmissionOptions {
  readonly conditions: Conditions;
  readonly state: () => GroupState;
  readonly commands: PendingCommands;
  /** Why a command is not taken at all, whatever it says. */
  readonly refusal: (command: Command) => ClientResult | undefined;
  readonly rounds: {
    /** Whether nobody else can have committed anything that is not applied here. */
    isCurrent(now: Micros): boolean;
    /** Lets a write wait for a read round; `confirmed` is called behind it. */
    confirm(request: RequestId, write: FittedWrite): void;
  };
  readonly mark: ((name: string) => void) | undefined;
}

/** Section framing that a command's own size does not count, bytes. Generous. */
const SECTION_BYTES = 64;

export class WriteAdmission {
  private readonly options: WriteAdmissionOptions;
  /** What has to be applied before this leader judges. */
  private tenure: LogIndex = INDEX_ZERO;
  /** Whether a write was taken behind a round since `takeAdmitted`. */
  private admitted: boolean = false;

  constructor(options: WriteAdmissionOptions) {
    this.options = options;
  }

  /** This node leads from now on. @param lastIndex of its log, the entry that its term begins with included */
  begin(lastIndex: LogIndex): void {
    this.tenure = lastIndex;
  }

  /** Takes a command of a client, at once or behind a round. @returns why not, where it does not. */
  take(now: Micros, { request, command, model }: Submission): ClientResult | undefined {
    const refused = this.options.refusal(command);
    if (refused !== undefined || model === undefined || command.kind !== 'transact')
      return refused ?? this.enqueue(request, command);
    const write: FittedWrite = { kind: 'fittedWrite', command, model };
    if (!this.isSettled) return this.wait(request, write);
    const unfit = this.judge(write);
    if (unfit === undefined) return this.enqueue(request, command);
    return this.options.rounds.isCurrent(now) ? unfit : this.wait(request, write);
  }

  /** A round has confirmed that this node led since the write came. @returns why it is not taken; undefined also where it waits again */
  confirmed(request: RequestId, write: FittedWrite): ClientResult | undefined {
    if (!this.isSettled) return this.wait(request, write); // it leads anew since
    this.admitted = true;
    return this.options.refusal(write.command) ?? this.judge(write) ?? this.enqueue(request, write.command);
  }

  /** Whether writes were taken behind rounds since the last call: they are to be proposed. */
  takeAdmitted(): boolean {
    const { admitted } = this;
    this.admitted = false;
    return admitted;
  }

  /** Lets a command of nobody's into the queue. @returns whether there was room */
  enqueueOwn(command: Command): boolean {
    return this.options.commands.enqueue({ request: undefined, command, bytes: commandBytes(command) + SECTION_BYTES });
  }

  private get isSettled(): boolean {
    return this.options.state().lastApplied >= this.tenure;
  }

  private judge({ command, model }: FittedWrite): ClientResult | undefined {
    const { commands, conditions, mark } = this.options;
    const state = this.options.state();
    if (commands.has(command.ref) || state.sessions.isTaken(command.ref)) {
      mark?.('replica.fitted-write-again');
      return undefined;
    }
    return unfitness(state.vault(command.vault), { ...command, model, conditions });
  }

  private wait(request: RequestId, write: FittedWrite): undefined {
    this.options.mark?.('replica.fitted-write-waits');
    this.options.rounds.confirm(request, write);
  }

  private enqueue(request: RequestId, command: Command): ClientResult | undefined {
    if (this.options.commands.enqueue({ request, command, bytes: commandBytes(command) + SECTION_BYTES })) return undefined;
    return errorResult('overloaded', 'Too many commands wait in this group.', RETRY_AFTER_MS);
  }
}
