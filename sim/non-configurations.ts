/** Bytes that stand where a configuration should and are none, each for another reason (core/raft/configuration-bytes.ts). */
import { defined } from '../core/assert.ts';
import type { NodeId } from '../core/ids.ts';
import { MEMBERS_MAX } from '../core/limits.ts';
import { encodeConfiguration } from '../core/raft/configuration-bytes.ts';
import { type Configuration, configurationOf } from '../core/raft/message.ts';
import type { Draws } from './tape.ts';

/** Where the flags and the number of voters stand. */
const FLAGS_AT = 1;
const COUNT_AT = 2;

/** @param voters of a configuration that is one; at least one. */
export function nonConfigurations(voters: readonly NodeId[], draws: Draws): readonly Uint8Array[] {
  const right = configurationOf(voters);
  const first = defined(voters[0], 'a configuration has voters');
  const changed = (change: Partial<Configuration>): Uint8Array => encodeConfiguration({ ...right, ...change });
  const withByte = (at: number, value: number): Uint8Array => {
    const bytes = encodeConfiguration(right);
    bytes[at] = value;
    return bytes;
  };
  return [
    new Uint8Array(draws.below(2)),
    withByte(0, 2 + draws.below(200)),
    withByte(FLAGS_AT, 2 + draws.below(200)),
    withByte(COUNT_AT, MEMBERS_MAX + 1 + draws.below(100)),
    changed({ voters: [] }),
    changed({ voters: [first, first] }),
    changed({ autoLeave: true }),
    changed({ learners: [first] }),
    changed({ votersOutgoing: voters, learnersNext: [first] }),
    changed({ promotable: [first] }),
    encodeConfiguration(right).slice(0, -1),
  ];
}
