/**
 * `npm run conformance:raft -- DIR...`: runs every file below the folders against our Raft and prints what became of it.
 * The last line is `N passed, N failed, N skipped` in directives whose expected output holds a fact; status 1 where one failed.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { type Outcome, runFile } from './run-file.ts';

const USAGE = 'Usage: npm run conformance:raft -- DIR...   (folders or files of etcd/raft’s data-driven tests)';

function filesBelow(path: string): readonly string[] {
  if (statSync(path).isFile()) return [path];
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.txt'))
    .sort()
    .map((name) => join(path, name));
}

function outcomesOf(path: string): readonly Outcome[] {
  try {
    return runFile(basename(path), readFileSync(path, 'utf8'));
  } catch (error) {
    return [{ line: 1, command: 'file', verdict: 'failed', notes: [`cannot be read: ${(error as Error).message}`] }];
  }
}

function count(outcomes: readonly Outcome[], verdict: Outcome['verdict']): number {
  return outcomes.filter((outcome) => outcome.verdict === verdict).length;
}

function printFile(name: string, outcomes: readonly Outcome[]): void {
  const diverged = count(outcomes, 'diverged');
  const parts = [
    `${count(outcomes, 'passed')} passed`,
    `${count(outcomes, 'failed')} failed`,
    `${count(outcomes, 'skipped')} skipped`,
  ];
  console.log(`${name}: ${parts.join(', ')}${diverged > 0 ? `, ${diverged} diverged` : ''}`);
  const reasons = new Set<string>();
  for (const { verdict, line, command, notes } of outcomes) {
    if (verdict === 'failed') for (const note of notes) console.log(`  failed    ${command} on line ${line}: ${note}`);
    if (verdict === 'diverged') for (const note of notes) console.log(`  diverged  ${command} on line ${line}: ${note}`);
    if (verdict === 'skipped') for (const note of notes) reasons.add(note);
  }
  for (const reason of reasons) console.log(`  skipped   ${reason}`);
}

function main(paths: readonly string[]): number {
  if (paths.length === 0) {
    console.error(USAGE);
    return 2;
  }
  const all: Outcome[] = [];
  let absent = 0;
  for (const path of paths) {
    if (!existsSync(path)) {
      console.log(`${path}: the folder is not there; nothing was run`);
      absent += 1;
      continue;
    }
    for (const file of filesBelow(path)) {
      const outcomes = outcomesOf(file);
      printFile(relative(path, file) === '' ? basename(file) : relative(path, file), outcomes);
      all.push(...outcomes);
    }
  }
  const diverged = count(all, 'diverged');
  if (diverged > 0) console.log(`${diverged} diverged, counted nowhere else`);
  console.log(`${count(all, 'passed')} passed, ${count(all, 'failed')} failed, ${count(all, 'skipped') + absent} skipped`);
  return count(all, 'failed') === 0 ? 0 : 1;
}

process.exitCode = main(process.argv.slice(2));
