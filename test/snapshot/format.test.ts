/** Golden bytes of manifests, records of files and messages: version 1. And what is refused. */
import { describe, expect, test } from 'vitest';
import { fromHex, toHex } from '../../core/bytes/text.ts';
import type { PeerMessage } from '../../core/codec/envelope.ts';
import { decodeFrame, encodeFrame } from '../../core/codec/frame.ts';
import { type ClusterId, GLOBAL_GROUP, type GroupId, type LogIndex, type NodeId } from '../../core/ids.ts';
import { encodeChunkRecord, encodeSnapshotHeader, parseSnapshotName, snapshotName } from '../../core/snapshot/file.ts';
import { decodeSnapshotManifest, encodeSnapshotManifest, Section } from '../../core/snapshot/manifest.ts';
import { Bench, write } from '../state/support.ts';
import { snapshotOf } from './support.ts';

const PLACE = { group: 1 as GroupId, index: 3 as LogIndex };
const HASH = new Uint8Array(32).fill(0xab);

function sample() {
  const bench = new Bench();
  bench.createVault(1000);
  bench.run([write('doc:1#viewer@user:a')], 2000);
  return snapshotOf(bench.state, { chunkBytes: 64 * 1024 });
}

describe('a manifest', () => {
  test('has the bytes of format 1', () => {
    expect(toHex(encodeSnapshotManifest(sample().manifest))).toMatchInlineSnapshot(
      `"56534e500001000000010000000000000003000000000000000100000000000007d00001000001000100000000000000000000000000000001000000000500000000000000d400000001d0177a78ba56cdbcbe940af2edd6c2a63668ee95f0acbd4ffb5bd7998197cc16000000000000018d0000000175938245c7b986bec8fc6e46eebd4bc2114dd868bb4e5035b6d084819189ddc2000000000000000000000000e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b85500000000000000d200000001ccab3c64a0d92655749bcd4ec2a7124a4262f045dc839f5a35dee44c9db7310c00000000000002c0000000014267a4c2e6bc821903e1842f084b08d534acfa18f4a382eab253e03b80446a2a"`,
    );
  });

  test('is read back, and refused where a byte is missing or one too many', () => {
    const { manifest } = sample();
    const bytes = encodeSnapshotManifest(manifest);
    expect(decodeSnapshotManifest(bytes)).toEqual({ ok: true, value: manifest });
    for (let length = 0; length < bytes.length; length += 1)
      expect(decodeSnapshotManifest(bytes.subarray(0, length)).ok).toBe(false);
    expect(decodeSnapshotManifest(new Uint8Array([...bytes, 0])).ok).toBe(false);
  });
});

test('chunks have the bytes of format 1', () => {
  const chunks = sample().chunks.map(({ section, number, bytes }) => `${section}/${number} ${toHex(bytes)}`);
  expect(chunks).toMatchInlineSnapshot(`
    [
      "0/0 000100010000000000000002018bcfe5680001010101010101010101018bcfe5680003030303030303030303a1114c665965b631f8f2b570f2867264654cb283d3840df272eab2f638aaf9db299fb8c32f88151644ec955eeb7db92caa64c268e73fc5466826ce3f37b58d69e4fa399fb62a0ac1d37afb17ef8ffd5b045a54a3be81f7415f710365845d9c5015ba123b1bde5d202ef810844e5c451d577793f183357774ffd8a28e9e4acf5800000000000007d00000000000000001000000000000000300000000000000020000000000000006",
      "1/0 010000000000000001000000000000000200000000000007d00000000103018bcfe568000303030303030303030300000000000000028caf5e4092e4c35614018a56180e4bbd9f089d67eff8365981907983ad603baf07010100000000000000020000000000000002b8b3a0ae1f8e3b6f47a7c8f02af4df821e35670840848badc2547d0a8a446c2ae4fa399fb62a0ac1d37afb17ef8ffd5b045a54a3be81f7415f710365845d9c5015ba123b1bde5d202ef810844e5c451d577793f183357774ffd8a28e9e4acf58000100010000000000000002018bcfe5680001010101010101010101018bcfe5680003030303030303030303a1114c665965b631f8f2b570f2867264654cb283d3840df272eab2f638aaf9db299fb8c32f88151644ec955eeb7db92caa64c268e73fc5466826ce3f37b58d69e4fa399fb62a0ac1d37afb17ef8ffd5b045a54a3be81f7415f710365845d9c5015ba123b1bde5d202ef810844e5c451d577793f183357774ffd8a28e9e4acf5800000000000007d000000000000000010000000000000003",
      "3/0 018bcfe56800030303030303030303030101000205609e0ae30246fc4ab79174bd2e9cab514f4304cb143541d944107194b2d0aaf8c7203192184c38b2b289b88539baf1c9359e573fa5f6c35516cb087106c23b56406d5ab7265240747c431890bd12806a42f23a1e5edb0bd03ff985a630c6541cc748defe2d00b9a5b12bdd29a5ebcdea578d6aa0ade4db5bf84e0919742cf239850400000037010100000005646f633a310000000676696577657200000006757365723a61000000000000000000000000000000000000000000000002",
      "4/0 01018bcfe5680003030303030303030303020000000d05000000000000000100000000000000240101018bcfe5680001010101010101010101018bcfe56800030303030303030303030001020000000d050000000000000002000000000000004d010200000009757365723a616e6e650000000762656361757365000000010100000005646f633a310000000676696577657200000006757365723a6100000000000000000000000000000000000200000009060000000000000001000000c4000100010000000000000001018bcfe5680001010101010101010101018bcfe56800030303030303030303030000000000000000000000000000000000000000000000000000000000000000e112b8fccc0b28b6f4f99375b799b1bb095b48cd0cf6a2712b47ef4e82bd0cd20e89e7ed74c9a5944c886585d634e3c68f4dccd0a31968fe52d6df0873ccdec6e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b85500000000000003e8000000000000000100000000000000020200000009060000000000000002000000c4000100010000000000000002018bcfe5680001010101010101010101018bcfe5680003030303030303030303a1114c665965b631f8f2b570f2867264654cb283d3840df272eab2f638aaf9db299fb8c32f88151644ec955eeb7db92caa64c268e73fc5466826ce3f37b58d69e4fa399fb62a0ac1d37afb17ef8ffd5b045a54a3be81f7415f710365845d9c5015ba123b1bde5d202ef810844e5c451d577793f183357774ffd8a28e9e4acf5800000000000007d000000000000000010000000000000003020000000a089efffffffffffffffd0000002065f903d14720bc7e22d9e5d13f29e5c67333ec0ff06d4678c75730366024adba020000000a08bdfffffffffffffffd00000020e348e429c322f0d3f267021c8ee066aa3471b621d7c4bcac8f9a6b5138156482",
    ]
  `);
});

test('nodes of a directory have the bytes of format 1', () => {
  const [founder, other] = ['a', 'b'].map((digit) => digit.repeat(32) as NodeId) as [NodeId, NodeId];
  const founders = [{ id: founder, address: 'a:1' }];
  const bench = new Bench({ group: GLOBAL_GROUP, dataGroups: [], founders });
  const body = { kind: 'replaceMember', node: founder, by: other, address: 'b:1' } as const;
  bench.one({ kind: 'directory', ref: bench.ref(), body }, 1000);
  const chunks = snapshotOf(bench.state, { chunkBytes: 64 * 1024 }).chunks.filter(({ section }) => section === Section.directory);
  expect(chunks.map(({ bytes }) => toHex(bytes))).toMatchInlineSnapshot(`
    [
      "0000001105aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa000000300000000000000002aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa01bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb00000003613a310000001105bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb000000300000000000000002bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb000000000000000000000000000000000000000003623a31",
    ]
  `);
});

test('a file begins with the bytes of format 1, and its records are bound to their place', () => {
  expect(toHex(encodeSnapshotHeader(PLACE))).toMatchInlineSnapshot(
    `"564f554348534e50000100000000000100000000000000030000000000000000"`,
  );
  const chunk = { section: Section.history, number: 7, bytes: fromHex('c0ffee') as Uint8Array };
  expect(toHex(encodeChunkRecord(PLACE, 32, chunk))).toMatchInlineSnapshot(`"9ce69912010400000000000700000003c0ffee"`);
  expect(encodeChunkRecord(PLACE, 33, chunk)).not.toEqual(encodeChunkRecord(PLACE, 32, chunk));
});

test('names of files are read as they are written, and nothing else is one', () => {
  const name = snapshotName(PLACE);
  expect(name).toBe('snap-0000000001-0000000000000003');
  expect(parseSnapshotName(name)).toEqual({ ...PLACE, stage: 'whole' });
  expect(parseSnapshotName(`${name}.new`)).toEqual({ ...PLACE, stage: 'writing' });
  expect(parseSnapshotName(`${name}.part`)).toEqual({ ...PLACE, stage: 'fetching' });
  for (const other of ['snap-1-3', `${name}.old`, 'wal-0000000000000001', 'snap-9999999999-0000000000000003'])
    expect(parseSnapshotName(other)).toBeUndefined();
});

describe('messages about chunks', () => {
  const name = { index: 3 as LogIndex, manifestHash: HASH };
  const messages: readonly PeerMessage[] = [
    { kind: 'snapshotPull', ...name, section: Section.leaves, number: 7 },
    { kind: 'snapshotChunk', ...name, section: Section.leaves, number: 7, path: [HASH], bytes: fromHex('c0ffee') as Uint8Array },
    { kind: 'snapshotGone', ...name, section: Section.leaves, number: 7 },
  ];
  const frameOf = (message: PeerMessage) => ({
    cluster: 'c'.repeat(32) as ClusterId,
    sender: 'd'.repeat(32) as NodeId,
    envelopes: [{ group: 1 as GroupId, message }],
  });

  test('have the bytes of version 1', () => {
    expect(messages.map((message) => toHex(encodeFrame(frameOf(message)).subarray(38)))).toMatchInlineSnapshot(`
      [
        "00000001200000000000000003abababababababababababababababababababababababababababababababab0300000007c4c55aec",
        "00000001210000000000000003abababababababababababababababababababababababababababababababab030000000701abababababababababababababababababababababababababababababababab00000003c0ffee302e5476",
        "00000001220000000000000003abababababababababababababababababababababababababababababababab030000000744e59930",
      ]
    `);
  });

  test('are read back', () => {
    for (const message of messages)
      expect(decodeFrame(encodeFrame(frameOf(message)))).toEqual({ ok: true, value: frameOf(message) });
  });
});
