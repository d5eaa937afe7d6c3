/**
 * Branded primitives: mixing an index with a term does not compile.
 * Counters (term, index, height, seq, times) are safe integers in memory and u64 big-endian on disk and wire.
 */
declare const brand: unique symbol;
export type Branded<T, B extends string> = T & { readonly [brand]: B };

/** 128 random bits drawn when a data directory is created, as 32 lower-case hex digits. A wiped disk is another node. */
export type NodeId = Branded<string, 'NodeId'>;
/** 128 random bits drawn by `init`, as 32 lower-case hex digits. Frames of another cluster are dropped. */
export type ClusterId = Branded<string, 'ClusterId'>;
/** One Raft group, u32. 0 is GLOBAL, the directory. */
export type GroupId = Branded<number, 'GroupId'>;
/** 26-character ULID (Crockford base 32) of an organization. */
export type OrganizationId = Branded<string, 'OrganizationId'>;
/** 26-character ULID (Crockford base 32) of a vault. */
export type VaultId = Branded<string, 'VaultId'>;

/** Raft term; the first election makes term 1. */
export type Term = Branded<number, 'Term'>;
/** Raft log index; the first entry has index 1, 0 means "before the log". */
export type LogIndex = Branded<number, 'LogIndex'>;
/** Block height within one vault; creating the vault is block 1, 0 means "no block". */
export type Height = Branded<number, 'Height'>;
/** Persist counter of one node since it was opened; 0 means "nothing to wait for". */
export type Seq = Branded<number, 'Seq'>;
/** Identifies a client request between `request` input and `reply` effect; chosen by the runtime. */
export type RequestId = Branded<number, 'RequestId'>;
/** Microseconds: on the monotonic clock as `now`, since 1970 as `wall` and block time. */
export type Micros = Branded<number, 'Micros'>;

/** The directory group, present on every node. */
export const GLOBAL_GROUP: GroupId = 0 as GroupId;
export const INDEX_ZERO: LogIndex = 0 as LogIndex;
export const TERM_ZERO: Term = 0 as Term;
export const SEQ_ZERO: Seq = 0 as Seq;
export const HEIGHT_ZERO: Height = 0 as Height;
/** A deadline that never comes. Larger than any clock, still a safe integer. */
export const NEVER: Micros = Number.MAX_SAFE_INTEGER as Micros;

/** Adds a count to any branded counter. Compiles to an addition. */
export function plus<T extends number>(value: T, count: number): T {
  return (value + count) as T;
}
/** The larger of two counters of one kind. */
export function maxOf<T extends number>(a: T, b: T): T {
  return a > b ? a : b;
}
/** The smaller of two counters of one kind. */
export function minOf<T extends number>(a: T, b: T): T {
  return a < b ? a : b;
}
