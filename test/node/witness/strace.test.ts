/**
 * The operating system as a witness of the witness: between the moment a checkpoint was read from its socket and the moment a signature
 * was written, an fdatasync began and succeeded. Needs strace and leave to trace; where either is missing the test is skipped.
 */
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { encodeAddCheckpoint } from '../../../core/note/add-checkpoint.ts';
import { encodeVkey } from '../../../core/note/key.ts';
import { logOf, node, noteOf, textOf } from '../../note/support.ts';
import { binary, cleanEnvironment, cleanUp, eventually, freePorts, temporary } from '../support/vouch.ts';

const CHECKPOINTS = 20;
const traced = spawnSync('strace', ['-qq', '-e', 'trace=none', process.execPath, '--version']).status === 0;
if (!traced) console.warn('strace is missing or may not trace here: the order of syncs and signatures is not witnessed.');

afterAll(cleanUp);

test.skipIf(!traced)(
  'no signature leaves before an fdatasync has succeeded behind its request',
  { timeout: 60_000 },
  async () => {
    const directory = temporary();
    const port = await freePorts(1);
    const trace = join(directory, 'strace.txt');
    const witness = [
      'witness',
      '--data',
      join(directory, 'w'),
      '--listen',
      `127.0.0.1:${port}`,
      '--name',
      'w',
      '--log',
      encodeVkey(node(1).plain),
    ];
    const calls = 'trace=fdatasync,read,recvfrom,write,writev,sendmsg,sendto';
    const child = spawn('strace', ['-f', '-qq', '-s', '200', '-e', calls, '-o', trace, process.execPath, binary, ...witness], {
      env: cleanEnvironment(),
      stdio: 'ignore',
    });
    const ended = new Promise((resolve) => child.once('close', resolve));
    try {
      const url = `http://127.0.0.1:${port}/add-checkpoint`;
      await eventually(
        'the traced witness is live',
        async () => (await fetch(url).catch(() => undefined))?.status === 405,
        30_000,
      );
      const log = logOf(CHECKPOINTS);
      for (let size = 1; size <= CHECKPOINTS; size += 1) {
        const proof = size === 1 ? [] : log.consistency(size - 1, size);
        const body = encodeAddCheckpoint({ oldSize: size - 1, proof, note: noteOf(textOf(log, size), [node(1)]) });
        const answer = await fetch(url, { method: 'POST', body });
        expect(answer.status).toBe(200);
        await answer.text();
      }
    } finally {
      process.kill(Number(readFileSync(join(directory, 'w', 'lock'), 'utf8').split(' ')[1]), 'SIGTERM'); // strace passes no signal on
      await ended;
    }
    let [asked, synced, answered] = [false, false, 0];
    for (const line of readFileSync(trace, 'utf8').split('\n')) {
      if (/(?:read|recvfrom)(?:\(| resumed>).*POST \/add-checkpoint/.test(line)) [asked, synced] = [true, false];
      else if (asked && /fdatasync(\(\d+| resumed>)\)?\s*= 0/.test(line)) synced = true;
      else if (/(?:write|writev|sendmsg|sendto)\(.*HTTP\/1\.1 200/.test(line)) {
        expect(synced, line).toBe(true);
        [asked, synced] = [false, false];
        answered += 1;
      }
    }
    expect(answered).toBe(CHECKPOINTS);
  },
);
