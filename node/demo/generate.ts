/**
 * An authorization set of realistic shape: people in teams, teams in an organization, repositories with team and personal
 * roles, documents with owners, editors and viewers. Skewed as real ones are: few popular teams, many small documents.
 * A seed gives the same set on every machine.
 */
import { Random, type SeedWords } from '../../core/random.ts';
import type { TupleKey } from '../../core/state/transaction.ts';

export interface DemoSizes {
  readonly users: number;
  readonly teams: number;
  readonly repositories: number;
  readonly documents: number;
}

export const DEMO_SIZES: DemoSizes = { users: 800, teams: 60, repositories: 400, documents: 2400 };

/** All tuples, unique, in the order they are written. */
export function generateTuples(seed: SeedWords, sizes: DemoSizes = DEMO_SIZES): readonly TupleKey[] {
  const random = Random.stream(seed, 'demo');
  const tuples = new Map<string, TupleKey>();
  const add = (resource: string, relation: string, subject: string): void => {
    tuples.set(`${resource}#${relation}@${subject}`, { resource, relation, subject });
  };
  const anyUser = (): string => `user:${random.below(sizes.users)}`;
  // The square of a uniform draw: a tenth of the teams gets a third of the references.
  const anyTeam = (): string => `team:${Math.floor((random.below(1000) / 1000) ** 2 * sizes.teams)}#member`;

  for (let user = 0; user < sizes.users; user += 1) {
    add('organization:acme', 'member', `user:${user}`);
    for (let i = random.between(1, 3); i > 0; i -= 1) add(anyTeam().slice(0, -'#member'.length), 'member', `user:${user}`);
  }
  for (let team = 1; team < sizes.teams; team += 1) {
    if (random.below(3) === 0) add(`team:${random.below(team)}`, 'member', `team:${team}#member`);
    add(`team:${team}`, 'maintainer', anyUser());
  }
  for (let repository = 0; repository < sizes.repositories; repository += 1) {
    const name = `repository:acme/${repository}`;
    add(name, 'owner', 'organization:acme');
    add(name, 'admin', anyTeam());
    for (let i = random.between(1, 3); i > 0; i -= 1) add(name, 'writer', random.below(2) === 0 ? anyTeam() : anyUser());
    for (let i = random.between(0, 4); i > 0; i -= 1) add(name, 'reader', anyUser());
    if (random.below(10) === 0) add(name, 'reader', 'user:*');
  }
  for (let document = 0; document < sizes.documents; document += 1) {
    const name = `document:${document}`;
    add(name, 'parent', `repository:acme/${random.below(sizes.repositories)}`);
    add(name, 'owner', anyUser());
    for (let i = random.between(0, 2); i > 0; i -= 1) add(name, 'editor', anyUser());
    for (let i = random.between(0, 3); i > 0; i -= 1) add(name, 'viewer', random.below(4) === 0 ? anyTeam() : anyUser());
  }
  return [...tuples.values()];
}

/** A tuple of the same vocabulary that is not in the set, sometimes beside one that is. */
export function absentTuple(random: Random, present: ReadonlySet<string>, tuples: readonly TupleKey[]): TupleKey {
  for (;;) {
    const near = tuples[random.below(tuples.length)] as TupleKey;
    const other = tuples[random.below(tuples.length)] as TupleKey;
    const made: TupleKey =
      random.below(2) === 0
        ? { ...near, subject: other.subject }
        : { ...near, resource: other.resource, relation: other.relation };
    if (!present.has(`${made.resource}#${made.relation}@${made.subject}`)) return made;
  }
}
