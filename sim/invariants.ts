/**
 * Every named invariant with the file of its oracle, where tests show that the oracle can fail, and known bugs that it was the
 * first to find (leader-completeness: where votes-for-up-to-date is off).
 * docs/reference/invariants.md is generated from this list; a test fails where the list and the code disagree.
 */
import { CLOSED_TIMES_CLAIM } from './check/clients/closed-times.ts';
import { LINEARIZABLE_CLAIM } from './check/clients/linearizable-history.ts';
import { PROOFS_CLAIM } from './check/clients/proofs.ts';
import { READS_MATCH_BLOCKS_CLAIM } from './check/clients/reads-match-blocks.ts';

export interface Invariant {
  readonly name: string;
  readonly claim: string;
  /** File of the oracle, from the root of the repository. */
  readonly oracle: string;
  /** A test of the property beside the simulator. */
  readonly test: string;
  /** Mutants whose kill shows that the oracle works (`vouch sim mutants --only …`); '' where a test shows it. */
  readonly mutants: string;
}

export const INVARIANTS: readonly Invariant[] = [
  {
    name: 'one-leader-per-term',
    claim: 'In each group, at most one node is ever leader in a term.',
    oracle: 'sim/check/raft/one-leader-per-term.ts',
    test: 'test/raft/cluster.prop.test.ts',
    mutants: '',
  },
  {
    name: 'elected-by-quorum',
    claim: 'Whoever leads a term holds durable votes of a quorum of voters in it.',
    oracle: 'sim/check/raft/elected-by-quorum.ts',
    test: 'test/raft/cluster.prop.test.ts',
    mutants: 'E4, E8, E9',
  },
  {
    name: 'configurations-overlap',
    claim: 'Quorums of one configuration and of the next share a node, and a leader has one change on its way.',
    oracle: 'sim/check/raft/configurations-overlap.ts',
    test: 'test/raft/known-bugs.test.ts',
    mutants: 'C3',
  },
  {
    name: 'configuration-follows-log',
    claim: 'The configuration in force on a node is the newest one in its log.',
    oracle: 'sim/check/raft/configuration-follows-log.ts',
    test: 'test/raft/known-bugs.test.ts',
    mutants: 'C5',
  },
  {
    name: 'one-vote-per-term',
    claim: 'A node votes for one candidate per term, and only durable votes leave the node.',
    oracle: 'sim/check/raft/one-vote-per-term.ts',
    test: 'test/raft/cluster.prop.test.ts',
    mutants: 'E1, E3, E12, E13',
  },
  {
    name: 'votes-for-up-to-date',
    claim: 'A node votes only for a candidate whose log is at least as up-to-date as its own.',
    oracle: 'sim/check/raft/votes-for-up-to-date.ts',
    test: 'test/raft/paper/thesis.ts',
    mutants: 'E6, E7',
  },
  {
    name: 'log-matching',
    claim: 'If two logs hold an entry of the same index and term, they are identical up to there.',
    oracle: 'sim/check/raft/log-matching.ts',
    test: 'test/raft/cluster.prop.test.ts',
    mutants: 'L10',
  },
  {
    name: 'counters-monotone',
    claim: 'Term and commit index of a node never fall.',
    oracle: 'sim/check/raft/counters-monotone.ts',
    test: 'test/raft/cluster.prop.test.ts',
    mutants: 'L14',
  },
  {
    name: 'leader-commits-own-term',
    claim: 'A leader commits by counting only entries of its own term, and older ones with them.',
    oracle: 'sim/check/raft/leader-commits-own-term.ts',
    test: 'test/raft/paper/figures-7-8.ts',
    mutants: 'L1',
  },
  {
    name: 'leader-completeness',
    claim: 'The leader of a term holds every entry that was committed in an earlier term.',
    oracle: 'sim/check/raft/leader-completeness.ts',
    test: 'test/raft/cluster.prop.test.ts',
    mutants: 'E6, E7',
  },
  {
    name: 'committed-is-immutable',
    claim: 'A committed entry never changes: all nodes commit the same entry at an index, and none truncates it.',
    oracle: 'sim/check/raft/committed-is-immutable.ts',
    test: 'test/raft/cluster.prop.test.ts',
    mutants: 'L4, L9',
  },
  {
    name: 'committed-is-durable',
    claim: 'A committed entry is durable on a quorum of voters.',
    oracle: 'sim/check/raft/committed-is-durable.ts',
    test: 'test/raft/cluster.prop.test.ts',
    mutants: 'L5, L12',
  },
  {
    name: 'match-index-truthful',
    claim: 'A leader’s matchIndex for a follower never exceeds what the follower durably shares with it.',
    oracle: 'sim/check/raft/match-index-truthful.ts',
    test: 'test/raft/cluster.prop.test.ts',
    mutants: '',
  },
  {
    name: 'match-index-monotone',
    claim: 'Within a term a leader’s matchIndex for a follower never falls, and nextIndex stays above it.',
    oracle: 'sim/check/raft/match-index-monotone.ts',
    test: 'test/raft/traps.test.ts',
    mutants: 'L7, L8',
  },
  {
    name: 'acknowledged-is-held',
    claim: 'A follower acknowledges an append only once its entries are durable on it.',
    oracle: 'sim/check/raft/acknowledged-is-held.ts',
    test: 'test/raft/cluster.prop.test.ts',
    mutants: 'L2, L3, L6',
  },
  {
    name: 'retries-carry-entries',
    claim: 'A leader that hears from a follower sends it the entries it lacks.',
    oracle: 'sim/check/raft/retries-carry-entries.ts',
    test: 'test/raft/traps.test.ts',
    mutants: 'L11, L16',
  },
  {
    name: 'stale-asker-is-told',
    claim: 'Whoever leads or campaigns in an older term is told the newer one by everybody it reaches.',
    oracle: 'sim/check/raft/stale-asker-is-told.ts',
    test: 'test/raft/traps.test.ts',
    mutants: 'E11, E14',
  },
  {
    name: 'election-timeouts-vary',
    claim: 'Election timeouts are drawn anew at random, so that split votes come to an end.',
    oracle: 'sim/check/raft/election-timeouts-vary.ts',
    test: 'test/raft/paper/figure-2-rules.ts',
    mutants: 'E10',
  },
  {
    name: 'recovery-is-legal',
    claim: 'A restart recovers everything durable, and beyond it only a prefix of what was being written.',
    oracle: 'sim/check/raft/recovery-is-legal.ts',
    test: 'test/wal/recover.prop.test.ts',
    mutants: 'E2, D6',
  },
  {
    name: 'recovery-is-final',
    claim: 'Once its repairs are durable, a log that was recovered has no torn tail.',
    oracle: 'sim/check/recovery-is-final.ts',
    test: 'test/wal/recover.prop.test.ts',
    mutants: 'D2',
  },
  {
    name: 'nothing-leaves-early',
    claim: 'No message or reply leaves a node before the persist it waits for is durable.',
    oracle: 'sim/departures.ts',
    test: 'test/sim/world.test.ts',
    mutants: 'D11',
  },
  {
    name: 'blocks-agree',
    claim: 'Headers and transactions of a block are byte-equal on all replicas.',
    oracle: 'sim/check/state/blocks-agree.ts',
    test: 'test/state/history.prop.test.ts',
    mutants: 'V3',
  },
  {
    name: 'exactly-once',
    claim: 'No transaction is executed twice.',
    oracle: 'sim/check/state/blocks-agree.ts',
    test: 'test/state/sessions.test.ts',
    mutants: 'X2',
  },
  {
    name: 'replicas-agree',
    claim: 'Replicas that applied the same entries have equal state.',
    oracle: 'sim/check/state/replicas-agree.ts',
    test: 'test/state/history.prop.test.ts',
    mutants: 'X4',
  },
  {
    name: 'applied-monotone',
    claim: 'What a node has applied of a group never falls back while it runs.',
    oracle: 'sim/check/state/applied-monotone.ts',
    test: 'test/replica/snapshots.test.ts',
    mutants: 'S3',
  },
  {
    name: 'deleted-is-shredded',
    claim: 'A node that has seen a vault deleted holds no key of it, once that is durable.',
    oracle: 'sim/check/state/deleted-is-shredded.ts',
    test: 'test/replica/sealing.test.ts',
    mutants: 'Z1, Z3',
  },
  {
    name: 'nonces-are-fresh',
    claim: 'No two texts are sealed under one key and nonce, across restarts too.',
    oracle: 'sim/cipher.ts',
    test: 'test/replica/sealing.test.ts',
    mutants: 'Z2',
  },
  {
    name: 'indexes-agree',
    claim: 'On every replica, while it works and at rest, each tuple row has its reverse row and each reverse row its tuple.',
    oracle: 'sim/check/state/indexes-agree.ts',
    test: 'test/state/history.prop.test.ts',
    mutants: 'V5, A4',
  },
  {
    name: 'vaults-agree',
    claim: 'In each vault rows, reverse index, expiry index, commitment tree and chain agree.',
    oracle: 'sim/check/state/replicas-agree.ts',
    test: 'test/state/history.prop.test.ts',
    mutants: 'V1, V2, V6, V10',
  },
  {
    name: 'retention-kept',
    claim:
      'A vault can be read from one height on, which follows from its blocks, on every replica alike; what is older is refused.',
    oracle: 'sim/check/state/retention-kept.ts',
    test: 'test/state/retention.prop.test.ts',
    mutants: 'V18',
  },
  {
    name: 'signatures-tell-the-chain',
    claim:
      'A node signs only what it has applied and is committed, never two roots for one size, never less than it signed before with that key, and nothing that its disk does not know of.',
    oracle: 'sim/check/state/signatures.ts',
    test: 'test/signing/record.prop.test.ts',
    mutants: 'V8, V9, V22',
  },
  {
    name: 'answers-stay-true',
    claim:
      'Every acknowledged transaction survives in its block for as long as it is kept, and every answer’s anchor is a block of the chain.',
    oracle: 'sim/check/clients/answers-stay-true.ts',
    test: 'test/replica/replica.test.ts',
    mutants: 'V14',
  },
  {
    name: 'answers-in-order',
    claim: 'A request made after an answer was given is answered at its block or a later one, unless it asked for an older one.',
    oracle: 'sim/check/clients/answers-in-order.ts',
    test: 'test/replica/replica.test.ts',
    mutants: 'V15',
  },
  {
    name: 'reads-see-commits',
    claim: 'A linearizable read is answered from a state that holds everything committed when it was asked.',
    oracle: 'sim/check/clients/reads-see-commits.ts',
    test: 'test/replica/replica.test.ts',
    mutants: 'T5, T6, T7, T8, L13',
  },
  {
    name: 'lease-exclusive',
    claim: 'While a leader holds a lease by its own clock, nobody has been elected in a newer term of its group.',
    oracle: 'sim/check/raft/lease-exclusive.ts',
    test: 'test/raft/leases.test.ts',
    mutants: 'T1, T2, T4',
  },
  {
    name: 'bounded-reads',
    claim: 'A bounded read misses nothing that was committed longer ago than it allowed.',
    oracle: 'sim/check/clients/bounded-reads.ts',
    test: 'test/replica/reads.test.ts',
    mutants: 'T11',
  },
  {
    name: 'closed-times',
    claim: CLOSED_TIMES_CLAIM,
    oracle: 'sim/check/clients/closed-times.ts',
    test: 'test/replica/reads.test.ts',
    mutants: 'T9',
  },
  {
    name: 'reads-match-blocks',
    claim: READS_MATCH_BLOCKS_CLAIM,
    oracle: 'sim/check/clients/reads-match-blocks.ts',
    test: 'test/state/history.prop.test.ts',
    mutants: 'V7, V19',
  },
  {
    name: 'authorization',
    claim:
      'Every check, list and expansion says what its model defines over the tuples that the chain shows at the block it names.',
    oracle: 'sim/check/clients/authorization.ts',
    test: 'test/sim/authorization/definition.prop.test.ts',
    mutants: 'A1, A2, A5',
  },
  {
    name: 'revocations-hold',
    claim:
      'A linearizable check that begins after a revocation was acknowledged never allows, and one that ends before it was asked for never denies.',
    oracle: 'sim/check/clients/revocations-hold.ts',
    test: 'test/sim/authorization/races.test.ts',
    mutants: 'A3',
  },
  {
    name: 'pages-add-up',
    claim: 'The pages of a list at one height name each tuple that is live there once, and no other.',
    oracle: 'sim/check/clients/pages-add-up.ts',
    test: 'test/state/vault-query.test.ts',
    mutants: 'V21',
  },
  {
    name: 'writes-fit',
    claim: 'A write that is to fit a model is taken where its tuples fit it, and refused where they do not.',
    oracle: 'sim/check/clients/writes-fit.ts',
    test: 'test/replica/fitted-writes.test.ts',
    mutants: 'A7',
  },
  {
    name: 'certificates-verify',
    claim:
      'Every certificate served for a check or a list verifies for what was asked, and no longer once its answer or any byte of its proof is changed.',
    oracle: 'sim/check/clients/certificates-verify.ts',
    test: 'test/certificate/corpus.test.ts',
    mutants: 'A6',
  },
  {
    name: 'linearizable',
    claim: LINEARIZABLE_CLAIM,
    oracle: 'sim/check/clients/linearizable-history.ts',
    test: 'test/sim/check/agreement.prop.test.ts',
    mutants: 'T10, X3, V20',
  },
  {
    name: 'proofs-verify',
    claim: PROOFS_CLAIM,
    oracle: 'sim/check/clients/proofs.ts',
    test: 'test/proof/vectors.test.ts',
    mutants: 'V13',
  },
  {
    name: 'no-fatal',
    claim: 'No node and no group stops by itself while its disk keeps what it synced and carries out what it is told.',
    oracle: 'sim/check/no-fatal.ts',
    test: 'test/wal/recover.prop.test.ts',
    mutants: 'D1, D9, D10',
  },
  {
    name: 'no-divergence',
    claim:
      'No node doubts a vault for good, or gives one up, while all replicas have the same blocks, whatever one of them says.',
    oracle: 'sim/check/no-fatal.ts',
    test: 'test/replica/divergence.test.ts',
    mutants: 'G1',
  },
  {
    name: 'diverged-is-isolated',
    claim: 'A vault that a node knows to be diverged is not served there, and comes back equal (scenario `diverged-vault`).',
    oracle: 'sim/check/state/diverged-is-isolated.ts',
    test: 'test/sim/faults/diverged-vault.test.ts',
    mutants: 'G2',
  },
  {
    name: 'forks-are-proven',
    claim:
      'Where a client of a lying node believes what is not the chain, a fork proof names the liar’s key; no proof ever names another, and a safe policy believes nothing false (scenario `byzantine-node`).',
    oracle: 'sim/check/clients/forks-are-proven.ts',
    test: 'test/sim/byzantine/byzantine-node.test.ts',
    mutants: '',
  },
  {
    name: 'failed-disk-stops',
    claim: 'A node whose disk refused a write or a sync stops at once.',
    oracle: 'sim/check/no-fatal.ts',
    test: 'test/sim/faults/disk.test.ts',
    mutants: 'D4',
  },
  {
    name: 'damage-is-reported',
    claim: 'A damaged log ends in quarantine of its group, an unreadable one in refusal to start; neither is ever served.',
    oracle: 'sim/check/damage-is-reported.ts',
    test: 'test/sim/faults/disk.test.ts',
    mutants: 'D3',
  },
  {
    name: 'no-message-storm',
    claim: 'Nodes never take more than 20,000 frames of each other within 100 ms.',
    oracle: 'sim/check/no-message-storm.ts',
    test: 'test/sim/check/no-message-storm.test.ts',
    mutants: 'L15',
  },
  {
    name: 'damaged-copy-is-refused',
    claim: 'A damaged copy of a data directory is refused with the right reason, or opened with its damage reported.',
    oracle: 'sim/hostility.ts',
    test: 'test/sim/faults/damaged-copy.test.ts',
    mutants: 'C7',
  },
  {
    name: 'damage-is-contained',
    claim: 'A group that lost no record, and has a later one that shows it, is not quarantined.',
    oracle: 'sim/check/damage-is-contained.ts',
    test: 'test/sim/faults/disk.test.ts',
    mutants: 'D5',
  },
  {
    name: 'liveness',
    claim: 'Once the faults stop outside a quorum, the cluster elects, serves writes and reads, and converges.',
    oracle: 'sim/run.ts',
    test: 'test/raft/cluster.prop.test.ts',
    mutants: 'E15',
  },
  {
    name: 'vacuous',
    claim: 'A run that did too little, or read nothing after its last fault, counts as a failure.',
    oracle: 'sim/check/substance.ts',
    test: 'test/sim/run.test.ts',
    mutants: '',
  },
];

/** The text of docs/reference/invariants.md. */
export function invariantsMarkdown(): string {
  const rows = INVARIANTS.map(
    ({ name, claim, oracle, test, mutants }) =>
      `| \`${name}\` | ${claim} | \`${oracle}\` | \`${test}\` | ${mutants === '' ? '' : mutants} |`,
  );
  return [
    '# Invariants',
    '',
    'Generated from `sim/invariants.ts`; `UPDATE_DOCS=1 npx vitest run test/sim/invariants.test.ts` writes it again.',
    'What the simulator checks after every step or at rest, the oracle that checks it, a test beside the simulator, and known',
    'bugs that the oracle finds (`vouch sim mutants --only ID`).',
    '',
    '| Invariant | Claim | Oracle | Test | Finds |',
    '|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}
