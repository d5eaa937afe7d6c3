/** Ctrl-C and its like, for commands that tidy up before they end. */
import { EXIT_INTERRUPTED } from './failure.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Thrown by `check`: the command ends without another word. */
export class Interrupted extends Error {
  override readonly name: string = 'Interrupted';
}

export class Interruption {
  private readonly controller: AbortController = new AbortController();
  private readonly end = (): void => this.controller.abort(new Interrupted());

  /** From now on signals are noted; until `close`. */
  constructor() {
    for (const signal of SIGNALS) process.on(signal, this.end);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** @throws Interrupted once a signal has come. */
  check(): void {
    if (this.controller.signal.aborted) throw new Interrupted();
  }

  close(): void {
    for (const signal of SIGNALS) process.off(signal, this.end);
  }
}

/** Runs a command that a signal ends: it tidies up, and the status says so. */
export async function interruptible(work: (interruption: Interruption) => Promise<void>): Promise<void> {
  const interruption = new Interruption();
  try {
    await work(interruption);
  } catch (error) {
    if (!interruption.signal.aborted) throw error;
    process.exitCode = EXIT_INTERRUPTED;
  } finally {
    interruption.close();
  }
}
