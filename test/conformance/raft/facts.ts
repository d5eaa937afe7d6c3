/**
 * What an expected output says about a cluster: who leads, terms, commit indexes, log contents, configurations, progress.
 * Messages and the words of a log are no facts; a line of a log that names a role, a configuration or a state is one.
 */
import { spokenRole } from './names.ts';

export type Fact = { readonly line: number } /** In a Ready. */ & (
  | { readonly kind: 'soft'; readonly node: number; readonly role: string; readonly leader: number }
  | { readonly kind: 'hard'; readonly node: number; readonly term: number; readonly vote: number; readonly commit: number }
  | { readonly kind: 'stored'; readonly node: number; readonly entry: string }
  | { readonly kind: 'applied'; readonly node: number; readonly entry: string }
  | { readonly kind: 'snapshot'; readonly node: number; readonly snapshot: string }
  /** In a log. */
  | { readonly kind: 'became'; readonly node: number; readonly role: string; readonly term: number }
  | { readonly kind: 'configuration'; readonly node: number; readonly configuration: string }
  | { readonly kind: 'fresh'; readonly node: number; readonly term: number; readonly commit: number; readonly last: number }
  | { readonly kind: 'forgot'; readonly node: number; readonly leader: number; readonly term: number }
  /** raft-state */
  | {
      readonly kind: 'state';
      readonly node: number;
      readonly role: string;
      readonly voter: boolean;
      readonly term: number;
      readonly leader: number;
    }
  /** status; the text holds what is compared, in one form. */
  | { readonly kind: 'progress'; readonly peer: number; readonly progress: string }
  /** raft-log */
  | { readonly kind: 'entry'; readonly entry: string }
  | { readonly kind: 'empty'; readonly first: number; readonly last: number }
);

const MESSAGE = /^(dropped: )?\w+->\w+ Msg/;
const ENTRY = /^(\d+)\/(\d+) (Entry\w+)(.*)$/;

/** term/index EntryKind data, with data unquoted and quoted again, so that it does not matter who quoted it. */
function normalEntry(text: string): string | undefined {
  const match = ENTRY.exec(text);
  if (match === null) return undefined;
  const [, term, index, kind, rest = ''] = match;
  return `${term}/${index} ${kind}${rest.trim() === '' ? '' : ` ${rest.trim()}`}`;
}

/** Which commit a peer has heard of, and whether it was heard lately, is not compared. */
function normalProgress(words: string): string {
  const compared = words.split(' ').filter((word) => word !== 'inactive' && !word.startsWith('commit='));
  return compared.sort().join(' ');
}

/** @param node whose Ready it is where no line says so. */
export function factsOf(
  expected: readonly string[],
  options: { readonly firstLine: number; readonly node: number },
): readonly Fact[] {
  const facts: Fact[] = [];
  let node = options.node;
  let section: 'none' | 'stored' | 'applied' | 'messages' = 'none';
  /** Lines within a message's brackets belong to the message. */
  let depth = 0;
  for (const [i, raw] of expected.entries()) {
    const line = options.firstLine + i;
    const text = raw.trim();
    if (depth > 0 || MESSAGE.test(text)) {
      depth += text.split('[').length - text.split(']').length;
      continue;
    }
    const header = /^> (\d+) /.exec(text);
    if (header !== null) {
      node = Number(header[1]);
      section = 'none';
      continue;
    }
    if (/^(INFO|DEBUG|WARN|ERROR) /.test(text)) {
      section = 'none';
      const fact = loggedFact(text);
      if (fact !== undefined) facts.push({ ...fact, line });
      continue;
    }
    if (text === 'Entries:') section = 'stored';
    else if (text === 'CommittedEntries:') section = 'applied';
    else if (text === 'Messages:' || text === 'Processing:' || text === 'Responses:') section = 'messages';
    else if (section !== 'messages') {
      const entry = normalEntry(text);
      if (entry !== undefined && section !== 'none') facts.push({ kind: section, node, entry, line });
      else if (entry !== undefined) facts.push({ kind: 'entry', entry, line });
      else {
        const fact = statedFact(text, node);
        if (fact !== undefined) facts.push({ ...fact, line });
      }
    }
  }
  return facts;
}

type Bare = Fact extends infer F ? (F extends Fact ? Omit<F, 'line'> : never) : never;

function statedFact(text: string, node: number): Bare | undefined {
  const soft = /^Lead:(\d+) State:(\w+)$/.exec(text);
  if (soft !== null) return { kind: 'soft', node, leader: Number(soft[1]), role: soft[2] as string };
  const hard = /^HardState Term:(\d+)(?: Vote:(\d+))? Commit:(\d+)$/.exec(text);
  if (hard !== null) {
    return { kind: 'hard', node, term: Number(hard[1]), vote: Number(hard[2] ?? 0), commit: Number(hard[3]) };
  }
  const snapshot = /^Snapshot Index:(\d+) Term:(\d+) ConfState:(.*)$/.exec(text);
  if (snapshot !== null) return { kind: 'snapshot', node, snapshot: `${snapshot[1]} ${snapshot[2]} ${snapshot[3]}` };
  const state = /^(\d+): (State\w+) \((Voter|Non-Voter)\) Term:(\d+) Lead:(\d+)$/.exec(text);
  if (state !== null) {
    const [, number, role = '', voter, term, leader] = state;
    return {
      kind: 'state',
      node: Number(number),
      role,
      voter: voter === 'Voter',
      term: Number(term),
      leader: Number(leader),
    };
  }
  const progress = /^(\d+): (State\w+ match=.*)$/.exec(text);
  if (progress !== null) {
    return { kind: 'progress', peer: Number(progress[1]), progress: normalProgress(progress[2] as string) };
  }
  const empty = /^log is empty: first index=(\d+), last index=(\d+)$/.exec(text);
  return empty === null ? undefined : { kind: 'empty', first: Number(empty[1]), last: Number(empty[2]) };
}

function loggedFact(text: string): Bare | undefined {
  const became = /^\w+ (\d+) became ([\w-]+) at term (\d+)$/.exec(text);
  if (became !== null) {
    return { kind: 'became', node: Number(became[1]), role: spokenRole(became[2] as string), term: Number(became[3]) };
  }
  const configuration = /^\w+ (\d+) switched to configuration (.*)$/.exec(text);
  if (configuration !== null) {
    return { kind: 'configuration', node: Number(configuration[1]), configuration: configuration[2] as string };
  }
  const fresh = /^\w+ newRaft (\d+) \[.*term: (\d+), commit: (\d+), applied: \d+, lastindex: (\d+),/.exec(text);
  if (fresh !== null) {
    return { kind: 'fresh', node: Number(fresh[1]), term: Number(fresh[2]), commit: Number(fresh[3]), last: Number(fresh[4]) };
  }
  const forgot = /^\w+ (\d+) forgetting leader (\d+) at term (\d+)$/.exec(text);
  return forgot === null
    ? undefined
    : { kind: 'forgot', node: Number(forgot[1]), leader: Number(forgot[2]), term: Number(forgot[3]) };
}
