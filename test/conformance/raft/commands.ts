/** The commands of the corpus, carried out on a cluster. What is not supported is named, and nothing after it is compared. */
import { parseChanges } from './changes.ts';
import type { Cluster } from './cluster.ts';
import { type Command, type Directive, numbersOf, parseCommand, valuesOf } from './datadriven.ts';
import { idOf, numberOf } from './names.ts';
import { type NodeOptions, TICK_MICROS } from './node.ts';

/** Which option of add-nodes is understood. What is not compared, such as the content of a state machine, is ignored. */
const NODE_OPTIONS: readonly string[] = [
  'voters',
  'learners',
  'index',
  'content',
  'inflight',
  'async-storage-writes',
  'async-storage-writes-nonlocal-quorum',
  'prevote',
  'checkquorum',
  'max-committed-size-per-ready',
  // A change is judged by the configuration in force, which is the newest one in the log: there is nothing to switch off.
  'disable-conf-change-validation',
  // A removed leader of ours steps down, always.
  'step-down-on-removal',
  'read-only',
  'election-tick',
  'heartbeat-tick',
];

/** Carries out all commands of a directive. @returns why not, where one is not supported. */
export function execute(cluster: Cluster, directive: Directive): string | undefined {
  if (directive.name === 'propose-conf-change') return proposeChange(cluster, directive);
  for (const command of commandsOf(directive)) {
    const why = executeOne(cluster, command);
    if (why !== undefined) return why;
  }
  return undefined;
}

/** Further lines of input are further commands, but for a change of configuration. */
export function commandsOf(directive: Directive): readonly Command[] {
  if (directive.name === 'propose-conf-change') return [directive];
  return [directive, ...directive.input.filter((line) => line.trim() !== '').map(parseCommand)];
}

function executeOne(cluster: Cluster, command: Command): string | undefined {
  const numbers = numbersOf(command);
  const [first = 0, second = 0] = numbers;
  switch (command.name) {
    case 'log-level':
    case '_breakpoint':
    case 'raft-log':
    case 'raft-state':
    case 'status':
      return undefined;
    case 'add-nodes':
      return addNodes(cluster, command, first);
    case 'campaign':
      return onNode(cluster, first, ({ raft, now }) => raft.campaign(now));
    case 'compact':
      return void cluster.compact(first, second);
    case 'deliver-msgs':
      return deliver(cluster, command, numbers);
    case 'process-ready':
      return void numbers.map((number) => cluster.node(number).processReady());
    case 'process-append-thread':
      return void numbers.map((number) => cluster.node(number).processAppend());
    case 'process-apply-thread':
      return void numbers.map((number) => cluster.node(number).processApply());
    case 'stabilize':
      return void cluster.stabilize(numbers);
    case 'tick':
      return void cluster.tick(first, second);
    case 'tick-election':
      return void cluster.tick(first, cluster.node(first).options.electionTicks);
    case 'tick-heartbeat':
      return void cluster.tick(first, cluster.node(first).options.heartbeatTicks);
    case 'set-randomized-election-timeout':
      return onNode(cluster, first, ({ raft }) => raft.setElectionTimeout(Number(valuesOf(command, 'timeout')[0]) * TICK_MICROS));
    case 'transfer-leadership': {
      const [from, to] = [Number(valuesOf(command, 'from')[0]), Number(valuesOf(command, 'to')[0])];
      return onNode(cluster, from, ({ raft, now }) => void raft.transferLeadership(now, idOf(to)));
    }
    case 'forget-leader':
      return onNode(cluster, first, ({ raft, now, options }) => {
        if (!options.hasLease) raft.forgetLeader(now);
      });
    case 'report-unreachable':
      return onNode(cluster, first, ({ raft, now }) => raft.peerUnreachable(now, idOf(second)));
    case 'send-snapshot':
      return void cluster.sendSnapshot(first, second);
    case 'propose':
      return void cluster.propose(cluster.node(first), new TextEncoder().encode(command.args[1]?.key ?? ''));
    default:
      return `command ${command.name}`;
  }
}

function onNode(cluster: Cluster, number: number, act: (node: ReturnType<Cluster['node']>) => void): undefined {
  const node = cluster.node(number);
  act(node);
  node.note();
}

function addNodes(cluster: Cluster, command: Command, count: number): string | undefined {
  const unknown = command.args.find(({ key, values }) => values.length > 0 && !NODE_OPTIONS.includes(key));
  if (unknown !== undefined) return `option ${unknown.key} of add-nodes`;
  const numberIn = (key: string): number | undefined => {
    const [value] = valuesOf(command, key);
    return value === undefined ? undefined : Number(value);
  };
  const isOn = (key: string): boolean => valuesOf(command, key)[0] === 'true';
  const commitBytes = numberIn('max-committed-size-per-ready');
  if (commitBytes !== undefined && commitBytes > 1) return 'max-committed-size-per-ready of several entries';
  const options: Omit<NodeOptions, 'number' | 'base'> = {
    preVote: isOn('prevote'),
    checkQuorum: isOn('checkquorum'),
    inflight: numberIn('inflight'),
    isAsync: isOn('async-storage-writes'),
    appliesUnstable: isOn('async-storage-writes-nonlocal-quorum'),
    appliesOne: commitBytes !== undefined,
    electionTicks: numberIn('election-tick') ?? 3,
    heartbeatTicks: numberIn('heartbeat-tick') ?? 1,
    hasLease: valuesOf(command, 'read-only')[0]?.startsWith('lease') ?? false,
  };
  const base = {
    index: numberIn('index') ?? 0,
    voters: valuesOf(command, 'voters').map(Number),
    learners: valuesOf(command, 'learners').map(Number),
  };
  cluster.add(count, base, options);
  return undefined;
}

function deliver(cluster: Cluster, command: Command, numbers: readonly number[]): undefined {
  const [kind] = valuesOf(command, 'type');
  for (const number of numbers) cluster.deliver(number, kind);
  for (const number of valuesOf(command, 'drop').map(Number)) cluster.drop(number, kind);
}

function proposeChange(cluster: Cluster, directive: Directive): string | undefined {
  const tokens = directive.input.flatMap((line) => line.split(' ').filter((token) => token !== ''));
  const changes = parseChanges(tokens);
  const [transition = 'auto'] = valuesOf(directive, 'transition');
  if (changes === undefined) return `change ${tokens.join(' ')}`;
  if (transition !== 'auto' && transition !== 'implicit' && transition !== 'explicit') return `transition ${transition}`;
  const node = cluster.node(numbersOf(directive)[0] ?? 0);
  const kind = valuesOf(directive, 'v1')[0] === 'true' ? 'EntryConfChange' : 'EntryConfChangeV2';
  cluster.change(node, { changes, transition, epoch: undefined }, [kind, ...tokens].join(' '));
  return undefined;
}

/** Whose Ready, log or progress an output without headers shows. */
export function askedNode(directive: Directive): number {
  const asking = commandsOf(directive).filter(({ name }) => ['process-ready', 'raft-log', 'status', 'compact'].includes(name));
  const last = asking.at(-1);
  return last === undefined ? numberOf(undefined) : (numbersOf(last)[0] ?? 0);
}
