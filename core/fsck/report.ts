/** What a check of a stopped node's directory found. */
import type { ClusterId, GroupId, LogIndex, NodeId } from '../ids.ts';

/** damaged: something that was durable is not as it was written. noted: of interest, and nothing is wrong. */
export type Level = 'damaged' | 'noted';

export interface Finding {
  readonly level: Level;
  /** undefined: it concerns the node as a whole, or nobody knows which groups. */
  readonly group: GroupId | undefined;
  /** A sentence without full stop. */
  readonly what: string;
  /** What becomes of it, or what to do; a sentence. */
  readonly remedy: string;
}

/** A group as the directory holds it. */
export interface CheckedGroup {
  readonly group: GroupId;
  /** Whether its state could be rebuilt and agrees with itself. */
  readonly sound: boolean;
  /** Entry of the checkpoint that its state was rebuilt from; 0 = from the beginning of the log. */
  readonly checkpoint: LogIndex;
  /** Up to there it was rebuilt. The last entries may never have been committed. */
  readonly applied: LogIndex;
  /** Last entry of the log. */
  readonly lastIndex: LogIndex;
  readonly vaults: number;
  /** In all vaults. */
  readonly blocks: number;
  readonly leaves: number;
}

export interface FsckReport {
  readonly node: NodeId;
  /** undefined: it belongs to no cluster yet. */
  readonly cluster: ClusterId | undefined;
  readonly groups: readonly CheckedGroup[];
  readonly findings: readonly Finding[];
}

/** Whether nothing is damaged. */
export function isSound({ findings }: FsckReport): boolean {
  return findings.every(({ level }) => level !== 'damaged');
}
