/**
 * Which configuration is in force from which index on. A configuration is active as soon as its entry is in the log,
 * committed or not (Ongaro 2014, 4.1), so a log that loses its end falls back to the one before.
 */
import { assert, defined } from '../assert.ts';
import { INDEX_ZERO, type LogIndex, type NodeId } from '../ids.ts';
import { isVoter, membersOf } from './configuration.ts';
import { decodeConfiguration } from './configuration-bytes.ts';
import { type Configuration, type Entry, EntryKind } from './message.ts';

export interface ConfigurationFrom {
  /** Index of its entry; of the base one: of the snapshot, or 0. */
  readonly index: LogIndex;
  readonly configuration: Configuration;
}

export class Configurations {
  /** Oldest first, never empty: the base, then one for each configuration entry in the log. */
  private readonly history: ConfigurationFrom[];

  constructor(base: ConfigurationFrom, entries: readonly Entry[]) {
    this.history = [base];
    for (const entry of entries) this.append(entry);
  }

  /** The one in force: of the newest entry, committed or not. */
  get newest(): ConfigurationFrom {
    return this.history[this.history.length - 1] as ConfigurationFrom;
  }

  /** The one in force at an index that is not below the base. */
  at(index: LogIndex): ConfigurationFrom {
    let position = this.history.length - 1;
    while (position > 0 && (this.history[position] as ConfigurationFrom).index > index) position -= 1;
    return this.history[position] as ConfigurationFrom;
  }

  /** Takes note of an entry that is in the log now. @returns whether it changed the configuration. */
  append(entry: Entry): boolean {
    if (entry.kind !== EntryKind.configuration) return false;
    assert(entry.index > this.newest.index, 'configurations stand in the order of the log');
    const configuration = defined(decodeConfiguration(entry.data), 'a configuration entry holds a configuration');
    this.history.push({ index: entry.index, configuration });
    return true;
  }

  /** The log lost its entries from `from` on. @returns whether that changed the configuration. */
  truncate(from: LogIndex): boolean {
    const before = this.history.length;
    while (this.history.length > 1 && this.newest.index >= from) this.history.pop();
    return this.history.length < before;
  }

  /** The log begins behind index now: what was in force there is the base. */
  compactTo(index: LogIndex): void {
    const base = this.at(index);
    const later = this.history.filter((known) => known.index > index);
    this.history.splice(0, this.history.length, base, ...later);
  }

  /** A snapshot stands for the log up to base.index; entries behind it stay only where keepLater says so. */
  restore(base: ConfigurationFrom, keepLater: boolean): void {
    const later = keepLater ? this.history.filter((known) => known.index > base.index) : [];
    this.history.splice(0, this.history.length, base, ...later);
  }

  /** Whether a node votes in a configuration that may still count, though not in the newest one: until that is committed, it may be needed (4.2.2). */
  mayStillVote(id: NodeId, commitIndex: LogIndex): boolean {
    if (this.newest.index <= commitIndex) return false;
    const { index } = this.at(commitIndex);
    return this.history.some((older) => older.index >= index && isVoter(older.configuration, id));
  }

  /**
   * Members of a configuration that may still count, that the newest one has no place for any more: until the entry
   * that removes them is committed, they are told what happens.
   */
  departing(commitIndex: LogIndex): readonly NodeId[] {
    const { index, configuration } = this.newest;
    if (index <= commitIndex || index === INDEX_ZERO) return [];
    const staying = membersOf(configuration);
    const known = this.history.filter((older) => older.index >= this.at(commitIndex).index);
    return [...new Set(known.flatMap((older) => membersOf(older.configuration)))].filter((id) => !staying.includes(id)).sort();
  }
}
