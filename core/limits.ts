/**
 * Every bound in one place, with unit and reason; the relations between them are asserted at load (C7). The size of a proof alone
 * stands in proof/format.ts: a browser's verifier needs it and no other.
 * Sizes in bytes, times in microseconds unless the name says otherwise.
 */
import { assert } from './assert.ts';
import { PROOF_BYTES_MAX } from './proof/format.ts';

/** Longest text of a resource or subject, bytes of UTF-8. Why 512: OpenFGA's object limit is 256 characters. */
export const OBJECT_BYTES_MAX: number = 512;
/** Longest relation or condition name, bytes. Why 256: OpenFGA allows 50 characters; room for prefixes. */
export const NAME_BYTES_MAX: number = 256;
/** Longest entity key, bytes. Why 1 KiB: fits a B+ tree cell without overflow even in 4 KiB pages. */
export const ENTITY_KEY_BYTES_MAX: number = 1024;
/** Longest entity value, bytes. Why 256 KiB: one transaction of one value fits a section with its framing. */
export const ENTITY_VALUE_BYTES_MAX: number = 256 * 1024;
/** Longest condition context, bytes of canonical JSON. */
export const CONTEXT_BYTES_MAX: number = 32 * 1024;
/** Longest actor or reason, bytes. */
export const ACTOR_BYTES_MAX: number = 1024;
/** Operations in one transaction. Why 1000: OpenFGA's write allows 100; bulk loads through the SDK want more. */
export const TRANSACTION_OPERATIONS_MAX: number = 1000;
/** RFC 8785 text of an authorization model, bytes. Why 256 KiB: what OpenFGA takes. */
export const MODEL_BYTES_MAX: number = 256 * 1024;
/** Texts of the models that a group keeps compiled, bytes. Why 8 MiB: a compiled one takes some ten times its text. */
export const MODELS_COMPILED_BYTES_MAX: number = 8 << 20;
/** Encoded transaction, bytes. Why 512 KiB: an entry of one transaction stays under ENTRY_BYTES_MAX. */
export const TRANSACTION_BYTES_MAX: number = 512 * 1024;
/** One Raft entry's data, bytes. Why 1 MiB: it must fit one WAL record and one frame with their headers. */
export const ENTRY_BYTES_MAX: number = 1 << 20;
/** Entries in one AppendEntries. */
export const APPEND_ENTRIES_MAX: number = 256;
/** Entry bytes in one AppendEntries; at least one entry always travels. */
export const APPEND_BYTES_MAX: number = 1 << 20;
/** AppendEntries in flight to one follower while replicating. Why 64: covers a 10 ms link at one batch each 150 µs. */
export const INFLIGHT_APPENDS_MAX: number = 64;
/** Bytes in flight to one follower. */
export const INFLIGHT_BYTES_MAX: number = 8 << 20;
/** Uncommitted entry bytes a leader accepts before `overloaded`. */
export const UNCOMMITTED_BYTES_MAX: number = 16 << 20;
/** Client commands batched into one entry. The operator's batchMax. */
export const BATCH_COMMANDS_MAX: number = 100;
/** Client commands waiting for a proposal, per group. Beyond it: `overloaded`. */
export const PROPOSAL_QUEUE_MAX: number = 4096;
/** Bytes of those commands. Why 32 MiB: twice what a leader may have uncommitted; 4096 of the largest would be 2 GiB. */
export const PROPOSAL_QUEUE_BYTES_MAX: number = 32 << 20;
/** Entries by which a leader runs ahead of its own disk where the others' keep committing; their data waits in memory. */
export const OWN_BACKLOG_ENTRIES_MAX: number = 64;
/** Entries, and bytes of them, applied in one step; the rest follows in the next ones. Why: heartbeats must not wait for a long log. */
export const APPLY_ENTRIES_MAX: number = 64;
export const APPLY_BYTES_MAX: number = 256 * 1024;
/** Reads waiting for a read index or for apply, per group. Beyond it: `overloaded`. */
export const READ_QUEUE_MAX: number = 8192;
/** One WAL record's payload, bytes. */
export const RECORD_BYTES_MAX: number = ENTRY_BYTES_MAX + 64 * 1024;
/**
 * The same once it is sealed. Why four times: a section of 43 bytes, the smallest there is, takes 150 sealed, and an entry may be full
 * of them; of ordinary entries a sealed record is a few hundred bytes longer.
 */
export const SEALED_RECORD_BYTES_MAX: number = 4 * RECORD_BYTES_MAX;
/** Preallocated WAL segment, bytes. Why 64 MiB: preallocation is paid seldom, a segment is cheap to scan. */
export const SEGMENT_BYTES: number = 64 << 20;
/** One wire frame, bytes. */
export const FRAME_BYTES_MAX: number = 8 << 20;
/** Envelopes in one frame. */
export const FRAME_ENVELOPES_MAX: number = 4096;
/** Envelopes waiting in the outbox of one peer (for durability). Beyond it they are dropped: Raft sends again. */
export const OUTBOX_ENVELOPES_MAX: number = 16_384;
/** Encoded bytes waiting in the outbox of one peer. Why 32 MiB: twice what a leader may have uncommitted. */
export const OUTBOX_BYTES_MAX: number = 32 << 20;
/** HOST:PORT a node is reached under, bytes. Why 256: a DNS name has at most 253. */
export const ADDRESS_BYTES_MAX: number = 256;
/** One client request on the wire, bytes: a transaction and its framing. */
export const CLIENT_REQUEST_BYTES_MAX: number = TRANSACTION_BYTES_MAX + 64 * 1024;
/** One answer on the wire, bytes: a proof, or a block's transactions, and their framing. */
export const CLIENT_RESULT_BYTES_MAX: number = (16 << 20) + (1 << 20);
/** Text of an error, a role, a label on the wire, bytes. */
export const MESSAGE_BYTES_MAX: number = 4096;
/** Operations one client holds unanswered. Beyond it: `overloaded`, and nothing was sent. */
export const CLIENT_OPERATIONS_MAX: number = 16_384;
/** Groups on one node. */
export const GROUPS_MAX: number = 4096;
/** Members of one cluster. */
export const MEMBERS_MAX: number = 64;
/** Removed nodes that a cluster remembers. Why 1024: their ids must never come back, and a list of them fits CLUSTER and a frame. */
export const MEMBERS_REMOVED_MAX: number = 1024;
/** Nodes whose lines stand in a checkpoint's note, two each. Why 48: a note has at most 100 lines (core/note/note.ts). */
export const SIGNERS_MAX: number = 48;
/** Longest note, bytes. Why 64 KiB: the lines of SIGNERS_MAX nodes take a third of it. */
export const NOTE_BYTES_MAX: number = 64 * 1024;
/** Checkpoints for which a node gathers signatures at one time. Why 64: each is two signatures of every replica. */
export const GATHERINGS_MAX: number = 64;
/** Clients that wait for one checkpoint. */
export const CHECKPOINT_WAITERS_MAX: number = 256;
/** Newest notes that a node keeps, of as many vaults. Why 4096: 4 MB; what was forgotten is gathered again when it is asked for. */
export const NOTES_KEPT_MAX: number = 4096;
/** Peers' checkpoints that wait until this node has applied that far. */
export const SIGNING_ASKS_MAX: number = 1024;
/** Vaults that a leader asks about in one round of periodic checkpoints; the others follow in the next. */
export const CHECKPOINT_ROUND_VAULTS_MAX: number = 32;
/** Keys of one node that a cluster remembers. Why 64: a key goes where a signing record was lost or contradicted, which is rare; then the node is replaced. */
export const NODE_KEYS_MAX: number = 64;
/** Sessions per group; the least recently used one (by entry time) ends when a new one needs room. */
export const SESSIONS_MAX: number = 4096;
/** Results kept per session above the lowest unanswered sequence. */
export const SESSION_RESULTS_MAX: number = 256;
/** A session unused for this long ends at apply, by entry time. */
export const SESSION_IDLE_MICROS: number = 24 * 3600 * 1_000_000;
/** Rows in one list page. */
export const LIST_ROWS_MAX: number = 100;
/** Rows one list call reads to fill its page; a filter that matches little answers early, with a cursor to go on from. */
export const LIST_SCAN_ROWS_MAX: number = 10_000;
/** Operations that one page of changes reads. Why 1000: a transaction's worth, each a lookup in the past; together about 5 ms. */
export const CHANGES_SCAN_MAX: number = 1000;
/**
 * Blocks in one page of them. Why 256: their headers and bodies are read in one step, and one costs about 10 µs (C11). A page also ends
 * behind so many bytes of blocks.
 */
export const BLOCKS_PAGE_MAX: number = 256;
export const BLOCKS_PAGE_BYTES: number = 256 * 1024;
/** Leaves one `expire` removes. Why 1000: no more work than the largest transaction; what is left over is due at once. */
export const EXPIRE_LEAVES_MAX: number = 1000;
/** Blocks that a vault can be told to keep. Why: more than there will ever be; it only has to be a safe integer. */
export const RETENTION_HEIGHTS_MAX: number = Number.MAX_SAFE_INTEGER;
/** Longest time that a vault can be told to keep, microseconds: as long as clocks go (WALL_MICROS_MAX). */
export const RETENTION_MICROS_MAX: number = 2 ** 52;
/**
 * Rows of a vault's history that are looked at behind each of its blocks, and behind every entry of the group while one of its vaults has
 * something to remove. Why 32: a few microseconds, so it goes unnoticed, and a million rows are through after 31,000 entries.
 */
export const PRUNE_ROWS_MIN: number = 32;
/** And this many more for each row that the block wrote, so that the removal keeps up. See core/state/pruning.ts. */
export const PRUNE_ROWS_PER_WRITE: number = 2;
/** Largest wall clock an entry carries: the year 2112. A clock beyond it is cut, so that entry time stays a safe integer. */
export const WALL_MICROS_MAX: number = 2 ** 52;
/** Organizations in one cluster. Why 10,000: they are listed in one answer. */
export const ORGANIZATIONS_MAX: number = 10_000;
/** Organizations and vaults have names of at most this many bytes. */
export const SLUG_BYTES_MAX: number = 64;
/** Questions that one proof answers. Why 1000: as many as the operations of a transaction, so that what was written at once is proven at once. */
export const QUESTIONS_MAX: number = 1000;
/** Names in the questions of one proof, bytes. Why 512 KiB: with their framing they fit one client request. */
export const QUESTIONS_BYTES_MAX: number = 512 * 1024;
/** Leaves that one proof shows with their values. Why 20,000: 4 MB of ordinary tuples; a longer list is asked for in parts. */
export const PROOF_LEAVES_MAX: number = 20_000;
/**
 * Leaves of buckets that are worked out anew for one proof of an older block. Why 262,144: 64 MB for as long as it takes; a vault of
 * a million tuples has 8000 in a bucket, so that questions in up to 32 buckets have room.
 */
export const PROOF_REBUILT_LEAVES_MAX: number = 1 << 18;
/** Rows and leaves that a proof reads or writes in one step. Why 150: one costs 10 to 30 µs with its hashes, and a step has 5 ms (C11). */
export const PROOF_SLICE_LEAVES: number = 150;
/** Proofs that one group works at, a slice of each in turn; others are told that it is overloaded. */
export const PROOFS_UNDER_WAY_MAX: number = 32;
/** Vaults in one group. */
export const VAULTS_MAX: number = 100_000;
/** Vaults ever deleted from one group. Their ids are kept for ever, so that none comes back; 32 bytes each in every snapshot. */
export const DELETED_VAULTS_MAX: number = 1_000_000;
/** A chunk of a snapshot ends before it passes this many bytes; one larger record is a chunk of its own. */
export const SNAPSHOT_CHUNK_BYTES: number = 64 * 1024;
/** Largest chunk, bytes: a transaction in its row, or one entity's leaf with its frame. */
export const SNAPSHOT_CHUNK_BYTES_MAX: number = 1 << 20;
/** A sealed chunk in a file, bytes. Why four times: a chunk of the history may hold many small vaults, each sealed by itself. */
export const SEALED_CHUNK_BYTES_MAX: number = 4 * SNAPSHOT_CHUNK_BYTES_MAX;
/** Keys derived for reading that are kept at hand. Why so few: what is read together was mostly sealed in one life of the node. */
export const DERIVED_KEYS_KEPT_MAX: number = 1024;
/** Chunks of one section of a snapshot. Why 2^26: 4 TiB in chunks of 64 KiB, and their hashes are still countable in a u32. */
export const SNAPSHOT_CHUNKS_MAX: number = 1 << 26;
/**
 * Records that a snapshot being written or restored reads in one step. Why 150: one costs 10 to 30 µs with its hashes, and a
 * step has 5 ms (C11).
 */
export const SNAPSHOT_SLICE_RECORDS: number = 150;
/** Bytes of those records. Why 128 KiB: a transaction's row may have half a megabyte. */
export const SNAPSHOT_SLICE_BYTES: number = 128 * 1024;
/** Bytes of a snapshot that are on their way to the disk; the rest waits, so that the log's syncs need not. */
export const SNAPSHOT_WRITE_BYTES_MAX: number = 1 << 20;
/** Neighbouring pages of a checkpoint that are written at once, bytes. Why 256 KiB: fewer calls to the disk, and a slice stays short. */
export const CHECKPOINT_RUN_BYTES: number = 256 * 1024;
/** Chunks of one snapshot that are asked for and not there yet. Why 8: half a megabyte covers a 10 ms link at 50 MB/s. */
export const SNAPSHOT_PULLS_MAX: number = 8;
/** Groups of one node that fetch a snapshot at the same time; others wait for their turn. */
export const SNAPSHOT_FETCHES_MAX: number = 4;
/** A chunk that was asked for and did not come is asked for again, of somebody else, after this time. */
export const SNAPSHOT_PULL_MICROS: number = 1_000_000;
/**
 * Bytes of a node's log behind which a group writes a checkpoint, whosever entries they are: until then its own keep segments from being
 * removed. Why 128 MiB: two segments; a start reads no more than a few of them.
 */
export const CHECKPOINT_LOG_BYTES: number = 128 << 20;
/**
 * Bytes of a group's own entries behind which it does. Why 4 MiB: a start applies them again before it answers, some 65,000 changes of
 * tuples in about two seconds.
 */
export const CHECKPOINT_REPLAY_BYTES: number = 4 << 20;
/**
 * Bytes of changed pages in memory at which a group writes a checkpoint, however little log that is. Why 256 MiB: random writes to a
 * large vault change a page each, and what is changed cannot leave memory.
 */
export const CHECKPOINT_PAGE_BYTES: number = 256 << 20;
/**
 * Bytes of pages in memory, of all groups of a node; more only for what is in no checkpoint yet. Why 1 GiB: four million tuples with
 * their history; a node is told another number where its memory is another.
 */
export const PAGE_CACHE_BYTES: number = 1 << 30;
/**
 * Leaves of a vault above which its buckets come back into memory in steps. Why 1000: all of them cost 5 ms, as much as a step may
 * take (C11).
 */
export const COLD_VAULT_LEAVES: number = 1000;
/** Leaves that one step of that reads or plants. Why 500: one costs 2 to 4 µs with its hashes. */
export const BUCKET_SLICE_LEAVES: number = 500;
/** Time in which a scrub reads every page of a node. Why a week: a million pages are two a second; latent errors are found in time. */
export const SCRUB_PERIOD_MICROS: number = 7 * 24 * 3600 * 1_000_000;
/** Shortest time between two pages of a scrub. Why 1 ms: a page costs 30 µs, so a scrub takes a thirtieth of a core at most. */
export const SCRUB_STEP_MICROS_MIN: number = 1000;
/** Pages that one step looks at for those of deleted vaults. Why 64: each costs a small read of the file, 10 µs. */
export const ORPHAN_SLICE_PAGES: number = 64;
/** Entries kept in memory behind a checkpoint, so that a follower a little behind needs no snapshot. */
export const CHECKPOINT_TRAIL_ENTRIES: number = 4096;
/** A snapshot that was asked for within this time is not replaced by a newer one. */
export const SNAPSHOT_SERVED_MICROS: number = 10_000_000;
/** A snapshot's manifest, bytes. Why 1 MiB: it travels in one message, and one hash for each of 32,000 sections fits. */
export const MANIFEST_BYTES_MAX: number = 1 << 20;
/** Groups of one node whose state is being exported at the same time. Why 4: two backups beside a verification of either. */
export const EXPORTS_MAX: number = 4;
/** An export is given in pieces of at least this many bytes. Why 256 KiB: four chunks a turn; a slow receiver holds no more of it. */
export const EXPORT_PIECE_BYTES: number = 256 * 1024;
/** An export whose next piece nobody asks for is given up after this time: it keeps old pages alive and holds back checkpoints. */
export const EXPORT_IDLE_MICROS: number = 60_000_000;
/**
 * Bytes of log that are written while a state is being exported, at most; then it is given up. Why 1 GiB: no checkpoint of the
 * group begins meanwhile, so that its log must be kept; at 20 MB/s of writes a receiver has most of a minute for each gigabyte.
 */
export const EXPORT_LOG_BYTES_MAX: number = 1 << 30;
/** Largest record of a backup besides the snapshots in it, bytes. Why 16 MiB: the manifest of the most groups and members has 8. */
export const BACKUP_RECORD_BYTES_MAX: number = 16 << 20;
/** Largest record of an audit file, bytes: a block. Why twice an entry: a block is what one entry did, and each transaction has a length. */
export const AUDIT_RECORD_BYTES_MAX: number = 2 * ENTRY_BYTES_MAX;
/**
 * Memory of a group's exact index, bytes. Why 64 MiB: 900,000 tuples with keys of usual length; it takes what it uses, and nothing
 * before the first check.
 */
export const EXACT_INDEX_BYTES: number = 64 << 20;
/** Blocks that one message of a comparison speaks of. Why 64: 4 KB, and a hundred times more than an interval mostly has. */
export const CLAIMS_MAX: number = 64;
/** Heartbeats between two messages that tell what was applied. Why 4: a quarter of a second, at a quarter of the heartbeats' cost. */
export const TELL_HEARTBEATS: number = 4;
/** Vaults of a group that are doubted at a time; what comes on top is told again with its next block. Why: a peer may lie. */
export const DOUBTS_MAX: number = 1024;
/** Longest time between two rounds of questions about a doubt, in heartbeats. Why 256: 15 s; the operator knows by then. */
export const DOUBT_HEARTBEATS_MAX: number = 256;
/** How often a vault is rebuilt before the operator is called, and the time before the first attempt; it doubles (40-commitment). */
export const REBUILD_ATTEMPTS_MAX: number = 3;
export const REBUILD_BACKOFF_MICROS: number = 1_000_000;
/** How long an attempt waits for somebody to offer a copy, microseconds. Why 30 s: a leader may have to write it, and to be elected. */
export const REBUILD_OFFER_MICROS: number = 30_000_000;
/** Parts of a million. */
export const PPM: number = 1_000_000;
/**
 * Bound on how wrong the rate of a monotonic clock may be, parts per million: what leases rely on, the ε of
 * docs/internals/leases.md. Why 10%: a quartz is off by 0.01% and time daemons slew by up to 0.05%, but virtual machines
 * have been seen to be off by whole percents; it costs a fifth of the lease's length, and heartbeats renew it anyway.
 */
export const CLOCK_RATE_PPM_MAX: number = 100_000;
/** Heartbeat rounds without a quorum's answer whose send times a leader remembers. Why 64: more than an election timeout has. */
export const LEASE_ROUNDS_MAX: number = 64;
/** Oldest answer that a bounded read may ask for, milliseconds. Why an hour: what may be older should be asked for as `eventual`. */
export const BOUNDED_MS_MAX: number = 3_600_000;
/** Default election timeout range and heartbeat of production nodes. */
export const ELECTION_TIMEOUT_MIN_MICROS: number = 300_000;
export const ELECTION_TIMEOUT_MAX_MICROS: number = 600_000;
export const HEARTBEAT_MICROS: number = 60_000;
/** How long nothing happens in a group before its members stop sending heartbeats. Why 3 s: a write a second costs no wake-up. */
export const HIBERNATE_MICROS: number = 3_000_000;

assert(TRANSACTION_BYTES_MAX * 2 <= ENTRY_BYTES_MAX, 'a transaction fits an entry with its framing');
assert(ENTITY_VALUE_BYTES_MAX < TRANSACTION_BYTES_MAX, 'one entity value fits a transaction');
assert(MODEL_BYTES_MAX < TRANSACTION_BYTES_MAX, 'a model fits a transaction');
assert(ENTRY_BYTES_MAX < RECORD_BYTES_MAX, 'an entry fits a WAL record');
assert(SEALED_RECORD_BYTES_MAX * 2 < SEGMENT_BYTES, 'a segment holds several records');
assert(APPEND_BYTES_MAX + ENTRY_BYTES_MAX < FRAME_BYTES_MAX, 'an append fits a frame');
assert(OUTBOX_BYTES_MAX >= 2 * UNCOMMITTED_BYTES_MAX, 'an outbox holds what a leader may have uncommitted');
assert(PROPOSAL_QUEUE_BYTES_MAX > ENTRY_BYTES_MAX, 'a queue holds what an entry takes');
assert(QUESTIONS_BYTES_MAX + 32 * QUESTIONS_MAX < CLIENT_REQUEST_BYTES_MAX, 'the questions of a proof fit a request');
assert(CLIENT_RESULT_BYTES_MAX > PROOF_BYTES_MAX, 'a proof fits an answer');
assert(CLIENT_RESULT_BYTES_MAX > ENTRY_BYTES_MAX, 'the transactions of a block fit an answer');
assert(CLIENT_RESULT_BYTES_MAX > BLOCKS_PAGE_BYTES + 2 * ENTRY_BYTES_MAX, 'a page of blocks fits an answer');
assert(INFLIGHT_BYTES_MAX >= APPEND_BYTES_MAX, 'one append may always be in flight');
assert(MANIFEST_BYTES_MAX * 2 < FRAME_BYTES_MAX, 'a manifest fits a frame');
assert(RETENTION_MICROS_MAX <= WALL_MICROS_MAX, 'a retention is no longer than time is');
assert(EXPIRE_LEAVES_MAX <= TRANSACTION_OPERATIONS_MAX, 'expiry costs no more than a transaction');
assert(SNAPSHOT_CHUNK_BYTES <= 256 * 1024, 'a chunk is small enough to send between heartbeats');
assert(TRANSACTION_BYTES_MAX + 64 * 1024 <= SNAPSHOT_CHUNK_BYTES_MAX, 'the largest row fits a chunk');
assert(ENTITY_VALUE_BYTES_MAX + 128 * 1024 <= SNAPSHOT_CHUNK_BYTES_MAX, 'the largest leaf fits a chunk with its frame');
assert(MODEL_BYTES_MAX <= ENTITY_VALUE_BYTES_MAX, 'a model is no larger than the largest leaf');
assert(SNAPSHOT_CHUNK_BYTES_MAX + 64 * 1024 <= FRAME_BYTES_MAX, 'a chunk fits a frame');
assert(EXPORT_LOG_BYTES_MAX > 2 * CHECKPOINT_LOG_BYTES, 'an export may outlast a checkpoint that is due');
assert(HEARTBEAT_MICROS * 3 <= ELECTION_TIMEOUT_MIN_MICROS, 'a lost heartbeat does not start an election');
assert(
  HEARTBEAT_MICROS * 2 * (PPM + CLOCK_RATE_PPM_MAX) < ELECTION_TIMEOUT_MIN_MICROS * (PPM - CLOCK_RATE_PPM_MAX),
  'a lost heartbeat does not end a lease',
);
assert(CHECKPOINT_PAGE_BYTES < PAGE_CACHE_BYTES, 'what is in no checkpoint yet leaves room for what is read');

/** Tuples from one object to another that a check follows. Why 25: OpenFGA's default, which models are written for. */
export const CHECK_DEPTH_MAX: number = 25;
/** Objects that one list names. Why 20,000: a longer answer does not fit one proof (PROOF_LEAVES_MAX). */
export const LIST_OBJECTS_MAX: number = 20_000;
/** Users that one list names, likewise. */
export const LIST_USERS_MAX: number = 20_000;

/** Rows that one authorization question reads. Why 100,000: a second of a core; what needs more is better asked for in parts. */
export const AUTHZ_ROWS_MAX: number = 100_000;
/** Rows that an evaluation reads before it lets its step end, if that is due. Why 16: a check over four hops reads eleven. */
export const AUTHZ_ROWS_AT_ONCE: number = 16;
/** Checks of one request. Why 50: OpenFGA's default. */
export const CHECKS_MAX: number = 50;
/** Tuples that come with one question. Why 100: as many as one write has. */
export const CONTEXTUAL_TUPLES_MAX: number = 100;
/** Kinds of users that one list asks for. */
export const USER_FILTERS_MAX: number = 100;
/** Bytes of a condition's expression. Why 512: OpenFGA's; it bounds what one without a loop costs, and how deep it nests. */
export const CONDITION_EXPRESSION_BYTES_MAX: number = 512;
/** Parameters of a condition, likewise. */
export const CONDITION_PARAMETERS_MAX: number = 25;
/** What one evaluation of a condition with a loop may cost: nodes and the sizes of their results. Why 250,000: a few milliseconds. */
export const CONDITION_COST_MAX: number = 250_000;
/** Compiled expressions that are kept. Why 1,000: some kilobytes each. */
export const CONDITION_CACHE_MAX: number = 1000;
/** Types of a model. Why 100: OpenFGA's. */
export const MODEL_TYPES_MAX: number = 100;
