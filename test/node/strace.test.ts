/**
 * The operating system as a witness: a node of one runs under strace, a client writes one tuple at a time, and between the
 * moment a request was read from its socket and the moment its answer was written, an fdatasync began and succeeded.
 * Needs strace and leave to trace; where either is missing the test says so and is skipped.
 */
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { binary, cleanEnvironment, cleanUp, eventually, freePorts, temporary, vouch } from './support/vouch.ts';

const WRITES = 30;
const traced = spawnSync('strace', ['-qq', '-e', 'trace=none', process.execPath, '--version']).status === 0;
if (!traced) console.warn('strace is missing or may not trace here: the order of syncs and answers is not witnessed.');

afterAll(cleanUp);

/** What one line of the trace says; threads make a call two lines. */
type Seen = 'synced' | { readonly request: number } | 'answer' | undefined;

function see(line: string): Seen {
  if (/fdatasync(\(\d+| resumed>)\)?\s*= 0/.test(line)) return 'synced';
  const request = /(?:read|recvfrom)(?:\(| resumed>).*user:strace-(\d+)\b/.exec(line);
  if (request !== null) return { request: Number(request[1]) };
  return /(?:write|writev|sendmsg|sendto)\(.*HTTP\/1\.1 200/.test(line) ? 'answer' : undefined;
}

/** strace passes no signal on; the node's lock names the process. */
function stopTraced(directory: string): void {
  const pid = Number(readFileSync(join(directory, 'data', 'lock'), 'utf8').split(' ')[1]);
  expect(pid).toBeGreaterThan(1);
  process.kill(pid, 'SIGTERM');
}

test.skipIf(!traced)(
  'no write is answered before an fdatasync has succeeded behind its arrival',
  { timeout: 60_000 },
  async () => {
    const directory = temporary();
    const port = await freePorts(1);
    const log = join(directory, 'strace.txt');
    const calls = 'trace=fdatasync,fsync,read,recvfrom,write,writev,sendmsg,sendto';
    const node = [process.execPath, binary, 'start', '--listen', `127.0.0.1:${port}`, '--data', join(directory, 'data')];
    const child = spawn('strace', ['-f', '-qq', '-s', '600', '-e', calls, '-o', log, ...node], {
      env: cleanEnvironment(),
      stdio: 'ignore',
    });
    const ended = new Promise((resolve) => child.once('close', resolve));
    try {
      const url = `http://127.0.0.1:${port}`;
      await eventually(
        'the traced node is live',
        async () => (await fetch(`${url}/healthz`).catch(() => undefined))?.ok === true,
        30_000,
      );
      expect(vouch(['init', '--host', `127.0.0.1:${port}`]).status).toBe(0);
      const json = { 'content-type': 'application/json' };
      const created = await fetch(`${url}/stores`, { method: 'POST', headers: json, body: JSON.stringify({ name: 'traced' }) });
      const { id } = (await created.json()) as { readonly id: string };
      for (let i = 0; i < WRITES; i += 1) {
        const writes = { tuple_keys: [{ user: `user:strace-${i}`, relation: 'viewer', object: 'doc:1' }] };
        const answer = await fetch(`${url}/stores/${id}/write`, {
          method: 'POST',
          headers: json,
          body: JSON.stringify({ writes }),
        });
        expect(answer.status).toBe(200);
        await answer.text();
      }
    } finally {
      stopTraced(directory);
      await ended;
    }
    let waiting: number | undefined;
    let synced = false;
    const answered: number[] = [];
    for (const line of readFileSync(log, 'utf8').split('\n')) {
      const seen = see(line);
      if (seen === 'synced') synced = true;
      else if (seen === 'answer' && waiting !== undefined) {
        expect(synced, `user:strace-${waiting} was answered before a sync`).toBe(true);
        answered.push(waiting);
        waiting = undefined;
      } else if (typeof seen === 'object') {
        waiting = seen.request;
        synced = false;
      }
    }
    expect(answered).toEqual(Array.from({ length: WRITES }, (_, i) => i));
  },
);
