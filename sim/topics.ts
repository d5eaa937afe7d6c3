/**
 * What scenarios are about besides faults, and a mark that a run of one sets where it came to that. docs/reference/sim.md has the table of both;
 * a test demands that each topic and each kind of fault has its scenario.
 */
import { FAULT_KINDS } from './faults/counts.ts';

export type Topic =
  | 'reads under a lease'
  | 'reads by a quorum round'
  | 'bounded reads'
  | 'eventual reads'
  | 'reads at a height'
  | 'reads at a time'
  | 'reads with proofs'
  | 'clocks'
  | 'members that change'
  | 'learners'
  | 'leadership transfers'
  | 'snapshots'
  | 'checkpoints'
  | 'encryption, and deleted vaults'
  | 'many groups, and groups that sleep'
  | 'authorization by models'
  | 'vaults that diverged'
  | 'malice'
  | 'upgrade';

/** By topic the mark; undefined: no mark says so, the scenario's own oracles and counts do. */
export const TOPICS: Readonly<Record<Topic, string | undefined>> = {
  'reads under a lease': 'replica.read-under-lease',
  'reads by a quorum round': 'leader readIndex answered',
  'bounded reads': 'replica.bounded-read-at-once',
  'eventual reads': undefined,
  'reads at a height': undefined,
  'reads at a time': 'replica.time-closed-by-empty-entry',
  'reads with proofs': undefined,
  clocks: undefined,
  'members that change': 'replica.member-taken-in',
  learners: 'raft.learner-promoted',
  'leadership transfers': 'follower timeoutNow newTerm',
  snapshots: 'snapshot.installed',
  checkpoints: 'checkpoint.written',
  'encryption, and deleted vaults': 'replica.vault-deleted',
  'many groups, and groups that sleep': 'raft.hibernated',
  'authorization by models': 'authorization.checked-after-revocation',
  'vaults that diverged': 'divergence.vault-recovered',
  malice: undefined,
  upgrade: undefined,
};

/** What the table is made of. */
interface Covering {
  readonly name: string;
  readonly faults: readonly string[];
  readonly shows?: readonly Topic[];
}

/** Which scenarios are about what, as two tables. An empty cell is what no scenario is about. */
export function coverageMarkdown(scenarios: readonly Covering[]): string {
  const names = (isAbout: (scenario: Covering) => boolean): string =>
    scenarios
      .filter(isAbout)
      .map(({ name }) => `\`${name}\``)
      .join(', ');
  const topics = Object.keys(TOPICS) as readonly Topic[];
  return [
    '| What | Scenarios |',
    '|---|---|',
    ...topics.map((topic) => `| ${topic} | ${names(({ shows }) => shows?.includes(topic) === true)} |`),
    '',
    '| Fault | Scenarios |',
    '|---|---|',
    ...FAULT_KINDS.map((kind) => `| \`${kind}\` | ${names(({ faults }) => faults.includes(kind))} |`),
  ].join('\n');
}
