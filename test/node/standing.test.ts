/** What a node notices about its own place: an address that the directory does not have, and that it was removed. */
import { type Logger, pino } from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { MemberCommand } from '../../core/client/protocol.ts';
import type { ClusterId, GroupId, LogIndex, NodeId } from '../../core/ids.ts';
import { foundingManifest, type Manifest } from '../../core/replica/manifest.ts';
import { Standing } from '../../node/standing.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => void vi.useRealTimers());

const SELF = 'a'.repeat(32) as NodeId;

function manifestAt(address: string): Manifest {
  const groups = [{ group: 0 as GroupId, voters: [SELF] }];
  return foundingManifest({ cluster: 'c'.repeat(32) as ClusterId, founders: [{ id: SELF, address }], groups });
}

function standing(first: Manifest) {
  const moves: MemberCommand[] = [];
  const lines: string[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push((JSON.parse(line) as { msg: string }).msg) });
  const holder = { manifest: first, isGone: true };
  const made = new Standing({
    self: { id: SELF, address: 'new:1' },
    manifest: () => holder.manifest,
    isGone: () => holder.isGone,
    move: async (command) => {
      moves.push(command);
      return { ok: false, code: 'unavailable', message: 'no leader' };
    },
    log: log as Logger,
  });
  return { made, moves, lines, holder };
}

test('an address that the directory does not have is told it, once for each thing that is learned', async () => {
  const { made, moves, lines } = standing(manifestAt('old:1'));
  for (let turn = 0; turn < 3; turn += 1) made.notice();
  expect(moves).toEqual([{ kind: 'moveMember', node: SELF, address: 'new:1' }]);
  await new Promise((resolve) => setImmediate(resolve));
  expect(lines).toEqual(['the cluster still has old:1 for this node: no leader (unavailable)']);
});

test('an address that it has is not worth a word', () => {
  const { made, moves } = standing(manifestAt('new:1'));
  made.notice();
  expect(moves).toEqual([]);
});

test('while a group counts on it, a removed node says that it is not to be stopped; then, that it can be', () => {
  const { made, lines, holder } = standing(manifestAt('new:1'));
  holder.isGone = false;
  holder.manifest = { ...holder.manifest, members: holder.manifest.members.map((member) => ({ ...member, removed: true })) };
  made.notice();
  vi.advanceTimersByTime(60_000);
  expect(lines).toEqual([expect.stringMatching(/^this node is to leave its cluster.*do not stop it yet$/)]);
  holder.isGone = true;
  vi.advanceTimersByTime(1_500);
  expect(lines).toHaveLength(1); // groups fall silent for a moment while they elect
  vi.advanceTimersByTime(1_500);
  expect(lines[1]).toMatch(/^this node was removed from its cluster/);
});

test('that it was removed goes to the log, once, and it tells no address any more', () => {
  const { made, moves, lines, holder } = standing(manifestAt('new:1'));
  const members = holder.manifest.members.map((member) => ({ ...member, address: 'old:1', removed: true }));
  made.notice();
  for (const revision of [1, 2]) {
    holder.manifest = { ...holder.manifest, revision: revision as LogIndex, members };
    made.notice();
  }
  vi.advanceTimersByTime(5_000);
  expect(moves).toEqual([]);
  expect(lines).toEqual([expect.stringMatching(/^this node was removed from its cluster/)]);
});
