/**
 * Ends a process whose parent is gone, also where the parent had no chance to say goodbye (SIGKILL, a closed terminal).
 * No signal tells of it on every system, so it is asked twice a second: a reparented process has another parent id.
 * npm runs a script as npm -> sh -> node, and some shells stay in between: when npm dies the shell lives on, waiting for us.
 * So behind a shell started by npm, the grandparent is watched as well.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Names the process whose end ends this one. Set by `vouch up` for its nodes. */
export const EXIT_WITH_PARENT: string = 'VOUCH_EXIT_WITH_PARENT';
const POLL_MS = 500;

/** Calls once when the parent, or npm behind it, is gone. @param parent the parent's id when this process was started. */
export function watchParent(parent: number, onGone: () => void): void {
  const grandparent = process.env.npm_execpath === undefined ? undefined : parentOfShell(parent);
  const timer = setInterval(() => {
    if (process.ppid === parent && (grandparent === undefined || isAlive(grandparent))) return;
    clearInterval(timer);
    onGone();
  }, POLL_MS);
  timer.unref();
}

/** Signal 0 asks only. EPERM means that it lives under another user. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The parent of a process, if that process is a shell. */
function parentOfShell(pid: number): number | undefined {
  const [parent, command] = describe(pid);
  return command !== undefined && /(^|\/)-?(ba|da|k|z|a)?sh$/.test(command) ? parent : undefined;
}

function describe(pid: number): readonly [parent: number | undefined, command: string | undefined] {
  try {
    // Linux: "pid (command) state parent …"; the command may hold blanks and brackets.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const close = stat.lastIndexOf(')');
    return [Number(stat.slice(close + 2).split(' ')[1]), stat.slice(stat.indexOf('(') + 1, close)];
  } catch {
    // Not Linux.
  }
  try {
    const line = execFileSync('ps', ['-o', 'ppid=,comm=', '-p', String(pid)], { encoding: 'utf8', timeout: 2000 }).trim();
    const match = /^(\d+)\s+(.+)$/.exec(line);
    return match === null ? [undefined, undefined] : [Number(match[1]), match[2]];
  } catch {
    return [undefined, undefined];
  }
}
