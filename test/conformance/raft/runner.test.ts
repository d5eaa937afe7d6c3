/**
 * The runner against itself: where one term, index, commit, leader or member of a compared fact is changed, the file fails.
 * On a scenario of this project, and on the corpora where they lie beside it.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { Random } from '../../../core/random.ts';
import { root } from '../../support/sources.ts';
import { alter } from './alter.ts';
import { type Outcome, runFile } from './run-file.ts';

const corpora = join(root, '..', 'shared', 'corpora', 'etcd-raft');
const own = join(root, 'test', 'conformance', 'raft', 'scenarios');
const ALTERATIONS = 20;

function filesIn(folder: string): readonly string[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return names
    .filter((name) => name.endsWith('.txt'))
    .map((name) => join(folder, name))
    .sort();
}

function verdicts(outcomes: readonly Outcome[], verdict: Outcome['verdict']): readonly Outcome[] {
  return outcomes.filter((outcome) => outcome.verdict === verdict);
}

/** Alterations that the runner does not notice. */
function unnoticed(files: readonly string[]): { readonly tried: number; readonly missed: readonly string[] } {
  const missed: string[] = [];
  let tried = 0;
  for (const file of files) {
    const random = Random.stream([1, 2, 3, file.length], basename(file));
    for (let i = 0; i < ALTERATIONS; i += 1) {
      const altered = alter(basename(file), readFileSync(file, 'utf8'), random);
      if (altered === undefined) continue;
      tried += 1;
      if (verdicts(runFile(basename(file), altered.text), 'failed').length === 0) missed.push(altered.change);
    }
  }
  return { tried, missed };
}

for (const [title, folder] of [
  ['our own scenarios', own],
  ['the corpus of etcd/raft', corpora],
] as const) {
  const there = existsSync(folder);
  test.skipIf(!there)(`${title} pass, and at most a tenth of them is skipped`, () => {
    const outcomes = filesIn(folder).flatMap((file) => runFile(basename(file), readFileSync(file, 'utf8')));
    expect(verdicts(outcomes, 'failed')).toEqual([]);
    expect(verdicts(outcomes, 'passed').length).toBeGreaterThan(10);
    expect(verdicts(outcomes, 'skipped').length * 10).toBeLessThanOrEqual(outcomes.length);
  });

  test.skipIf(!there)(`of ${title}, 95 % of those with one changed fact fail`, () => {
    const { tried, missed } = unnoticed(filesIn(folder));
    expect(tried).toBeGreaterThanOrEqual(ALTERATIONS);
    expect(missed.length / tried, missed.join('\n')).toBeLessThanOrEqual(0.05);
  });
}

test('what is not supported is named, and what depends on it is skipped', () => {
  const text =
    'add-nodes 1 voters=(1) index=2\n----\nok\n\njuggle 1\n----\nok\n\nraft-state\n----\n1: StateFollower (Voter) Term:0 Lead:0\n';
  expect(runFile('a.txt', text)).toEqual([
    { line: 9, command: 'raft-state', verdict: 'skipped', notes: ['not supported: command juggle'] },
  ]);
});

test('a directive whose output holds no fact counts nowhere', () => {
  expect(runFile('a.txt', 'add-nodes 1 voters=(1) index=2\n----\nok\n\nraft-log 1\n----\nok\n')).toEqual([]);
});

test('only the value that follows from the other rule diverges: a removed leader that leads on', () => {
  const text = readFileSync(join(own, 'confchange_remove_leader.txt'), 'utf8');
  const diverged = text.replace('1: StateFollower (Non-Voter) Term:1 Lead:0', '1: StateLeader (Non-Voter) Term:1 Lead:1');
  expect(verdicts(runFile('confchange_remove_leader.txt', diverged), 'diverged')).toHaveLength(1);
  const wrong = text.replace('1: StateFollower (Non-Voter) Term:1 Lead:0', '1: StateLeader (Non-Voter) Term:2 Lead:1');
  expect(verdicts(runFile('confchange_remove_leader.txt', wrong), 'failed')).toHaveLength(1);
});
