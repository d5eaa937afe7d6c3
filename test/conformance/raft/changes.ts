/** Membership operations as the corpus writes them: v1 makes a voter, l2 a learner, r3 removes, u4 updates what raft does not know. */
import type { ChangeRefusal, MemberChange } from '../../../core/raft/configuration.ts';
import { idOf } from './names.ts';

/** undefined where a token is none of these. Node 0 and updates are no changes of ours. */
export function parseChanges(tokens: readonly string[]): readonly MemberChange[] | undefined {
  const changes: MemberChange[] = [];
  for (const token of tokens) {
    const [, kind, number] = /^([vlru])(\d+)$/.exec(token) ?? [];
    if (kind === undefined) return undefined;
    const id = idOf(Number(number));
    if (Number(number) === 0 || kind === 'u') continue;
    if (kind === 'v') changes.push({ kind: 'voter', id });
    else if (kind === 'l') changes.push({ kind: 'learner', id, promote: false });
    else changes.push({ kind: 'remove', id });
  }
  return changes;
}

/** etcd/raft's words for the reasons of configuration.ts. */
export function refusalText(code: ChangeRefusal, isSimple: boolean): string {
  switch (code) {
    case 'already_joint':
      return isSimple ? "can't apply simple config change in joint config" : 'config is already joint';
    case 'not_joint':
      return "can't leave a non-joint config";
    case 'no_voters':
      return "can't make a zero-voter config joint";
    case 'no_voters_left':
      return 'removed all voters';
    case 'more_than_one_voter':
      return 'more than one voter changed without entering joint config';
  }
}
