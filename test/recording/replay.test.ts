/** The tape of a node's life on the production runtime: it replays to the very same, and whatever is not the same is caught. */
import { beforeAll, describe, expect, test } from 'vitest';
import { portableHasher } from '../../core/hasher.ts';
import type { Micros } from '../../core/ids.ts';
import { decodeSigningHeader, SIGNING_BLOCK_BYTES, SIGNING_FILE } from '../../core/signing/record-file.ts';
import { guarded } from '../../node/cli/determinism-guard.ts';
import { nativeCipher } from '../../node/keys/native-cipher.ts';
import { newDisk, RecordedLife, replay } from './recorded-life.ts';

const MASTER_KEY = Uint8Array.from({ length: 32 }, (_, i) => i);
const cipher = nativeCipher(MASTER_KEY.slice());

/** A first life, killed, and a second one from the same disk, closed. */
async function twoLives(sealed: boolean) {
  const disk = newDisk(sealed ? cipher : undefined);
  const options = sealed ? { cipher } : {};
  const first = new RecordedLife(disk, options);
  first.bootstrap();
  await first.work();
  const hasCheckpoint = (): boolean => disk.list().some((name) => name.startsWith('pages-'));
  for (let i = 0; i < 5 || !hasCheckpoint(); i += 1) {
    expect(i, 'writes without a checkpoint').toBeLessThan(300);
    expect(await first.write(`user:first-${i}`)).toMatchObject({ kind: 'transacted' });
  }
  expect(await first.checkpoint()).toMatchObject({ kind: 'checkpoint' });
  first.kill();
  const second = new RecordedLife(disk, options);
  await second.work();
  expect(await second.write('user:second')).toMatchObject({ kind: 'transacted' });
  expect(await second.checkpoint()).toMatchObject({ kind: 'checkpoint' });
  second.close();
  return { disk, first: first.tape, second: second.tape };
}

let clear: Awaited<ReturnType<typeof twoLives>>;
beforeAll(async () => {
  clear = await twoLives(false);
});

function holds(tape: Uint8Array, part: Uint8Array | string): boolean {
  return Buffer.from(tape).includes(typeof part === 'string' ? part : Buffer.from(part));
}

/** The same tape with another byte. */
function altered(tape: Uint8Array, at: number): Uint8Array {
  const copy = tape.slice();
  copy[at] = (copy[at] as number) ^ 0x10;
  return copy;
}

describe('a tape', () => {
  test('replays to equal effects and digests, of a first life and of one that began with recovery', () => {
    const first = replay(clear.first);
    expect(first).toMatchObject({ verdict: 'equal', ending: 'killed', difference: undefined, unwitnessed: 0 });
    expect(first.inputs).toBeGreaterThan(20);
    expect(first.digests).toBe(first.turns + 1); // the opening has one, too
    const second = replay(clear.second);
    expect(second).toMatchObject({ verdict: 'equal', ending: 'closed' });
    expect(replay(clear.second).traceHash).toBe(second.traceHash);
    expect(second.traceHash).not.toBe(first.traceHash);
  });

  test('has what the core read of its checkpoint, for its work and for its digest', () => {
    expect(holds(clear.second, 'pages-')).toBe(true);
    expect(clear.second.length).toBeGreaterThan(4096);
  });

  test('stops where it is asked to', () => {
    const stopped = replay(clear.first, { stopAt: { kind: 'input', number: 7 } });
    expect(stopped).toMatchObject({ verdict: 'equal', inputs: 7, ending: undefined });
    const whole = replay(clear.first);
    const half = replay(clear.first, { stopAt: { kind: 'time', micros: whole.micros / 2 } });
    expect(half.micros).toBeLessThanOrEqual(whole.micros / 2);
    expect(half.inputs).toBeLessThan(whole.inputs);
  });

  test('that ends at any byte replays up to there, and says how it ends', () => {
    const { first } = clear;
    const endings = new Set<string | undefined>();
    const whole = replay(first).inputs;
    for (let cut = 600; cut < first.length; cut += Math.ceil(first.length / 150)) {
      const report = replay(first.slice(0, cut));
      expect(report.verdict, `cut at ${cut}`).toBe('equal');
      expect(report.inputs).toBeLessThanOrEqual(whole);
      endings.add(report.ending);
      const zeros = new Uint8Array(first.length);
      zeros.set(first.subarray(0, cut));
      expect(replay(zeros).verdict, `zeros from ${cut}`).not.toBe('differs');
    }
    expect(endings).toContain('torn');
  });

  test('with one altered byte anywhere is refused, and never taken for another run or a torn one', () => {
    for (let at = 0; at < clear.second.length; at += Math.ceil(clear.second.length / 250)) {
      const copy = altered(clear.second, at);
      try {
        expect(replay(copy), `byte ${at}`).toMatchObject({ verdict: 'damaged' });
      } catch (error) {
        expect((error as Error).message, `byte ${at}`).toMatch(
          /no tape of a node|damaged in its head|newer format|within its head/,
        );
      }
    }
  });

  test('holds what a turn is given before the first step of it: an input that a process dies of is given once more', async () => {
    const life = new RecordedLife(newDisk());
    life.bootstrap();
    await life.work();
    life.kill();
    const before = replay(life.tape);
    const lastTurn = { now: (life.opened.now + before.micros) as Micros, wall: life.opened.wall }; // nothing is due since
    life.recorder.turn(lastTurn, [{ kind: 'deadline' }, { kind: 'deadline' }]);
    expect(replay(life.tape)).toMatchObject({ verdict: 'equal', inputs: before.inputs + 2, unwitnessed: 2 });
  });

  test('ends within an input that the core asks something for: that one is not witnessed, and no other is given', async () => {
    const life = new RecordedLife(newDisk());
    life.bootstrap();
    await life.work();
    life.kill();
    const before = replay(life.tape);
    const muchLater = { now: (life.opened.now + before.micros + 60_000_000) as Micros, wall: life.opened.wall };
    life.recorder.turn(muchLater, [{ kind: 'deadline' }, { kind: 'deadline' }]);
    expect(replay(life.tape)).toMatchObject({ verdict: 'equal', inputs: before.inputs + 1, unwitnessed: 1 });
  });

  test('ends whole where its limit is, and the node goes on', async () => {
    const life = new RecordedLife(newDisk(), { limitBytes: 9_000 });
    life.bootstrap();
    await life.work();
    for (let i = 0; i < 40; i += 1) expect(await life.write(`user:${i}`)).toMatchObject({ kind: 'transacted' });
    life.close();
    expect(life.stops).toEqual(['full']);
    expect(life.tape.length).toBeLessThanOrEqual(9_000);
    expect(life.tape.length).toBeGreaterThan(6_000);
    expect(replay(life.tape)).toMatchObject({ verdict: 'equal', ending: 'limit' });
  });
});

describe('what is not the same is caught', () => {
  test('another hash: at the first effect that it is in', () => {
    const hasher = {
      ...portableHasher,
      digest(...args: Parameters<typeof portableHasher.digest>): void {
        portableHasher.digest(...args);
        args[3][args[4]] = (args[3][args[4]] as number) ^ 1;
      },
    };
    const { verdict, difference } = replay(clear.first, { hasher });
    expect(verdict).toBe('differs');
    expect(difference).toMatchObject({ what: expect.stringMatching(/^effect \d+$|digest/) });
    expect(difference?.input).toBeGreaterThan(0);
  });

  test('a clock that is read in a step', () => {
    const hasher = {
      ...portableHasher,
      digest(...args: Parameters<typeof portableHasher.digest>): void {
        portableHasher.digest(...args);
        if (Date.now() === 0) throw new Error('unreachable');
      },
    };
    const { value, escaped } = guarded(() => replay(clear.first, { hasher }));
    expect(escaped).toMatch(/Date\.now was called/);
    expect(value.verdict).toBe('differs');
  });
});

describe('keys', () => {
  test('the secret that signs stands on no tape, as drawn or as read', () => {
    const header = decodeSigningHeader(clear.disk.read(SIGNING_FILE, 0, SIGNING_BLOCK_BYTES));
    expect(header?.form).toBe('clear');
    const secret = header?.secret ?? new Uint8Array(0);
    expect(secret.length).toBe(32);
    for (const tape of [clear.first, clear.second]) {
      expect(holds(tape, secret)).toBe(false);
      expect(holds(tape, header?.publicKey ?? '')).toBe(true);
    }
  });

  test('the tape of an encrypted node is sealed, and replays under its master key alone', async () => {
    const { first, second } = await twoLives(true);
    for (const tape of [first, second]) {
      expect(holds(tape, 'document')).toBe(false);
      expect(replay(tape, { cipher })).toMatchObject({ verdict: 'equal', unwitnessed: 0 });
      expect(replay(altered(tape, tape.length - 20), { cipher })).toMatchObject({ verdict: 'damaged' });
    }
    expect(holds(clear.first, 'document')).toBe(true);
    expect(nativeCipher(MASTER_KEY.map((byte) => byte ^ 1)).unwrap(keyOf(first))).toBeUndefined();
  });
});

/** The wrapped key in a head. */
function keyOf(tape: Uint8Array): Uint8Array {
  const [, hex = ''] = /"key":"([0-9a-f]+)"/.exec(Buffer.from(tape).toString('latin1')) ?? [];
  return Uint8Array.from(Buffer.from(hex, 'hex'));
}
