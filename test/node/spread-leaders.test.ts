/** Who is to lead what, as `vouch transfer --spread` sees it. */
import { expect, test } from 'vitest';
import type { GroupId, NodeId } from '../../core/ids.ts';
import { intendedLeader } from '../../node/cli/spread-leaders.ts';
import type { MemberJson } from '../../node/http/member-routes.ts';

function member(id: string, priority: number, state: MemberJson['state'] = 'voter'): MemberJson {
  return { id, address: `${id}:1`, role: 'voter', state, votes: 0, learns: 0, leads: 0, priority };
}

function leaders(members: readonly MemberJson[], voters: readonly string[], down: string = ''): readonly (string | undefined)[] {
  return [0, 1, 2, 3].map((group) =>
    intendedLeader({ group: group as GroupId, voters: voters as readonly NodeId[] }, members, (id) => id !== down),
  );
}

test('equals take turns, whoever is preferred has all, and who leaves, does not vote or is not there has none', () => {
  const equal = [member('a', 100), member('b', 100), member('c', 100)];
  expect(leaders(equal, ['a', 'b', 'c'])).toEqual(['a', 'b', 'c', 'a']);
  expect(leaders(equal, ['a', 'c'])).toEqual(['a', 'c', 'a', 'c']);
  expect(leaders([member('a', 100), member('b', 200), member('c', 200)], ['a', 'b', 'c'])).toEqual(['b', 'c', 'b', 'c']);
  expect(leaders([member('a', 0), member('b', 100, 'leaving')], ['a', 'b'])).toEqual(['a', 'a', 'a', 'a']);
  expect(leaders(equal, ['a', 'b', 'c'], 'b')).toEqual(['a', 'c', 'a', 'c']);
  expect(leaders([], ['a'])).toEqual([undefined, undefined, undefined, undefined]);
});
