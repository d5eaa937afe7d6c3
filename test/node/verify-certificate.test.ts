/** `vouch verify` of what a model decides: what people read, and the status they get. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { fromBase64 } from '../../core/bytes/base64.ts';
import { encodeReceipt } from '../../core/receipt/format.ts';
import { check, docsVault, objects, stored, users } from '../certificate/docs-vault.ts';
import { certify, certifyAll, MODEL_ID } from '../certificate/support.ts';
import { node, policyText } from '../note/support.ts';
import { cosigned, ledger, receiptOf } from '../receipt/support.ts';
import { vouch } from './support/vouch.ts';

const directory = mkdtempSync(join(tmpdir(), 'vouch-certificate-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const vault = docsVault();
const guest = { contextual: [stored('doc:plan#viewer@user:guest')] };

function file(name: string, content: unknown): string {
  const path = join(directory, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

const allow = certify(vault, check('doc:plan#can_view@user:anne'));
const allowPath = file('allow.json', allow);

describe('vouch verify of a check', () => {
  test('an allow with its reasons, anchored in a block', () => {
    const { status, stdout, stderr } = vouch(['verify', allowPath, '--block', allow.block_hash, '--explain']);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout.split('\n')).toEqual(
      [
        `ALLOW: doc:plan#can_view@user:anne under model ${MODEL_ID}`,
        '  doc:plan#can_view: yes',
        '    doc:plan#viewer: yes',
        '      the tuple doc:plan#parent@folder:sub, which passes on viewer',
        '      folder:sub#viewer: yes',
        '        the tuple folder:sub#parent@folder:root, which passes on viewer',
        '        folder:root#viewer: yes',
        '          the tuple folder:root#viewer@group:staff#member',
        '          group:staff#member: yes',
        '            the tuple group:staff#member@group:eng#member',
        '            group:eng#member: yes',
        '              the tuple group:eng#member@user:anne',
        '    and not excluded:',
        '      doc:plan#blocked@user:anne grants nothing: not there, or its condition is not met'.replace(
          'doc:plan#blocked@user:anne',
          'doc:plan#blocked: no\n        doc:plan#blocked@user:anne',
        ),
        '        of every userset that has doc:plan#blocked:',
        '        group:banned#member: no',
        '          group:banned#member@user:anne grants nothing: not there, or its condition is not met',
        '          group:banned#member@user:* grants nothing: not there, or its condition is not met',
        '          no userset that counts has group:banned#member',
        `at height 9, block ${allow.block_hash}`,
        'Anchored: the block hash is the one given by --block.',
        '',
      ].flatMap((line) => line.split('\n')),
    );
  });

  test('what was asked is what --tuple, --context, --contextual and --model say, and nothing besides', () => {
    const path = file('guest.json', certify(vault, check('doc:plan#can_view@user:guest', guest)));
    const tuple = ['--tuple', 'doc:plan#can_view@user:guest'];
    const contextual = ['--contextual', 'doc:plan#viewer@user:guest'];
    expect(vouch(['verify', path, ...tuple, ...contextual, '--model', MODEL_ID])).toMatchObject({ status: 0 });
    expect(vouch(['verify', path, ...tuple, ...contextual]).stdout).toContain('taking for granted doc:plan#viewer@user:guest');
    for (const args of [
      tuple,
      [...tuple, ...contextual, '--context', '{"a":1}'],
      ['--tuple', 'doc:plan#viewer@user:guest', ...contextual],
    ]) {
      const { status, stderr } = vouch(['verify', path, ...args]);
      expect([status, stderr]).toEqual([
        1,
        expect.stringContaining('REJECTED (statement): statements[0]: another question than expected'),
      ]);
    }
    expect(vouch(['verify', path, '--model', '01ARZ3NDEKTSV4RRFFQ69G5FAW']).stderr).toContain('another model than expected');
    expect(vouch(['verify', path, ...contextual]).status).toBe(2);
    expect(vouch(['verify', path, '--viewers', 'doc:plan#viewer']).status).toBe(2);
  });

  test('a turned verdict is refused, and says what the proof shows', () => {
    const turned = { ...allow, allowed: false, statement: { ...allow.statement, verdict: 'deny' } };
    const { status, stderr } = vouch(['verify', file('turned.json', turned)]);
    expect([status, stderr]).toEqual([1, expect.stringContaining('REJECTED (verdict): denied, but the proof shows an allow')]);
  });
});

describe('vouch verify of lists and of several', () => {
  test('all members, each in a line', () => {
    const list = file('objects.json', certify(vault, objects('doc', 'can_view', 'user:anne')));
    expect(vouch(['verify', list]).stdout).toContain(
      `OBJECTS (all 3) of type doc of which user:anne is can_view under model ${MODEL_ID}:\n  doc:memo\n  doc:open\n  doc:plan\n`,
    );
    const people = file('users.json', certify(vault, users('doc:plan', 'can_view', 'user')));
    expect(vouch(['verify', people]).stdout).toContain('  user:anne\n  user:olga\n');
    const { stdout } = vouch(['verify', people, '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, results: [{ users: ['user:anne', 'user:olga'], model: MODEL_ID }] });
  });

  test('a receipt of certificates, with keys', () => {
    const nodes = [node(1), node(2), node(3)];
    const signed = ledger(vault.world);
    const { statements, proof } = certifyAll(vault, [check('doc:plan#can_view@user:anne'), check('doc:open#can_view@user:eve')]);
    const shown = { statements, proof: fromBase64(proof) as Uint8Array };
    const path = file('both.tlog-proof', encodeReceipt({ ...receiptOf(signed, cosigned(signed, nodes)), ...shown }));
    const keys = file('policy.txt', policyText(2, nodes).replace(/^origin .*$/m, `origin ${signed.origin}`));
    const { status, stdout } = vouch(['verify', path, '--keys', keys]);
    expect(status).toBe(0);
    expect(stdout).toContain(
      `ALLOW: doc:plan#can_view@user:anne under model ${MODEL_ID}\nDENY: doc:open#can_view@user:eve under model ${MODEL_ID}\n`,
    );
    expect(stdout).toContain('Authenticated: the checkpoint of size 12 is signed by n1');
    expect(vouch(['verify', path, '--tuple', 'doc:plan#can_view@user:anne']).status).toBe(1);
    expect(vouch(['verify', path, '--block', allow.block_hash]).status).toBe(2);
  });
});
