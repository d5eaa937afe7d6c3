/** Policies: what is read, what is refused, and which notes are enough. */
import { describe, expect, test } from 'vitest';
import { encodeCheckpoint } from '../../core/note/checkpoint.ts';
import { encodeVkey } from '../../core/note/key.ts';
import { checkNote, parsePolicy } from '../../core/note/policy.ts';
import { nativeHasher } from '../../node/hasher.ts';
import { nativeVerifier } from '../../node/keys/native-ed25519.ts';
import {
  CLUSTER,
  checkpointOf,
  linesOf,
  logOf,
  node,
  noteOf,
  ORGANIZATION,
  ORIGIN,
  party,
  policyOf,
  policyText,
  textOf,
  VAULT,
} from './support.ts';

const [one, two, three, outside] = [node(1), node(2), node(3), party('witness.example/w1', 9)];
const NODES = [one, two, three];
const TEXT = textOf(logOf(5));

describe('the policy file', () => {
  test('reads comments, tabs, URLs, nested groups and a pinned cluster', () => {
    const policy = policyOf(
      [
        '# what we pinned on Monday',
        '',
        `origin\tvouch/${CLUSTER}/*`,
        `  witness a ${encodeVkey(one.timed)} https://one.example/`,
        `witness b ${encodeVkey(two.plain)}`,
        `witness w ${encodeVkey(outside.timed)}`,
        'group nodes any a b',
        'group both all nodes w',
        'quorum both',
      ].join('\n'),
    );
    expect(policy.witnesses.map(({ name, url }) => [name, url])).toEqual([
      ['a', 'https://one.example/'],
      ['b', undefined],
      ['w', undefined],
    ]);
    expect(policy.quorum).toEqual({
      kind: 'group',
      name: 'both',
      k: 2,
      of: [
        {
          kind: 'group',
          name: 'nodes',
          k: 1,
          of: [
            { kind: 'witness', name: 'a' },
            { kind: 'witness', name: 'b' },
          ],
        },
        { kind: 'witness', name: 'w' },
      ],
    });
  });

  const witness = `witness a ${encodeVkey(one.timed)}`;
  test.each([
    ['no origin', `${witness}\nquorum a`, 'no origin line'],
    ['no quorum', `origin ${ORIGIN}\n${witness}`, 'no quorum line'],
    ['two quorums', `origin ${ORIGIN}\n${witness}\nquorum a\nquorum a`, 'line 4'],
    ['a quorum of none', `origin ${ORIGIN}\nquorum none`, 'believe everybody'],
    ['a quorum that is not named', `origin ${ORIGIN}\n${witness}\nquorum b`, 'b is not the name'],
    ['an unknown word', `origin ${ORIGIN}\nwitnes a`, '"witnes" is none of'],
    ['a log line', `log ${encodeVkey(one.plain)}`, 'origin line'],
    ['a star that is not for a cluster', 'origin vouch/*', 'a star'],
    ['the same origin twice', `origin ${ORIGIN}\norigin ${ORIGIN}`, 'twice'],
    ['a key with another id', `witness a ${encodeVkey(one.timed).replace(/\+[0-9a-f]{8}\+/, '+00000000+')}`, 'the id of the key'],
    ['one public key twice', `${witness}\nwitness b ${encodeVkey(one.plain)}`, 'count twice'],
    ['one name twice', `${witness}\nwitness a ${encodeVkey(two.timed)}`, 'is taken'],
    ['a group of none', `${witness}\ngroup g 0 a`, 'from 1 to 1'],
    ['a group of too many', `${witness}\ngroup g 2 a`, 'from 1 to 1'],
    ['a group number with a sign', `${witness}\ngroup g +1 a`, 'from 1 to 1'],
    ['a group without members', `${witness}\ngroup g any`, 'members'],
    ['a member twice', `${witness}\ngroup g any a a`, 'count twice'],
    ['a member of two groups', `${witness}\ngroup g any a\ngroup h any a`, 'count twice'],
    ['a group of itself', `${witness}\ngroup g any g`, 'above'],
    ['a witness named none', `witness none ${encodeVkey(one.timed)}`, 'is taken'],
    ['a control character', `origin ${ORIGIN}\u0007`, 'control character'],
    ['too long', '#'.repeat(70_000), 'longer'],
  ])('%s is refused, and the reason names it', (_, text, reason) => {
    const policy = parsePolicy(nativeHasher, text);
    expect(policy.ok ? '' : policy.reason).toContain(reason);
  });
});

describe('a note against a policy', () => {
  const policy = policyOf(policyText(2, NODES));
  const check = (note: Parameters<typeof checkNote>[2], by = policy) => checkNote(nativeVerifier, by, note);
  const reasonOf = (verdict: ReturnType<typeof check>): string => (verdict.ok ? '' : verdict.reason);

  test('two of three are enough, and are named with the times of their cosignatures', () => {
    const verdict = check(noteOf(TEXT, [three, one]));
    expect(verdict).toMatchObject({ ok: true, checkpoint: { origin: ORIGIN, size: 5 } });
    expect(verdict.ok && verdict.signers.map(({ witness, timeS }) => [witness.name, timeS])).toEqual([
      ['n1', 1_700_000_000],
      ['n3', 1_700_000_000],
    ]);
  });

  test('one of three is not, however often it signed', () => {
    const often = { text: TEXT, signatures: [...linesOf(one, TEXT), ...linesOf(one, TEXT, 1_800_000_000)] };
    expect(reasonOf(check(often))).toBe('signed by n1; the policy needs 2 of n1, n2, n3');
  });

  test('nobody is not, and strangers count as nobody', () => {
    expect(reasonOf(check(noteOf(TEXT, [outside, node(7)])))).toBe('signed by no pinned key; the policy needs 2 of n1, n2, n3');
  });

  test('nodes without the outside witness are not enough where the policy wants it', () => {
    const both = policyOf(
      policyText(2, NODES).replace('quorum nodes', `witness w ${encodeVkey(outside.timed)}\ngroup both all nodes w\nquorum both`),
    );
    expect(reasonOf(check(noteOf(TEXT, NODES), both))).toBe('signed by n1, n2, n3; the policy needs 2 of nodes, w');
    expect(check(noteOf(TEXT, [...NODES, outside]), both).ok).toBe(true);
    expect(check(noteOf(TEXT, [one, outside]), both).ok).toBe(false);
  });

  test('a line that claims to be of a pinned key and does not hold refuses the note, even where others are enough', () => {
    const note = noteOf(TEXT, NODES);
    const forged = linesOf(three, textOf(logOf(6)));
    expect(reasonOf(check({ ...note, signatures: [...note.signatures, ...forged] }))).toContain('does not hold');
  });

  test('identity chosen by the server: the signature of a stranger under the name of a pinned node is passed over', () => {
    const impostor = party(two.name, 99);
    expect(reasonOf(check(noteOf(TEXT, [one, impostor])))).toBe('signed by n1; the policy needs 2 of n1, n2, n3');
  });

  test('key-id collision: a stranger with the name and the id of a pinned key refuses the note', () => {
    const impostor = party(two.name, 99);
    const lines = linesOf(impostor, TEXT).map((line) => ({ ...line, keyId: two.timed.id }));
    expect(check({ text: TEXT, signatures: [...linesOf(one, TEXT), ...lines] }).ok).toBe(false);
  });

  test('wrong signature type: plain lines do not count for keys that are pinned for cosignatures', () => {
    const plain = NODES.flatMap((each) => linesOf(each, TEXT).slice(0, 1));
    expect(reasonOf(check({ text: TEXT, signatures: plain }))).toContain('no pinned key');
  });

  test('a checkpoint of another log is refused, whoever signed it', () => {
    for (const origin of [ORIGIN.replace(VAULT, ORGANIZATION), ORIGIN.replace(CLUSTER, 'f'.repeat(32)), 'example.org/log']) {
      const text = encodeCheckpoint(checkpointOf(logOf(5), 5, origin));
      expect(reasonOf(check(noteOf(text, NODES)))).toContain('is not pinned');
    }
  });

  test('a pinned cluster takes every vault of it, and no other', () => {
    const every = policyOf(policyText(2, NODES).replace(ORIGIN, `vouch/${CLUSTER}/*`));
    const inside = encodeCheckpoint(checkpointOf(logOf(5), 5, ORIGIN.replace(VAULT, ORGANIZATION)));
    expect(check(noteOf(inside, NODES), every).ok).toBe(true);
    for (const origin of [ORIGIN.replace(CLUSTER, 'f'.repeat(32)), `vouch/${CLUSTER}/x/y`, `vouch/${CLUSTER}/*`]) {
      const text = encodeCheckpoint(checkpointOf(logOf(5), 5, origin));
      expect(check(noteOf(text, NODES), every).ok, origin).toBe(false);
    }
  });

  test('a signed text that is no checkpoint, or has lines behind the root, is refused', () => {
    expect(check(noteOf('hello\n', NODES)).ok).toBe(false);
    expect(reasonOf(check(noteOf(`${TEXT}more\n`, NODES)))).toContain('behind its root');
  });
});
