/**
 * The deciding core without a disk or a network: applying transactions, the codecs of entries and frames, and Raft alone.
 * Usage: npm run bench:core; with the argument `raft` Raft alone.
 */

import { Writer } from '../core/bytes/writer.ts';
import type { Entropy } from '../core/capability.ts';
import { neverBuggify } from '../core/capability.ts';
import { ulidFrom } from '../core/chain/ulid.ts';
import type { CommandRef } from '../core/client/protocol.ts';
import type { Envelope } from '../core/codec/envelope.ts';
import { decodeFrame, frameIdentity, writeFrame } from '../core/codec/frame.ts';
import type { ClusterId, GroupId, LogIndex, Micros, NodeId, OrganizationId, Term, VaultId } from '../core/ids.ts';
import { configurationOf, type Entry, EntryKind } from '../core/raft/message.ts';
import { Raft } from '../core/raft/raft.ts';
import { Random } from '../core/random.ts';
import type { Command } from '../core/state/command.ts';
import { decodeEntryData, encodeEntryData } from '../core/state/entry-data.ts';
import { GroupState } from '../core/state/group-state.ts';
import type { Operation } from '../core/state/transaction.ts';
import { nativeHasher } from '../node/hasher.ts';
import { type Candidate, compare, machineClass, report } from './harness.ts';

const GROUP = 1 as GroupId;
const ORGANIZATION = ulidFrom(1_700_000_000_000, new Uint8Array(10).fill(1)) as OrganizationId;
const VAULT = ulidFrom(1_700_000_000_000, new Uint8Array(10).fill(2)) as VaultId;
/** Salts decide nothing. */
const entropy: Entropy = { fill: (out, offset, length) => void out.fill(0xa5, offset, offset + length) };
const random: Random = Random.stream([1, 2, 3, 4], 'bench');
/** Distinct tuples written; writing one again is an error that is not measured, so each is deleted by its next turn. */
const TUPLES = 1 << 16;
let sink = 0;

function writeOf(n: number): Operation {
  const tuple = { resource: `document:${(n * 40_503) % TUPLES}`, relation: 'viewer', subject: `user:${n % 5000}` };
  return { op: 'writeTuple', tuple, condition: undefined, expiresAt: 0, onDuplicate: 'ignore' };
}

/** A group with one vault, and what it takes to apply transactions to it. */
class Ledger {
  private readonly state: GroupState = new GroupState({ group: GROUP, hasher: nativeHasher, dataGroups: [GROUP] });
  private readonly session: LogIndex;
  private sequence: number = 0;

  constructor() {
    this.apply(this.encode([{ kind: 'openSession' }]));
    this.session = this.state.lastApplied;
    this.apply(this.encode([{ kind: 'createVault', ref: this.ref(), organization: ORGANIZATION, vault: VAULT }]));
  }

  command(operations: readonly Operation[]): Command {
    const transaction = { actor: 'user:anne', reason: '', operations };
    return { kind: 'transact', ref: this.ref(), organization: ORGANIZATION, vault: VAULT, transaction };
  }

  encode(commands: readonly Command[]): Uint8Array {
    return encodeEntryData({ wall: (this.state.lastTime + 1000) as Micros, commands, entropy }).data;
  }

  apply(data: Uint8Array): void {
    const index = (this.state.lastApplied + 1) as LogIndex;
    sink += this.state.apply({ term: 1 as Term, index, kind: EntryKind.normal, data }).length;
  }

  private ref(): CommandRef {
    this.sequence += 1;
    return { session: { group: GROUP, index: this.session }, sequence: this.sequence, lowestUnanswered: this.sequence };
  }
}

/** Encoding included: an entry is decoded by three replicas and encoded by one, and both are small beside the apply. */
function applying(name: string, operations: number): Candidate {
  const ledger = new Ledger();
  let next = 0;
  for (let n = 0; n < TUPLES; n += 256) {
    ledger.apply(ledger.encode([ledger.command(Array.from({ length: 256 }, (_, i) => writeOf(n + i)))]));
  }
  return {
    name,
    operations,
    run: () => {
      const batch: Operation[] = [];
      for (let i = 0; i < operations; i += 1) {
        next = (next + 1) % TUPLES;
        const { tuple } = writeOf(next) as Extract<Operation, { op: 'writeTuple' }>;
        if (i % 2 === 0) batch.push({ op: 'deleteTuple', tuple, onMissing: 'ignore' });
        else batch.push(writeOf(random.below(TUPLES)));
      }
      ledger.apply(ledger.encode([ledger.command(batch)]));
    },
  };
}

function entryCodec(): readonly Candidate[] {
  const ledger = new Ledger();
  const commands = [ledger.command([writeOf(1)])];
  const data = ledger.encode(commands);
  return [
    {
      name: `encode an entry (${data.length} B)`,
      run: () => {
        sink += ledger.encode(commands).length;
      },
    },
    {
      name: 'decode an entry',
      run: () => {
        sink += decodeEntryData(data).ok ? 1 : 0;
      },
    },
  ];
}

function nodeId(n: number): NodeId {
  return n.toString(16).padStart(32, '0') as NodeId;
}

function frameCodec(): readonly Candidate[] {
  const ledger = new Ledger();
  const data = ledger.encode([ledger.command([writeOf(1)])]);
  const term = 7 as Term;
  const entryAt = (index: number): Entry => ({ term, index: index as LogIndex, kind: EntryKind.normal, data });
  const envelopes: readonly Envelope[] = [
    {
      group: GROUP,
      message: {
        kind: 'appendEntries',
        term,
        prevIndex: 100 as LogIndex,
        prevTerm: term,
        commit: 99 as LogIndex,
        entries: [entryAt(101), entryAt(102)],
      },
    },
  ];
  const identity = frameIdentity('f'.repeat(32) as ClusterId, nodeId(1));
  const writer = new Writer(4096);
  const frame = writeFrame(writer, identity, envelopes);
  return [
    {
      name: `encode a frame of 2 entries (${frame.length} B)`,
      run: () => {
        sink += writeFrame(writer, identity, envelopes).length;
      },
    },
    {
      name: 'decode it',
      run: () => {
        sink += decodeFrame(frame).ok ? 1 : 0;
      },
    },
  ];
}

/** Three members that persist at once and hand each other their messages as objects; an operation is one step of one. */
class Trio {
  private readonly rafts: ReadonlyMap<NodeId, Raft>;
  private readonly ids: readonly NodeId[] = [nodeId(1), nodeId(2), nodeId(3)];
  private now: Micros = 0 as Micros;
  steps: number = 0;

  constructor() {
    const timing = { electionTimeoutMinMicros: 1_000_000, electionTimeoutMaxMicros: 2_000_000, heartbeatMicros: 100_000 };
    const configuration = configurationOf(this.ids);
    const hardState = { term: 0 as Term, votedFor: undefined, commitIndex: 0 as LogIndex };
    this.rafts = new Map(
      this.ids.map((id) => [
        id,
        new Raft(
          {
            id,
            timing,
            preVote: true,
            checkQuorum: true,
            random: Random.stream([1, 2, 3, 4], id),
            buggify: neverBuggify,
            noopData: () => new Uint8Array(0),
          },
          { hardState, entries: [], configuration },
          this.now,
        ),
      ]),
    );
    this.now = timing.electionTimeoutMinMicros as Micros; // who has just started votes for nobody before
    this.member(0).campaign(this.now);
    this.settle();
  }

  /** One proposal, until all three have committed it. */
  write(data: Uint8Array): void {
    this.now = (this.now + 10) as Micros;
    this.member(0).propose(this.now, [{ kind: EntryKind.normal, data }]);
    this.settle();
  }

  get committed(): number {
    return this.member(2).commitIndex;
  }

  private member(position: number): Raft {
    return this.rafts.get(this.ids[position] as NodeId) as Raft;
  }

  private settle(): void {
    for (let busy = true; busy; ) {
      busy = false;
      for (const id of this.ids) {
        const raft = this.rafts.get(id) as Raft;
        for (let ready = raft.ready(); ready !== undefined; ready = raft.ready()) {
          busy = true;
          raft.persisted(ready.mark);
          for (const { to, message } of ready.messages) {
            this.steps += 1;
            (this.rafts.get(to) as Raft).step(this.now, id, message);
          }
        }
      }
    }
  }
}

function raftAlone(): Candidate {
  const data = new Uint8Array(100);
  const sample = new Trio();
  const before = sample.steps;
  for (let i = 0; i < 100; i += 1) sample.write(data);
  if (sample.committed < 100) throw new Error('the group does not commit');
  const operations = (sample.steps - before) / 100;
  let trio = new Trio();
  return {
    name: `raft step (${operations} a commit of three)`,
    operations,
    run: () => {
      if (trio.committed > 100_000) trio = new Trio();
      trio.write(data);
    },
  };
}

console.log(machineClass());
const isRaftOnly = process.argv[2] === 'raft';
if (!isRaftOnly) measureRest();
report('raft', compare([raftAlone()]));
console.log(`\n(${sink % 10})`);

function measureRest(): void {
  report(
    'apply, one block a transaction, two leaves a tuple, native hash; per tuple',
    compare([applying('1 tuple', 1), applying('100 tuples', 100)]),
  );
  report('entry of one write', compare(entryCodec()));
  report('frame', compare(frameCodec()));
}
