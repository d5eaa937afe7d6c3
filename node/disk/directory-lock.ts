/**
 * One process per data directory. The lock is a file that names its owner; it is made with link(2), which fails where the
 * name exists, and a lock whose owner is dead is taken over. Node has no flock(2).
 * An owner is {pid, when the process started, which boot}: after a reboot, or in a restarted container, another process
 * (even this one) may have the same pid. Where the system tells neither (no /proc), the pid alone decides.
 * Takeover is guarded by a second lock, so that of two processes that find a dead owner only one removes its lock.
 */
import { linkSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StorageError } from '../../core/errors.ts';
import { hasCode } from './file-system.ts';
import { asStorageError } from './storage-error.ts';

/** Every file of the lock begins with this. */
export const LOCK_FILE = 'lock';
/** Rounds before giving up. Each lost round means that another process was just opening the directory. */
const ATTEMPTS = 8;

interface Owner {
  readonly pid: number;
  /** Start time in clock ticks since boot, from /proc; '' where unknown. */
  readonly started: string;
  /** Boot id; '' where unknown. */
  readonly boot: string;
}

let taken = 0;

export class DirectoryLock {
  private readonly path: string;
  private readonly text: string;

  private constructor(path: string, text: string) {
    this.path = path;
    this.text = text;
  }

  /** Takes the lock of a directory. @throws StorageError `directory_locked`, naming the process that has it. */
  static take(directory: string): DirectoryLock {
    const path = join(directory, LOCK_FILE);
    const text = `${describe(thisProcess())}\n`;
    taken += 1;
    const draft = `${path}.${process.pid}.${taken}`;
    try {
      try {
        writeFileSync(draft, text, { mode: 0o600 });
        acquire(path, draft, directory);
      } finally {
        rmSync(draft, { force: true }); // on a full disk it may be there, empty
      }
    } catch (error) {
      throw asStorageError(error, `the data directory ${directory} cannot be locked`);
    }
    return new DirectoryLock(path, text);
  }

  /** Gives the directory free. Harmless where the lock is no longer ours. */
  release(): void {
    if (readOrUndefined(this.path) === this.text) unlinkSync(this.path);
  }
}

function acquire(path: string, draft: string, directory: string): void {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    if (linked(draft, path)) return;
    const owner = ownerOf(path);
    if (owner !== undefined && isAlive(owner)) throw locked(directory, owner);
    removeDead(path, draft);
  }
  throw new StorageError('directory_locked', `the data directory ${directory} is being opened by another process`);
}

/** Removes a lock whose owner is dead, under the guard. */
function removeDead(path: string, draft: string): void {
  const guard = `${path}.takeover`;
  if (!linked(draft, guard)) {
    // Whoever died while holding the guard leaves it; the rename makes sure that only one of us removes it.
    const holder = ownerOf(guard);
    if (holder !== undefined && !isAlive(holder)) removeIfThere(guard);
    return;
  }
  try {
    // Gone means: released, and perhaps taken again at this moment. A dead one stays as it is until somebody here removes it.
    const text = readOrUndefined(path);
    const owner = text === undefined ? undefined : parseOwner(text);
    if (text !== undefined && (owner === undefined || !isAlive(owner))) removeIfThere(path);
  } finally {
    removeIfThere(guard);
  }
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

function removeIfThere(path: string): void {
  const away = `${path}.${process.pid}.away`;
  try {
    renameSync(path, away);
    unlinkSync(away);
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
  }
}

function readOrUndefined(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function describe(owner: Owner): string {
  return `pid ${owner.pid} started ${owner.started || '-'} boot ${owner.boot || '-'}`;
}

/** The owner a lock names; undefined where the lock is gone. */
function ownerOf(path: string): Owner | undefined {
  const text = readOrUndefined(path);
  return text === undefined ? undefined : parseOwner(text);
}

/** undefined for a lock that names nobody: power loss may leave it empty. */
function parseOwner(text: string): Owner | undefined {
  const match = /^pid (\d+) started (\S+) boot (\S+)\n$/.exec(text);
  if (match === null) return undefined;
  const [, pid, started, boot] = match;
  return { pid: Number(pid), started: started === '-' ? '' : (started ?? ''), boot: boot === '-' ? '' : (boot ?? '') };
}

function thisProcess(): Owner {
  return { pid: process.pid, started: startedOf(process.pid), boot: bootId() };
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}

/** Field 22 of /proc/PID/stat. The name in field 2 may hold spaces and parentheses, so count from the last one. */
function startedOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

function isAlive(owner: Owner): boolean {
  const boot = bootId();
  if (owner.boot !== '' && boot !== '' && owner.boot !== boot) return false;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    if (hasCode(error, 'ESRCH')) return false; // EPERM: alive, of another user
  }
  const started = startedOf(owner.pid);
  return owner.started === '' || started === '' || owner.started === started;
}

function locked(directory: string, owner: Owner): StorageError {
  const by =
    owner.pid === process.pid ? `is already open in this process (pid ${owner.pid})` : `is in use by process ${owner.pid}`;
  return new StorageError('directory_locked', `the data directory ${directory} ${by}`);
}
