/** A real witness process: what it has signed it remembers through SIGKILL, whatever is asked of it at once. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { encodeAddCheckpoint } from '../../../core/note/add-checkpoint.ts';
import { encodeCheckpoint } from '../../../core/note/checkpoint.ts';
import { decodeVkey, encodeVkey, type NoteKey } from '../../../core/note/key.ts';
import { decodeSignatures } from '../../../core/note/note.ts';
import { checkNote } from '../../../core/note/policy.ts';
import { checkSignature } from '../../../core/note/sign.ts';
import { nativeHasher } from '../../../node/hasher.ts';
import { nativeVerifier } from '../../../node/keys/native-ed25519.ts';
import { gatherCosignatures, submitTo } from '../../../node/witness/submit.ts';
import { checkpointOf, logOf, node, noteOf, policyOf, policyText, textOf } from '../../note/support.ts';
import { type Running, start, vouch } from '../support/vouch.ts';

const directory = mkdtempSync(join(tmpdir(), 'vouch-witness-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const NODES = [node(1), node(2), node(3)];
const LOGS = NODES.map(({ plain }) => encodeVkey(plain));
const NAME = 'witness.example/w1';

interface Up {
  readonly process: Running;
  readonly url: string;
  readonly key: NoteKey;
}

async function up(data: string, extra: readonly string[] = []): Promise<Up> {
  const args = ['witness', '--data', join(directory, data), '--listen', '127.0.0.1:0', ...extra, '--log', ...LOGS];
  const running = start(args);
  for (let i = 0; i < 400 && !running.stdout().includes('pin this key'); i += 1)
    await new Promise((resolve) => setTimeout(resolve, 50));
  const url = /http:\/\/\S+/.exec(running.stdout())?.[0];
  const key = decodeVkey(nativeHasher, /pin this key: (\S+)/.exec(running.stdout())?.[1] ?? '');
  if (url === undefined || !key.ok) throw new Error(running.stderr() + running.stdout());
  return { process: running, url, key: key.value };
}

async function end({ process }: Up, signal: NodeJS.Signals): Promise<void> {
  process.kill(signal);
  await process.ended;
}

function post(url: string, body: string | Uint8Array, path: string = 'add-checkpoint', method: string = 'POST') {
  return fetch(`${url}${path}`, { method, ...(method === 'GET' ? {} : { body }) });
}

describe('vouch witness', () => {
  test('answers as C2SP tlog-witness says, and knows what it signed after SIGTERM', async () => {
    const log = logOf(9);
    const body = (old: number, size: number): string =>
      encodeAddCheckpoint({
        oldSize: old,
        proof: old === 0 || old === size ? [] : log.consistency(old, size),
        note: noteOf(textOf(log, size), NODES),
      });
    const witness = await up('plain', ['--name', NAME]);
    const first = await post(witness.url, body(0, 5));
    expect(first.status).toBe(200);
    const lines = decodeSignatures(await first.text());
    if (!lines.ok) throw new Error(lines.reason);
    expect(lines.value.length).toBe(1);
    const check = checkSignature(nativeVerifier, witness.key, textOf(log, 5), lines.value[0] as never);
    expect(check.ok && Math.abs(Number(check.timeS) - Date.now() / 1000) < 60).toBe(true);

    const conflict = await post(witness.url, body(0, 9));
    expect([conflict.status, conflict.headers.get('content-type'), await conflict.text()]).toEqual([
      409,
      'text/x.tlog.size',
      '5\n',
    ]);
    expect((await post(witness.url, 'x')).status).toBe(400);
    expect((await post(witness.url, Uint8Array.of(0xff))).status).toBe(400);
    expect((await post(witness.url, 'x'.repeat(200_000))).status).toBe(413);
    expect((await post(witness.url, '', 'add-checkpoint', 'GET')).status).toBe(405);
    expect((await post(witness.url, body(5, 9), 'other')).status).toBe(404);
    await end(witness, 'SIGTERM');

    const again = await up('plain');
    expect(again.key).toEqual(witness.key);
    expect((await post(again.url, body(0, 9))).status).toBe(409);
    expect((await post(again.url, body(5, 9))).status).toBe(200);
    await end(again, 'SIGTERM');
    expect(await again.process.ended).toBe(0);
  });

  test('says what is wrong with a command line, and does not begin anew by itself', () => {
    const args = (...more: string[]) =>
      vouch(['witness', '--data', join(directory, 'wrong'), '--listen', '127.0.0.1:0', ...more]);
    expect(args('--log', LOGS[0] as string)).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('name a new one with --name'),
    });
    expect(args('--log', 'nonsense', '--name', 'w')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('NAME+ID+BASE64'),
    });
    expect(args('--name', 'a b', '--log', LOGS[0] as string)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('no spaces'),
    });
    expect(args('--quorum', '2', '--log', LOGS[0] as string)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('from 1 to the 1'),
    });
  });

  test('SIGKILL at any moment: no two signed checkpoints of a log contradict each other, and none is forgotten', async () => {
    const stories = [logOf(300), logOf(300, 40)] as const;
    const roots = new Map<number, string>();
    let newest = 0;
    for (let round = 0; round < 6; round += 1) {
      const witness = await up('killed', round === 0 ? ['--name', NAME] : []);
      const limit = Date.now() + 150 + 60 * round;
      let stopped = false;
      // Two clients at once: one tells the true story, the other one a forked one, each from the size that it is told.
      const client = async (log: (typeof stories)[number]): Promise<void> => {
        let old = 0;
        let size = newest;
        while (!stopped) {
          size = Math.min(300, Math.max(old, size) + 1);
          const note = noteOf(textOf(log, size), NODES);
          const proof = old === 0 || old === size ? [] : log.consistency(old, size);
          const answer = await post(witness.url, encodeAddCheckpoint({ oldSize: old, proof, note })).catch(() => undefined);
          if (answer === undefined) return;
          const text = await answer.text().catch(() => undefined);
          if (text === undefined) return;
          if (answer.status === 200) {
            const root = Buffer.from(log.root(size)).toString('hex');
            expect(roots.get(size) ?? root).toBe(root);
            roots.set(size, root);
            newest = Math.max(newest, size);
            old = size;
          } else if (answer.status === 409) {
            const known = Number(text);
            expect(known).toBeGreaterThanOrEqual(newest);
            old = known;
            size = known;
          } else {
            expect(answer.status).toBe(422);
            size += 1;
          }
        }
      };
      const clients = stories.map(client);
      while (Date.now() < limit) await new Promise((resolve) => setTimeout(resolve, 5));
      witness.process.kill('SIGKILL');
      stopped = true;
      await Promise.all(clients);
      await witness.process.ended;
    }
    expect(newest).toBeGreaterThan(10);
    // All that was signed is one story.
    const story = stories.find((log) => [...roots].every(([size, root]) => Buffer.from(log.root(size)).toString('hex') === root));
    expect(story).toBeDefined();
    const witness = await up('killed');
    const note = noteOf(textOf(story as (typeof stories)[number], newest), NODES);
    const told = await post(witness.url, encodeAddCheckpoint({ oldSize: 0, proof: [], note }));
    expect(told.status).toBe(409);
    expect(Number(await told.text())).toBeGreaterThanOrEqual(newest);
    await end(witness, 'SIGTERM');
  });
});

describe('submitting to witnesses', () => {
  test('adds the lines that hold, finds its way by 409, and says why a witness did not sign', async () => {
    const log = logOf(30);
    const witness = await up('asked', ['--name', NAME]);
    const pinned = { name: 'w', key: witness.key, url: witness.url };
    const prove = (older: number) => log.consistency(older, 20);
    const at = (size: number) => noteOf(textOf(log, size), NODES);
    const lastSizes = new Map<string, number>();
    expect((await submitTo(pinned, { note: at(7), prove, lastSizes })).ok).toBe(true);

    // It was asked by somebody else before: what is known of it is nothing.
    const stranger = { name: 'x', key: node(9).timed, url: witness.url };
    const { note, outcomes } = await gatherCosignatures(
      [pinned, stranger, { ...pinned, name: 'gone', url: 'http://127.0.0.1:9/' }],
      {
        note: at(20),
        prove,
        lastSizes: new Map(),
      },
    );
    expect(outcomes[0]?.ok).toBe(true);
    expect(outcomes.slice(1).map((outcome) => (outcome.ok ? '' : outcome.reason))).toEqual([
      'x: it signed with another key than the pinned one',
      expect.stringContaining('gone: it cannot be asked'),
    ]);
    const policy = policyOf(
      policyText(2, NODES).replace('quorum nodes', `witness w ${encodeVkey(witness.key)}\ngroup both all nodes w\nquorum both`),
    );
    expect(checkNote(nativeVerifier, policy, note).ok).toBe(true);
    expect(checkNote(nativeVerifier, policy, at(20)).ok).toBe(false);

    const reasonOf = async (note: ReturnType<typeof at>, proof: typeof prove | (() => undefined) = prove): Promise<string> => {
      const outcome = await submitTo(pinned, { note, prove: proof, lastSizes: new Map() });
      return outcome.ok ? 'signed' : outcome.reason;
    };
    expect(await reasonOf(at(7))).toBe('w: it has signed size 20, which is newer than 7');
    const fork = logOf(20, 3);
    expect(await reasonOf(noteOf(textOf(fork), NODES))).toContain('another root of size 20');
    expect(await reasonOf(at(25), () => undefined)).toBe('w: there is no consistency proof from its size 20');
    const unsigned = noteOf(encodeCheckpoint(checkpointOf(log, 25)), [node(9)]);
    expect(await reasonOf(unsigned)).toContain('w: it answers 403');
    await end(witness, 'SIGTERM');
  });
});
