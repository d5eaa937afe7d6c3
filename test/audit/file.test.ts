/** The file of an audit: golden bytes, every damage, and what its blocks have to say besides. */
import { expect, test } from 'vitest';
import { AUDIT_HEADER_BYTES, AUDIT_RECORD_BYTES } from '../../core/audit/format.ts';
import { toHex } from '../../core/bytes/text.ts';
import { hashOf } from '../../core/hasher.ts';
import { nativeHasher } from '../../node/hasher.ts';
import { blocksOf, chainOf, everyOperation, vaultOf } from '../chain/history.ts';
import { keep } from '../state/support.ts';
import { audit, fileOf, verdictOf } from './support.ts';

const bench = everyOperation();
const blocks = blocksOf(bench);
const bytes = fileOf(blocks);
const vault = vaultOf(bench);

test('has the bytes of format 1', () => {
  expect(toHex(bytes.subarray(0, AUDIT_HEADER_BYTES))).toBe('564f5543484155440001000000000000');
  const first = bytes.subarray(AUDIT_HEADER_BYTES, AUDIT_HEADER_BYTES + AUDIT_RECORD_BYTES);
  expect(toHex(first.subarray(4))).toBe('0100000000000039');
  expect(toHex(hashOf(nativeHasher, bytes))).toMatchInlineSnapshot(
    `"ef2ffd0b0fd7ac328bd7ff720c9407ebba4b85c45a368ea263e213a87facfd6b"`,
  );
});

test('is verified: every block executed, the roots those of the vault', () => {
  const result = audit(bytes);
  if (!result.ok) throw new Error(result.refusal.message);
  const { chain } = result.report;
  expect(chain.blocks).toBe(vault.height);
  expect(toHex(chain.newest.stateRoot)).toBe(toHex(vault.anchor.stateRoot));
  expect(toHex(chain.logRoot)).toBe(toHex(vault.log.root()));
  expect(chain.authenticated).toEqual({ height: 0, by: 'nothing' });
  expect(chain.leaves).toBe(vault.leaves.count);
});

test('with any byte changed is refused with a reason', () => {
  const bytes = fileOf(blocksOf(chainOf(2)));
  for (let at = 0; at < bytes.length; at += 1) {
    for (const flip of [1, 0x80]) {
      const spoilt = bytes.slice();
      spoilt[at] = (spoilt[at] as number) ^ flip;
      const result = audit(spoilt);
      expect([at, verdictOf(result)]).toEqual([at, expect.stringMatching(/^(damaged|foreign|newer_format|incomplete)$/)]);
      if (!result.ok) expect(result.refusal.message.length).toBeGreaterThan(20);
    }
  }
});

test('cut off anywhere, or longer by a byte, is refused', () => {
  const bytes = fileOf(blocksOf(chainOf(2)));
  for (let length = 0; length < bytes.length; length += 1) {
    expect([length, verdictOf(audit(bytes.subarray(0, length)))]).toEqual([
      length,
      length < AUDIT_HEADER_BYTES ? 'foreign' : 'incomplete',
    ]);
  }
  expect(verdictOf(audit(Uint8Array.of(...bytes, 0)))).toBe('damaged');
});

test('of a newer format says so', () => {
  const newer = bytes.slice();
  newer[9] = 2;
  expect(audit(newer)).toMatchObject({ refusal: { code: 'newer_format' } });
});

test('of a vault that dropped transactions is refused, and shows headers and what is left where that is accepted', () => {
  const pruned = chainOf(20);
  pruned.run([keep({ kind: 'heights', heights: 5 })]);
  const kept = blocksOf(pruned);
  const first = kept.findIndex(({ transactions }) => transactions !== undefined) + 1;
  expect(first).toBe(18);
  const file = fileOf(kept, { first });
  const refused = audit(file);
  expect(verdictOf(refused)).toBe('partial');
  if (!refused.ok) expect(refused.refusal.message).toMatch(/headers alone of blocks 1 to 17/);
  const { anchor } = vaultOf(pruned);
  const accepted = audit(file, { partial: 'accept', pins: { block: anchor.blockHash } });
  if (!accepted.ok) throw new Error(accepted.refusal.message);
  expect(accepted.report.chain).toMatchObject({ blocks: 22, leaves: undefined, authenticated: { height: 22, by: 'block' } });
  // A block without its transactions is no block of a file that says it has them all.
  expect(verdictOf(audit(fileOf(kept)))).toBe('transactions at 1');
  expect(verdictOf(audit(fileOf(kept, { first: 17 }), { partial: 'accept' }))).toBe('transactions at 17');
  expect(verdictOf(audit(fileOf(kept, { first: 19 }), { partial: 'accept' }))).toBe('transactions at 18');
});
