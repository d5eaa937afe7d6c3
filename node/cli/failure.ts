/** How a command ends when it cannot do what was asked: one sentence on stderr that says what to do next, and a status. */

/** 1 = the answer is no, or it could not be done; 2 = the command line itself is wrong; 4 = a simulated run is not repeatable. */
export type ExitCode = 1 | 2 | 4;

/** What a shell says of a command that Ctrl-C ended. */
export const EXIT_INTERRUPTED = 130;

export class CliFailure extends Error {
  override readonly name: string = 'CliFailure';
  readonly exitCode: ExitCode;
  constructor(message: string, exitCode: ExitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** A wrong command line. */
export function usageFailure(message: string): CliFailure {
  return new CliFailure(message, 2);
}
