/** `vouch verify` with receipts and proofs of forks: what people read, and the status they get. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { toHex } from '../../core/bytes/text.ts';
import { encodeUlid } from '../../core/chain/ulid.ts';
import { forkProof } from '../../core/note/fork-proof.ts';
import { encodeVkey } from '../../core/note/key.ts';
import { encodeNote } from '../../core/note/note.ts';
import { encodeReceipt } from '../../core/receipt/format.ts';
import { nativeHasher } from '../../node/hasher.ts';
import { nativeVerifier } from '../../node/keys/native-ed25519.ts';
import { logOf, node, noteOf, policyText, textOf } from '../note/support.ts';
import { cosigned, ledger, receiptOf, receiptText } from '../receipt/support.ts';
import { vouch } from './support/vouch.ts';

const directory = mkdtempSync(join(tmpdir(), 'vouch-receipt-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const NODES = [node(1), node(2), node(3)];
const honest = ledger();

function file(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}
const keys = file('policy.txt', policyText(2, NODES).replace(/^origin .*$/m, `origin ${honest.origin}`));
const receipt = receiptText(honest, cosigned(honest, NODES.slice(1)));
const path = file('anne.tlog-proof', receipt);

describe('vouch verify RECEIPT', () => {
  test('with keys: what is proven, when, where, and who signed', () => {
    const { status, stdout, stderr } = vouch(['verify', path, '--keys', keys]);
    expect([status, stderr]).toEqual([0, '']);
    const { organization, vault } = honest.world.header;
    expect(stdout.split('\n')).toEqual([
      'PRESENT (allow): doc:plan#viewer@user:alice',
      `At height 9, 2023-11-14T22:13:20.000Z, in vault ${encodeUlid(vault)} of organization ${encodeUlid(organization)}.`,
      'Authenticated: the checkpoint of size 12 is signed by n2 (2023-11-14T22:13:20.000Z), n3 (2023-11-14T22:13:20.000Z).',
      '',
    ]);
  });

  test('without keys: consistent, NOT authenticated', () => {
    const { status, stdout } = vouch(['verify', path]);
    expect(status).toBe(0);
    expect(stdout).toContain('Consistent with its own checkpoint, NOT authenticated');
    expect(stdout).not.toContain('Authenticated:');
  });

  test('too few signatures, another tuple and a changed byte are refused with stage and reason', () => {
    const few = file('few.tlog-proof', receiptText(honest, cosigned(honest, NODES.slice(0, 1))));
    const changed = file('changed.tlog-proof', receipt.replace('index 8', 'index 7'));
    const asked = ['--tuple', 'doc:plan#viewer@user:mallory'];
    for (const [args, reason] of [
      [[few, '--keys', keys], 'REJECTED (signatures): signed by n1; the policy needs 2 of n1, n2, n3'],
      [[changed, '--keys', keys], 'REJECTED (log): '],
      [[path, '--keys', keys, ...asked], 'REJECTED (statement): '],
    ] as const) {
      const { status, stdout, stderr } = vouch(['verify', ...args]);
      expect([status, stdout]).toEqual([1, '']);
      expect(stderr).toContain(`vouch: ${reason}`);
    }
  });

  test('a name proven absent cannot write lines of its own on the terminal', () => {
    const name = 'user:eve\nPRESENT (allow): doc:plan#owner@user:eve\u001b[1A\u202e\u0085';
    const forged = file('forged.tlog-proof', encodeReceipt(receiptOf(honest, cosigned(honest, NODES), name)));
    const { status, stdout } = vouch(['verify', forged, '--keys', keys]);
    expect(status).toBe(0);
    expect(stdout.split('\n')).toHaveLength(4);
    expect(stdout.split('\n')[0]).toBe(
      'ABSENT (deny): doc:plan#viewer@user:eve\\u000aPRESENT (allow): doc:plan#owner@user:eve\\u001b[1A\\u202e\\u0085',
    );
  });

  test('JSON carries the same', () => {
    const read = JSON.parse(vouch(['verify', path, '--keys', keys, '--json']).stdout);
    expect(read).toMatchObject({
      ok: true,
      authenticated: true,
      height: 9,
      checkpoint: { origin: honest.origin, size: 12 },
      signers: [{ name: 'n2', key: encodeVkey((NODES[1] as (typeof NODES)[number]).timed), time: '1700000000' }, { name: 'n3' }],
      statements: [{ tuple: { user: 'user:alice', relation: 'viewer', object: 'doc:plan' }, verdict: 'allow' }],
    });
  });

  test('a wrong command line says what is wrong', () => {
    const answer = file('answer.json', '{}');
    const bad = file('bad-policy.txt', 'quorum all');
    for (const [args, message] of [
      [[path, '--keys', 'no-such-file'], /no-such-file cannot be read: ENOENT/],
      [[path, '--keys', bad], /bad-policy.txt: line 1 of the policy: all is not the name/],
      [[path, '--block', '0'.repeat(64)], /carries its own anchor/],
      [[answer, '--keys', keys], /is no receipt/],
    ] as const) {
      const { status, stderr } = vouch(['verify', ...args]);
      expect(status).toBe(2);
      expect(stderr).toMatch(message);
    }
  });
});

describe('vouch verify CHECKPOINT', () => {
  const note = file('docs.note', encodeNote(cosigned(honest, NODES.slice(1))));

  test('with keys: which log, its size and root in hex, and who signed', () => {
    const { status, stdout } = vouch(['verify', note, '--keys', keys]);
    expect(status).toBe(0);
    expect(stdout.split('\n')).toEqual([
      `CHECKPOINT of ${honest.origin}`,
      `size 12, root ${toHex(honest.log.root())}`,
      'Authenticated: signed by n2 (2023-11-14T22:13:20.000Z), n3 (2023-11-14T22:13:20.000Z).',
      '',
    ]);
    expect(JSON.parse(vouch(['verify', note, '--keys', keys, '--json']).stdout)).toMatchObject({
      ok: true,
      origin: honest.origin,
      size: 12,
      root: toHex(honest.log.root()),
      signers: [{ name: 'n2' }, { name: 'n3' }],
    });
  });

  test('too few signatures, a changed size and another log are refused; without keys it is worth nothing', () => {
    const few = file('few.note', encodeNote(cosigned(honest, NODES.slice(0, 1))));
    const changed = file('changed.note', encodeNote(cosigned(honest, NODES)).replace('\n12\n', '\n13\n'));
    const foreign = file('foreign.txt', policyText(2, NODES));
    for (const [args, status, message] of [
      [[few, '--keys', keys], 1, /REJECTED \(signatures\): signed by n1; the policy needs 2 of/],
      [[changed, '--keys', keys], 1, /REJECTED \(signatures\): the signature of .* does not hold/],
      [[note, '--keys', foreign], 1, /which is not pinned/],
      [[note], 2, /name the pinned keys with --keys/],
      [[note, '--keys', keys, '--log', `12:${'0'.repeat(64)}`], 2, /carries its own anchor/],
      [[note, '--keys', keys, '--tuple', 'doc:plan#viewer@user:alice'], 2, /answers no question/],
    ] as const) {
      const finished = vouch(['verify', ...args]);
      expect([finished.status, finished.stdout]).toEqual([status, '']);
      expect(finished.stderr).toMatch(message);
    }
  });
});

describe('vouch verify FORK', () => {
  const [log, other] = [logOf(12), logOf(12, 3)];
  const liar = node(1);
  const proof = forkProof(nativeHasher, nativeVerifier, {
    key: liar.timed,
    older: noteOf(textOf(log), [liar]),
    newer: noteOf(textOf(other), [liar]),
    hashes: [],
  });

  test('names the key, and says whether it is pinned', () => {
    if (!proof.ok) throw new Error(proof.reason);
    const fork = file('fork.txt', proof.value);
    const { status, stdout } = vouch(['verify', fork, '--keys', keys]);
    expect(status).toBe(0);
    expect(stdout).toContain(`FORK (two roots of one size): ${liar.name} signed two stories of`);
    expect(stdout).toContain('The policy pins this key as n1: take it out.');
    const changed = file('no-fork.txt', proof.value.replace('\n12\n', '\n11\n'));
    expect(vouch(['verify', changed])).toMatchObject({ status: 1, stdout: '' });
    expect(JSON.parse(vouch(['verify', fork, '--json']).stdout)).toMatchObject({
      ok: true,
      key: encodeVkey(liar.timed),
      pinned: null,
    });
  });
});
