/**
 * What somebody can do to an exported file who computes checksums, roots and links as well: each is refused at the height where it is
 * and for what it is; what agrees with itself all through, against a hash that is known from elsewhere.
 */
import { describe, expect, test } from 'vitest';
import { equalBytes } from '../../core/bytes/compare.ts';
import { blockHash } from '../../core/chain/header.ts';
import { transactionsRoot } from '../../core/chain/merkle-log.ts';
import type { KeptBlock } from '../../core/client/chain-protocol.ts';
import type { Transaction } from '../../core/state/transaction.ts';
import { decodeLedgerTransaction, encodeLedgerTransaction } from '../../core/state/transaction-codec.ts';
import { nativeHasher } from '../../node/hasher.ts';
import { blocksOf, chainOf, vaultOf } from '../chain/history.ts';
import { Bench, ORGANIZATION, OTHER_VAULT, transactionOf, write } from '../state/support.ts';
import { audit, fileOf, headerOf, linked, replaced, verdictOf, withHeader, withTransactions } from './support.ts';

const bench = chainOf(12);
const blocks = blocksOf(bench);
const NEWEST = blocks.length;
/** Height of the block that is attacked. */
const AT = 6;
const victim = blocks[AT - 1] as KeptBlock;
const pin = vaultOf(bench).anchor.blockHash;

function verdict(attacked: readonly KeptBlock[]): string {
  return verdictOf(audit(fileOf(attacked)));
}
function withVictim(block: KeptBlock): readonly KeptBlock[] {
  return replaced(blocks, AT - 1, block);
}
function transactionsOf({ transactions }: KeptBlock): readonly Uint8Array[] {
  if (transactions === undefined) throw new Error('no transactions');
  return transactions;
}
/** A transaction with something else in it. */
function edited(bytes: Uint8Array, change: (transaction: Transaction) => Transaction): Uint8Array {
  const decoded = decodeLedgerTransaction(bytes);
  if (!decoded.ok || decoded.value.kind !== 'transact') throw new Error('no transaction');
  return encodeLedgerTransaction({ kind: 'transact', transaction: change(decoded.value.transaction) });
}
function editFirst(change: (transaction: Transaction) => Transaction): readonly Uint8Array[] {
  return transactionsOf(victim).map((bytes, index) => (index === 0 ? edited(bytes, change) : bytes));
}

const grantsMore = editFirst((transaction) => ({
  ...transaction,
  operations: [...transaction.operations, write('doc:secret#viewer@user:mallory')],
}));
const byAnother = editFirst((transaction) => ({ ...transaction, actor: 'user:nobody' }));

test('untouched it is verified, and pinned', () => {
  expect(verdict(blocks)).toBe('verified');
  expect(audit(fileOf(blocks), { pins: { block: pin } })).toMatchObject({
    report: { chain: { authenticated: { height: NEWEST, by: 'block' } } },
  });
});

describe('a row is edited', () => {
  test('in its block alone: tx_root', () => {
    expect(verdict(withVictim({ ...victim, transactions: grantsMore }))).toBe(`tx_root at ${AT}`);
    expect(verdict(withVictim({ ...victim, transactions: byAnother }))).toBe(`tx_root at ${AT}`);
  });
  test('and its tx_root: the state does not come out', () => {
    expect(verdict(withVictim(withTransactions(victim, grantsMore)))).toBe(`state_root at ${AT}`);
  });
  test('and its tx_root, where the state is the same (another actor, another reason): the next block names another one', () => {
    expect(verdict(withVictim(withTransactions(victim, byAnother)))).toBe(`previous_hash at ${AT + 1}`);
  });
  test('and its tx_root and every link behind it: self-consistent, and found by a pin alone', () => {
    const forged = linked(withVictim(withTransactions(victim, byAnother)));
    expect(verdict(forged)).toBe('verified');
    expect(verdictOf(audit(fileOf(forged), { pins: { block: pin } }))).toBe(`pin at ${NEWEST}`);
    expect(verdictOf(audit(fileOf(forged), { pins: { log: vaultOf(bench).log.root() } }))).toBe(`pin at ${NEWEST}`);
    // What was before the forgery is authenticated as before, and no further.
    const before = vaultOf(bench).anchorAt((AT - 1) as never).blockHash;
    expect(audit(fileOf(forged), { pins: { block: before } })).toMatchObject({
      report: { chain: { authenticated: { height: AT - 1, by: 'block' } } },
    });
    // The contents are the same: a pinned tree_root says nothing of who wrote them.
    expect(audit(fileOf(forged), { pins: { root: vaultOf(bench).anchor.treeRoot } })).toMatchObject({
      report: { chain: { authenticated: { by: 'root' } } },
    });
  });
  test('with the roots of the forged state taken over, every later block has the wrong state', () => {
    const other = chainOf(12);
    other.run([write('doc:secret#viewer@user:mallory')]);
    const { stateRoot, treeRoot } = vaultOf(other).anchor;
    const forged = linked(withVictim(withHeader(withTransactions(victim, grantsMore), { stateRoot, treeRoot })));
    expect(verdict(forged)).toBe(`state_root at ${AT}`);
  });
});

describe('the list of headers is', () => {
  test('empty', () => {
    expect(verdictOf(audit(fileOf([])))).toBe('damaged'); // a file of no blocks decodes as little as one of a negative number
    expect(verdictOf(audit(fileOf(blocks.slice(0, 1))))).toBe('verified');
  });
  test('missing a block: the next one stands in its place', () => {
    expect(verdict(blocks.filter((_, at) => at !== AT - 1))).toBe(`height at ${AT}`);
  });
  test('missing a block whose followers took its height: they do not make the state they claim', () => {
    const closed = blocks
      .filter((_, at) => at !== AT - 1)
      .map((block, at) => (at < AT - 1 ? block : withHeader(block, { height: at + 1 })));
    expect(verdict(closed)).toBe(`previous_hash at ${AT}`);
    expect(verdict(linked(closed))).toBe(`execution at ${AT}`); // it deletes what the missing block wrote
  });
  test('reordered: two blocks swapped, as they are and renumbered', () => {
    const [one, two] = [blocks[AT - 1] as KeptBlock, blocks[AT] as KeptBlock];
    const swapped = replaced(replaced(blocks, AT - 1, two), AT, one);
    expect(verdict(swapped)).toBe(`height at ${AT}`);
    const renumbered = replaced(
      replaced(blocks, AT - 1, withHeader(two, { height: AT, time: headerOf(one).time, raftIndex: headerOf(one).raftIndex })),
      AT,
      withHeader(one, { height: AT + 1, time: headerOf(two).time, raftIndex: headerOf(two).raftIndex }),
    );
    expect(verdict(linked(renumbered))).toBe(`execution at ${AT}`);
  });
  test('with a block twice', () => {
    expect(verdict([...blocks.slice(0, AT), victim, ...blocks.slice(AT)])).toBe(`height at ${AT + 1}`);
  });
  test('truncated at its end: agrees with itself, and found by a pin alone', () => {
    const short = blocks.slice(0, -2);
    expect(verdict(short)).toBe('verified');
    expect(verdictOf(audit(fileOf(short), { pins: { block: pin } }))).toBe(`pin at ${NEWEST - 2}`);
    expect(verdictOf(audit(fileOf(short), { pins: { log: vaultOf(bench).log.root() } }))).toBe(`pin at ${NEWEST - 2}`);
    expect(verdictOf(audit(fileOf(short), { pins: { root: vaultOf(bench).anchor.treeRoot } }))).toBe(`pin at ${NEWEST - 2}`);
  });
  test('truncated at its beginning', () => {
    expect(verdict(blocks.slice(1))).toBe('height at 1');
  });
});

describe('a header claims', () => {
  const attacks: readonly (readonly [string, Parameters<typeof withHeader>[1], string])[] = [
    ['another height', { height: AT + 1 }, `height at ${AT}`],
    ['another vault', { vault: new Uint8Array(16).fill(9) }, `vault at ${AT}`],
    ['another organization', { organization: new Uint8Array(16).fill(9) }, `vault at ${AT}`],
    ['another block before it', { previousHash: new Uint8Array(32).fill(9) }, `previous_hash at ${AT}`],
    ['a time that is not later', { time: headerOf(blocks[AT - 2] as KeptBlock).time }, `time at ${AT}`],
    ['an entry that is not behind', { raftIndex: headerOf(blocks[AT - 2] as KeptBlock).raftIndex }, `entry at ${AT}`],
    ['an earlier term', { term: 0 }, `entry at ${AT}`],
    ['other flags', { reverse: false }, `flags at ${AT}`],
    ['another tx_root', { transactionsRoot: new Uint8Array(32).fill(9) }, `tx_root at ${AT}`],
    ['another state_root', { stateRoot: new Uint8Array(32).fill(9) }, `state_root at ${AT}`],
    ['another tree_root', { treeRoot: new Uint8Array(32).fill(9) }, `tree_root at ${AT}`],
    ['a height that no number holds', { height: 2n ** 60n }, `header at ${AT}`],
  ];
  for (const [what, change, expected] of attacks) {
    test(what, () => expect(verdict(withVictim(withHeader(victim, change)))).toBe(expected));
  }
  test('another version of headers', () => {
    const header = victim.header.slice();
    header[3] = 2;
    expect(verdict(withVictim({ ...victim, header }))).toBe(`header at ${AT}`);
  });
});

describe('a block holds', () => {
  const [first, ...rest] = transactionsOf(victim);
  const bytes = first as Uint8Array;
  test('no transaction', () => {
    expect(verdict(withVictim({ ...victim, transactions: undefined }))).toBe(`transactions at ${AT}`);
  });
  test('its last transaction twice: a tree that doubles its last leaf would take it', () => {
    const doubled = [...transactionsOf(victim), transactionsOf(victim).at(-1) as Uint8Array];
    expect(equalBytes(transactionsRoot(nativeHasher, doubled), headerOf(victim).transactionsRoot)).toBe(false);
    expect(verdict(withVictim({ ...victim, transactions: doubled }))).toBe(`tx_root at ${AT}`);
  });
  test('its transactions in another order, or one less', () => {
    expect(verdict(withVictim({ ...victim, transactions: [...rest, bytes] }))).toBe(`tx_root at ${AT}`);
    expect(verdict(withVictim({ ...victim, transactions: rest }))).toBe(`tx_root at ${AT}`);
    expect(verdict(withVictim(withTransactions(victim, rest)))).toBe(`state_root at ${AT}`);
  });
  test('the hash of two transactions in their place: a leaf is no inner node', () => {
    const inner = transactionsRoot(nativeHasher, transactionsOf(victim).slice(0, 2));
    expect(verdict(withVictim({ ...victim, transactions: [inner, ...transactionsOf(victim).slice(2)] }))).toBe(
      `tx_root at ${AT}`,
    );
  });
  test('something that is no transaction', () => {
    expect(verdict(withVictim(withTransactions(victim, [...transactionsOf(victim), Uint8Array.of(1, 9)])))).toBe(
      `transactions at ${AT}`,
    );
  });
  test('the creation of the vault, or of another one at its beginning', () => {
    const [create] = transactionsOf(blocks[0] as KeptBlock);
    const again = withTransactions(victim, [create as Uint8Array, ...transactionsOf(victim)]);
    expect(verdict(withVictim(again))).toBe(`execution at ${AT}`);
    const other = encodeLedgerTransaction({ kind: 'createVault', organization: ORGANIZATION, vault: OTHER_VAULT, reverse: true });
    expect(verdict(replaced(blocks, 0, withTransactions(blocks[0] as KeptBlock, [other])))).toBe('execution at 1');
    expect(verdict(replaced(blocks, 0, withTransactions(blocks[0] as KeptBlock, [bytes])))).toBe('execution at 1');
  });
  test('a transaction that cannot have been applied, or that changes nothing', () => {
    const impossible = encodeLedgerTransaction({
      kind: 'transact',
      transaction: transactionOf(write('doc:0#viewer@user:0'), write('doc:0#viewer@user:0')),
    });
    expect(verdict(withVictim(withTransactions(victim, [...transactionsOf(victim), impossible])))).toBe(`execution at ${AT}`);
    const idle = encodeLedgerTransaction({
      kind: 'transact',
      transaction: transactionOf({
        op: 'deleteTuple',
        tuple: { resource: 'doc:x', relation: 'r', subject: 'user:x' },
        onMissing: 'ignore',
      }),
    });
    const result = audit(fileOf(withVictim(withTransactions(victim, [...transactionsOf(victim), idle]))));
    expect(verdictOf(result)).toBe(`execution at ${AT}`);
    if (!result.ok)
      expect(result.refusal.message).toMatch(/Transaction \d+ of block 6 cannot have been applied: it changes nothing/);
    const early = encodeLedgerTransaction({ kind: 'expire' });
    expect(verdict(withVictim(withTransactions(victim, [early, ...transactionsOf(victim)])))).toBe(`execution at ${AT}`);
  });
});

test('another vault’s blocks are spliced in: at the height where they begin', () => {
  const twin = new Bench();
  twin.one({ kind: 'createVault', ref: twin.ref(), organization: ORGANIZATION, vault: OTHER_VAULT }, 1000);
  for (let i = 0; i < 12; i += 1) {
    const transaction = transactionOf(write(`doc:${i}#viewer@user:x`));
    twin.one({ kind: 'transact', ref: twin.ref(), organization: ORGANIZATION, vault: OTHER_VAULT, transaction }, 2000 + 1000 * i);
  }
  const vault = twin.state.vault(OTHER_VAULT);
  const foreign = blocks.map((_, at): KeptBlock => {
    const height = (at + 1) as never;
    return { header: vault?.anchorAt(height).header as Uint8Array, transactions: vault?.transactionsAt(height) };
  });
  const spliced = [...blocks.slice(0, AT - 1), ...foreign.slice(AT - 1)];
  expect(verdict(spliced)).toBe(`vault at ${AT}`);
  const renamed = spliced.map((block) => withHeader(block, { vault: headerOf(blocks[0] as KeptBlock).vault }));
  expect(verdict(renamed)).toBe(`previous_hash at ${AT}`);
  expect(verdict(linked(renamed))).toBe(`state_root at ${AT}`);
  expect(verdict(foreign)).toBe('vault at 1');
});

test('a chain that is forged from a height on, and executes: against a pin, and against the hash of an older block', () => {
  const forger = chainOf(AT - 2);
  for (let i = 0; i < 7; i += 1) forger.run([write(`doc:forged${i}#viewer@user:mallory`)], 90_000 + i * 1000);
  const forged = blocksOf(forger);
  expect(forged.slice(0, AT - 1)).toEqual(blocks.slice(0, AT - 1));
  expect(verdict(forged)).toBe('verified');
  expect(verdictOf(audit(fileOf(forged), { pins: { block: pin } }))).toMatch(/^pin at/);
  const known = blockHash(nativeHasher, (blocks[AT] as KeptBlock).header);
  expect(verdictOf(audit(fileOf(forged), { pins: { block: known } }))).toMatch(/^pin at/);
});

test('a pinned root of the log counts at the size where it was, and authenticates no further', () => {
  const { log } = vaultOf(bench);
  for (const size of [1, 2, AT, NEWEST]) {
    expect(audit(fileOf(blocks), { pins: { log: log.root(size) } })).toMatchObject({
      report: { chain: { authenticated: { height: size, by: 'log' } } },
    });
  }
});
