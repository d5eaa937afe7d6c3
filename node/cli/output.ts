/** Where commands write. One place, so that stdout carries results only and nothing is lost when it is a pipe. */

/** One line on stdout. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** One JSON document on one line of stdout. */
export function printJson(value: unknown): void {
  print(JSON.stringify(value));
}

/** One line on stderr: progress and warnings. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
