/**
 * Runs one file of the corpus and judges each directive: passed, failed, skipped (not supported, or behind something that is
 * not), diverged (differs for a reason that is known and listed), or nothing where its output holds no fact.
 */
import { Cluster } from './cluster.ts';
import { askedNode, commandsOf, execute } from './commands.ts';
import { type Comparison, type Difference, differencesOf } from './compare.ts';
import { ConfchangeTable } from './confchange-table.ts';
import { type Directive, numbersOf, parseFile } from './datadriven.ts';
import { Divergences } from './divergence.ts';
import { type Fact, factsOf } from './facts.ts';
import { runQuorum } from './quorum-table.ts';

export interface Outcome {
  readonly line: number;
  readonly command: string;
  readonly verdict: 'passed' | 'failed' | 'skipped' | 'diverged';
  /** Why it failed, what is not supported, or what makes it diverge. */
  readonly notes: readonly string[];
}

/** Files of scenarios that change configurations begin so. */
const CHANGES = 'confchange_';
/** The directives of the tables of configurations. */
const TABLES: readonly string[] = ['simple', 'enter-joint', 'leave-joint'];

/** @param name of the file, which says whether configurations change in it. */
export function runFile(name: string, text: string): readonly Outcome[] {
  const directives = parseFile(text);
  const first = directives[0]?.name ?? '';
  if (TABLES.includes(first)) {
    const table = new ConfchangeTable();
    return directives.map((directive) => exactOutcome(directive, table.run(directive)));
  }
  if (first === 'committed' || first === 'vote') {
    return directives.map((directive) => exactOutcome(directive, runQuorum(directive)));
  }
  return runScenario(name, directives);
}

function exactOutcome(directive: Directive, output: string | undefined): Outcome {
  const head = { line: directive.line, command: directive.name };
  const expected = directive.expected.join('\n');
  if (output === undefined) return { ...head, verdict: 'skipped', notes: [`not supported: ${directive.name}`] };
  if (output === expected) return { ...head, verdict: 'passed', notes: [] };
  const lines = output.split('\n');
  const at = directive.expected.findIndex((line, i) => line !== lines[i]);
  const where = at < 0 ? directive.expected.length : at;
  const note = `line ${directive.expectedLine + where}: expected "${directive.expected[where] ?? ''}", found "${lines[where] ?? ''}"`;
  return { ...head, verdict: 'failed', notes: [note] };
}

/** The facts of each directive of a scenario that are compared. */
export function comparedFacts(name: string, directives: readonly Directive[]): readonly (readonly Fact[])[] {
  const changes = name.startsWith(CHANGES);
  let atRest = false;
  return directives.map((directive) => {
    atRest = isBareStabilize(directive) || (atRest && isObserver(directive));
    return comparedOf(directive, changes, atRest);
  });
}

function runScenario(name: string, directives: readonly Directive[]): readonly Outcome[] {
  const changes = name.startsWith(CHANGES);
  const cluster = new Cluster();
  const divergences = new Divergences(cluster);
  const outcomes: Outcome[] = [];
  const compared = comparedFacts(name, directives);
  let unsupported: string | undefined;
  for (const [i, directive] of directives.entries()) {
    const facts = compared[i] ?? [];
    if (unsupported === undefined) {
      for (const node of cluster.nodes) node.beginTrail();
      divergences.begin();
      unsupported = tryToExecute(cluster, directive);
      divergences.end();
    }
    if (facts.length === 0) continue;
    outcomes.push(outcomeOf({ cluster, divergences, directive, facts, changes, unsupported }));
  }
  return outcomes;
}

function tryToExecute(cluster: Cluster, directive: Directive): string | undefined {
  try {
    return execute(cluster, directive);
  } catch (error) {
    return `${directive.name} on line ${directive.line}: ${(error as Error).message}`;
  }
}

function outcomeOf(run: {
  readonly cluster: Cluster;
  readonly divergences: Divergences;
  readonly directive: Directive;
  readonly facts: readonly Fact[];
  readonly changes: boolean;
  readonly unsupported: string | undefined;
}): Outcome {
  const { cluster, divergences, directive, facts, changes, unsupported } = run;
  const head = { line: directive.line, command: directive.name };
  if (unsupported !== undefined) return { ...head, verdict: 'skipped', notes: [`not supported: ${unsupported}`] };
  const stabilized = commandsOf(directive).at(-1)?.name === 'stabilize';
  const comparison: Comparison = { asked: askedNode(directive), stabilized };
  const differences = changes ? divergences.atRest(facts, comparison) : differencesOf(cluster, facts, comparison);
  const failures = differences.filter((difference) => divergences.reasonOf(difference) === undefined);
  if (failures.length > 0) return { ...head, verdict: 'failed', notes: failures.map(noteOf) };
  const notes = differences.map((difference) => `${noteOf(difference)}: ${divergences.reasonOf(difference)}`);
  return { ...head, verdict: notes.length > 0 ? 'diverged' : 'passed', notes };
}

function noteOf({ line, expected, found, fact }: Difference): string {
  const who = 'node' in fact ? ` (node ${fact.node})` : '';
  return `line ${line}${who}: expected ${expected}, found ${found}`;
}

function isBareStabilize(directive: Directive): boolean {
  const last = commandsOf(directive).at(-1);
  return last?.name === 'stabilize' && numbersOf(last).length === 0;
}

function isObserver(directive: Directive): boolean {
  return commandsOf(directive).every(({ name }) => ['raft-state', 'raft-log', 'status', 'log-level'].includes(name));
}

/** With changes of configuration only what a cluster at rest shows is compared: its last states, and no progress. */
function comparedOf(directive: Directive, changes: boolean, atRest: boolean): readonly Fact[] {
  const facts = factsOf(directive.expected, { firstLine: directive.expectedLine, node: askedNode(directive) });
  if (!changes) return facts;
  if (!atRest) return [];
  return facts.filter((fact, i) => {
    if (['stored', 'applied', 'state', 'entry', 'empty'].includes(fact.kind)) return true;
    if (fact.kind !== 'soft' && fact.kind !== 'hard' && fact.kind !== 'configuration') return false;
    return !facts.slice(i + 1).some((later) => later.kind === fact.kind && later.node === fact.node);
  });
}

/** Whether a file holds tables of configurations or of quorums, whose outputs are compared as they are. */
export function isTable(directives: readonly Directive[]): boolean {
  return [...TABLES, 'committed', 'vote'].includes(directives[0]?.name ?? '');
}
