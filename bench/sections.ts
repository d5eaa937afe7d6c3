/** Benchmarks in parts, each in a process of its own (fresh heap, fresh compiled code) that sends its bars to the one that judges them. */
import { fork } from 'node:child_process';
import type { Bar } from './storage/bars.ts';

/** Runs this program again with `args`. @returns the bars that it sent. */
export function runInProcess(name: string, args: readonly string[], execArgv: readonly string[]): Promise<readonly Bar[]> {
  const bars: Bar[] = [];
  return new Promise<readonly Bar[]>((resolve, reject) => {
    const child = fork(process.argv[1] as string, [...args], { execArgv: [...execArgv] });
    child.on('message', (bar) => bars.push(bar as Bar));
    child.once('exit', (code, signal) => {
      if (code === 0) resolve(bars);
      else reject(new Error(`the section ${name} ended with ${signal ?? code}`));
    });
  });
}

/** In a section's process. */
export function sendBar(bar: Bar): void {
  process.send?.(bar);
}
