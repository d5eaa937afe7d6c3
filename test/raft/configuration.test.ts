/** The rules that make one configuration of another, and their bytes. The corpus of etcd/raft is run by the conformance runner. */
import { describe, expect, test } from 'vitest';
import { fromHex, toHex } from '../../core/bytes/text.ts';
import { changeSimply, enterJoint, leaveJoint, type MemberChange, membersOf } from '../../core/raft/configuration.ts';
import { decodeConfiguration, encodeConfiguration } from '../../core/raft/configuration-bytes.ts';
import { type Configuration, configurationOf } from '../../core/raft/message.ts';
import { A, B, C, D, E } from './support.ts';

const voter = (id: typeof A): MemberChange => ({ kind: 'voter', id });
const learner = (id: typeof A, promote: boolean = false): MemberChange => ({ kind: 'learner', id, promote });
const remove = (id: typeof A): MemberChange => ({ kind: 'remove', id });

function joint(from: Configuration, ...changes: readonly MemberChange[]): Configuration {
  const changed = enterJoint(from, { changes, autoLeave: true });
  if (!changed.ok) throw new Error(changed.code);
  return changed.configuration;
}

describe('a simple change', () => {
  test('adds one voter, and any number of learners', () => {
    const changed = changeSimply(configurationOf([A]), [voter(B), learner(C), learner(D)]);
    expect(changed).toEqual({ ok: true, configuration: configurationOf([A, B], [C, D]) });
  });

  test('of two voters is refused, because majorities before and after might not overlap', () => {
    expect(changeSimply(configurationOf([A]), [voter(B), voter(C)])).toEqual({ ok: false, code: 'more_than_one_voter' });
    expect(changeSimply(configurationOf([A, B]), [remove(A), voter(C)])).toEqual({ ok: false, code: 'more_than_one_voter' });
  });

  test('leaves a voter', () => {
    expect(changeSimply(configurationOf([A]), [learner(A)])).toEqual({ ok: false, code: 'no_voters_left' });
  });

  test('is refused while joint', () => {
    expect(changeSimply(joint(configurationOf([A]), voter(B)), [voter(C)])).toEqual({ ok: false, code: 'already_joint' });
  });

  test('forgets that a learner was to be promoted once it is a voter', () => {
    const added = changeSimply(configurationOf([A]), [learner(B, true)]);
    expect(added).toMatchObject({ ok: true, configuration: { learners: [B], promotable: [B] } });
    if (added.ok) expect(changeSimply(added.configuration, [voter(B)])).toMatchObject({ configuration: configurationOf([A, B]) });
  });
});

describe('a joint configuration', () => {
  test('keeps a demoted voter in the outgoing half, and makes it a learner when it is left', () => {
    const entered = joint(configurationOf([A, B, C]), learner(A), voter(D));
    expect(entered).toMatchObject({ voters: [B, C, D], votersOutgoing: [A, B, C], learners: [], learnersNext: [A] });
    expect(leaveJoint(entered)).toEqual({ ok: true, configuration: configurationOf([B, C, D], [A]) });
  });

  test('has everybody of both halves as a member, once', () => {
    expect(membersOf(joint(configurationOf([A, B, C]), remove(A), voter(D), learner(E)))).toEqual([A, B, C, D, E]);
  });

  test('can be left only where it was entered', () => {
    expect(leaveJoint(configurationOf([A]))).toEqual({ ok: false, code: 'not_joint' });
    expect(enterJoint(configurationOf([]), { changes: [], autoLeave: false })).toEqual({ ok: false, code: 'no_voters' });
  });
});

describe('the bytes of a configuration', () => {
  const entered = joint(configurationOf([A, B]), learner(A, true), voter(C), learner(D));
  const golden = `0101${`02${B}${C}`}${`02${A}${B}`}${`01${D}`}${`01${A}`}${`01${A}`}`;

  test('of version 1 are these', () => {
    expect(toHex(encodeConfiguration(entered))).toBe(golden);
    expect(decodeConfiguration(fromHex(golden) as Uint8Array)).toEqual(entered);
  });

  test.each([
    ['another version', `02${golden.slice(2)}`],
    ['an unknown flag', `0102${golden.slice(4)}`],
    ['voters out of order', `0101${`02${C}${B}`}${golden.slice(4 + 66)}`],
    ['a voter twice', `0101${`02${B}${B}`}${golden.slice(4 + 66)}`],
    ['no voter', '010000000000'],
    ['a learner that votes', `0100${`01${A}`}00${`01${A}`}0000`],
    ['a next learner outside of a joint configuration', `0100${`01${A}`}0000${`01${B}`}00`],
    ['a promotable voter', `0100${`01${A}`}000000${`01${A}`}`],
    ['trailing bytes', `${golden}00`],
    ['too few bytes', golden.slice(0, -2)],
  ])('with %s are refused', (_, hex) => {
    expect(decodeConfiguration(fromHex(hex) as Uint8Array)).toBeUndefined();
  });
});
