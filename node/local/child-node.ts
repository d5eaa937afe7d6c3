/**
 * One `vouch start` as a child process, for `vouch up`, the demo and the tests. Nothing privileged: exactly the command a
 * person would type. The variable VOUCH_EXIT_WITH_PARENT makes the node stop itself when this process is gone, however it went.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { IDENTITY_FILE } from '../../core/replica/directory.ts';
import { EXIT_WITH_PARENT } from '../parent-watch.ts';
import { makeDirectory } from './make-directory.ts';

export interface ChildNodeOptions {
  /** Path of the compiled command line. */
  readonly binary: string;
  readonly name: string;
  /** HOST:PORT. */
  readonly address: string;
  readonly data: string;
  readonly join: readonly string[];
  /** HOST:PORT under which others reach it, where that is not its address. */
  readonly advertise?: string;
  /** Further options of `vouch start`, at every start. */
  readonly flags?: readonly string[];
  /** The node's log (stdout) goes here; one sentence about a failure comes on stderr instead. */
  readonly logFile: string;
  /** The master key's file, where its data is encrypted. */
  readonly keyFile?: string | undefined;
  /** Variables of its environment, at every start. */
  readonly environment?: Readonly<Record<string, string>> | undefined;
}

export class ChildNode {
  readonly options: ChildNodeOptions;
  readonly url: string;
  /** Called when the process ends without `stop` or `kill` having been asked for. */
  onUnexpectedExit: ((how: string) => void) | undefined = undefined;
  private child: ChildProcess | undefined = undefined;
  private ended: Promise<void> = Promise.resolve();
  private stopping: boolean = false;
  /** The last lines on stderr: why it ended. */
  complaint: string = '';

  constructor(options: ChildNodeOptions) {
    this.options = options;
    this.url = `http://${options.address}`;
  }

  get pid(): number | undefined {
    return this.child?.pid;
  }

  get running(): boolean {
    return this.child !== undefined;
  }

  /** Starts the process; readiness is asked for over HTTP. @param nodeFlags for Node itself. @param extra variables of its environment, this time. */
  start(nodeFlags: readonly string[] = [], extra: Readonly<Record<string, string>> = {}): void {
    const { binary, address, advertise, data, join: others, flags = [], logFile, keyFile, environment } = this.options;
    // The first start fixes address and peers; they are persisted, and later starts need the data directory alone.
    const first = existsSync(join(data, IDENTITY_FILE))
      ? []
      : [
          ...['--listen', address, ...(advertise === undefined ? [] : ['--advertise', advertise])],
          ...(others.length > 0 ? ['--join', others.join(',')] : []),
        ];
    makeDirectory(dirname(logFile));
    const log = openSync(logFile, 'a');
    const key = keyFile === undefined ? [] : ['--key-file', keyFile];
    const child = spawn(process.execPath, [...nodeFlags, binary, 'start', '--data', data, ...key, ...flags, ...first], {
      stdio: ['ignore', log, 'pipe'],
      env: { ...process.env, ...environment, ...extra, [EXIT_WITH_PARENT]: String(process.pid) },
    });
    closeSync(log);
    this.child = child;
    this.stopping = false;
    this.complaint = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.complaint = (this.complaint + text).slice(-2000);
    });
    this.ended = new Promise((resolve) => {
      child.once('error', (error) => {
        this.complaint = error.message;
        resolve();
      });
      child.once('close', (code, signal) => {
        this.child = undefined;
        resolve();
        if (!this.stopping) this.onUnexpectedExit?.(this.complaint.trim() || (signal ?? `exit status ${code}`));
      });
    });
  }

  /** Ends it at once, as a crash does. Resolves when the process is gone. */
  async kill(): Promise<void> {
    this.stopping = true;
    this.child?.kill('SIGKILL');
    await this.ended;
  }

  /** Asks it to finish; after the grace period it is killed. */
  async stop(graceMs: number): Promise<void> {
    this.stopping = true;
    this.child?.kill('SIGTERM');
    const killer = setTimeout(() => this.child?.kill('SIGKILL'), graceMs);
    await this.ended;
    clearTimeout(killer);
  }
}
