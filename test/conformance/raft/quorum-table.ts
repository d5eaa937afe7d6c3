/** The tables of `quorum/`: quorum.ts through members.ts against them, with the drawing that the corpus prints beside. */
import type { LogIndex, Micros, NodeId } from '../../../core/ids.ts';
import { Members } from '../../../core/raft/members.ts';
import { type Configuration, configurationOf } from '../../../core/raft/message.ts';
import { DEFAULT_RAFT_LIMITS } from '../../../core/raft/options.ts';
import { voteOutcome } from '../../../core/raft/quorum.ts';
import { type Directive, valuesOf } from './datadriven.ts';
import { idOf, numberOf } from './names.ts';

const OUTCOMES = { won: 'VoteWon', lost: 'VoteLost', pending: 'VotePending' } as const;

/** @returns the output, or undefined where the directive is not supported. */
export function runQuorum(directive: Directive): string | undefined {
  const voters = sortedIds(valuesOf(directive, 'cfg'));
  const outgoing = sortedIds(valuesOf(directive, 'cfgj').filter((value) => value !== 'zero'));
  const inOrder = [...new Set([...valuesOf(directive, 'cfg'), ...valuesOf(directive, 'cfgj')])].filter(
    (value) => value !== 'zero',
  );
  const inputs = valuesOf(directive, directive.name === 'vote' ? 'votes' : 'idx');
  if (inputs.length !== inOrder.length) return undefined;
  const given = new Map(inOrder.map((value, i) => [idOf(Number(value)), inputs[i] as string]));
  const configuration = { ...configurationOf(voters), votersOutgoing: outgoing };
  if (directive.name === 'vote') return vote(configuration, given);
  return directive.name === 'committed' ? committed(configuration, given) : undefined;
}

function sortedIds(values: readonly string[]): readonly NodeId[] {
  return values.map((value) => idOf(Number(value))).sort();
}

function vote(configuration: Configuration, votes: ReadonlyMap<NodeId, string>): string {
  const cast = (answer: string): readonly NodeId[] => [...votes].filter(([, one]) => one === answer).map(([id]) => id);
  const swapped = { ...configuration, voters: configuration.votersOutgoing, votersOutgoing: configuration.voters };
  const outcomes = [configuration, swapped].map((one) => OUTCOMES[voteOutcome(one, cast('y'), cast('n'))]);
  return outcomes[0] === outcomes[1] ? `${outcomes[0]}` : `${outcomes[0]}, but swapped ${outcomes[1]}`;
}

function committed(configuration: Configuration, indexes: ReadonlyMap<NodeId, string>): string {
  const members = new Members(idOf(0), configuration, DEFAULT_RAFT_LIMITS);
  for (const [id, index] of indexes) {
    const member = members.find(id);
    member?.reset(1 as LogIndex, 0 as Micros);
    if (index !== '_') member?.accept(Number(index) as LogIndex, 0 as LogIndex);
  }
  const index = members.quorumMatchIndex();
  return `${drawing(indexes)}${index === Number.MAX_SAFE_INTEGER ? '∞' : index}`;
}

/** One bar for each voter, as long as the number of those who have reached less. */
function drawing(indexes: ReadonlyMap<NodeId, string>): string {
  const count = indexes.size;
  if (count === 0) return '<empty majority quorum>';
  const rows = [...indexes].map(([id, text]) => ({ id, known: text !== '_', index: text === '_' ? 0 : Number(text) }));
  rows.sort((a, b) => (a.id < b.id ? -1 : 1));
  const lines = rows.map(({ id, known, index }) => {
    const bar = rows.filter((other) => other.index < index).length;
    const drawn = known ? `${'x'.repeat(bar)}>${' '.repeat(count - bar)}` : `?${' '.repeat(count)}`;
    return `${drawn} ${String(index).padStart(5)}    (id=${numberOf(id)})`;
  });
  return [`${' '.repeat(count)}    idx`, ...lines, ''].join('\n');
}
