/** `vouch members`, `vouch member …`, `vouch transfer` and `vouch drain`: a cluster whose members change, and who leads. */
import type { Command } from 'commander';
import { PRIORITY_MAX, USUAL_PRIORITY } from '../../core/state/member-entry.ts';
import { parseAddress } from '../config/address.ts';
import type { MemberJson } from '../http/member-routes.ts';
import type { DrainResult, HandedOver } from '../leaving.ts';
import { CliFailure, usageFailure } from './failure.ts';
import { print, printJson } from './output.ts';
import { DEFAULT_HOST, Remote } from './remote.ts';
import { spreadLeaders } from './spread-leaders.ts';

interface HostOptions {
  readonly host?: string;
  readonly json?: boolean;
}

interface ChangeOptions extends HostOptions {
  readonly wait?: string;
}

interface ChangeAnswer {
  readonly member: MemberJson;
  readonly changed: boolean;
}

const POLL_MS = 200;
const WAIT_SECONDS_MAX = 3_600;

function withHost(command: Command): Command {
  return command
    .option('--host <host:port>', `any node of the cluster (VOUCH_HOST; default ${DEFAULT_HOST})`)
    .option('--json', 'print JSON');
}

function withWait(command: Command): Command {
  return withHost(command).option('--wait <seconds>', 'wait until every group has followed; 1 as status where that takes longer');
}

export function addMemberCommands(program: Command): void {
  withHost(program.command('members').description('the nodes of the cluster, and how far each has come'))
    .option('--all', 'removed ones too')
    .addHelpText('after', '\nExample:\n  vouch members --host 127.0.0.1:7400')
    .action(list);
  const member = program.command('member').description('change who the members are');
  withWait(member.command('add <host:port>').description('add a running node; it votes once it has caught up'))
    .option('--learner', 'it receives everything and never votes, until it is promoted')
    .addHelpText('after', '\nExample:\n  vouch member add 127.0.0.1:7403 --wait 30')
    .action(add);
  withWait(member.command('remove <node>').description('take a node out for good: its id never comes back'))
    .addHelpText('after', '\nExample:\n  vouch member remove 3fa9 --wait 30')
    .action((node: string, options: ChangeOptions) => remove(node, options));
  withWait(member.command('promote <node>').description('make a learner a voter'))
    .addHelpText('after', '\nExample:\n  vouch member promote 127.0.0.1:7403')
    .action((node: string, options: ChangeOptions) => promote(node, options));
  withHost(
    member
      .command('priority <node> <number>')
      .description('from 0 to 255: where it votes it leads rather than nodes of a lower priority; 100 unless said otherwise'),
  )
    .addHelpText('after', '\nExample:\n  vouch member priority 3fa9 200')
    .action((node: string, number: string, options: HostOptions) => prioritize(node, number, options));
  withWait(
    member
      .command('replace <node> <by>')
      .description('let one node go once another (a member, or a running node) votes in its place'),
  )
    .addHelpText('after', '\nExample:\n  vouch member replace 3fa9 127.0.0.1:7403 --wait 60')
    .action((node: string, by: string, options: ChangeOptions) => replace(node, by, options));
  withHost(program.command('transfer').description('hand leadership to another voter'))
    .option('--group <g>', 'of this group only')
    .option('--to <node>', 'to this node; else to the one that is best prepared')
    .option('--spread', 'every group to one of its preferred voters, so that all of these lead equally many')
    .addHelpText('after', '\nExample:\n  vouch transfer --group 1 --to 127.0.0.1:7401')
    .action(transfer);
  withHost(program.command('drain').description('let a node hand over everything it leads, before work on its machine'))
    .addHelpText('after', '\nExample:\n  vouch drain --host 127.0.0.1:7400')
    .action(drain);
}

async function list(options: HostOptions & { readonly all?: boolean }): Promise<void> {
  const { members } = await new Remote(options).get<{ members: readonly MemberJson[] }>('/v1/members');
  const shown = options.all === true ? members : members.filter(({ state }) => state !== 'removed');
  if (options.json) return printJson({ members: shown });
  const width = Math.max(...shown.map(({ address }) => address.length));
  for (const member of shown) print(lineOf(member, width));
  const hidden = members.length - shown.length;
  if (hidden > 0) print(`and ${hidden} removed (--all)`);
}

function lineOf(member: MemberJson, width: number): string {
  const { id, address, state, role, votes, learns, leads, priority, replaced_by } = member;
  const notes: string[] = [];
  if (state === 'joining') notes.push(`to be ${role}: votes in ${votes} groups, learns in ${learns}`);
  if (state === 'leaving')
    notes.push(replaced_by === undefined ? `still in ${votes + learns} groups` : `until ${replaced_by} votes`);
  if (priority !== USUAL_PRIORITY && state !== 'removed') notes.push(`priority ${priority}`);
  if (leads > 0) notes.push(`leads ${leads} ${leads === 1 ? 'group' : 'groups'}`);
  return `${id}  ${address.padEnd(width)}  ${state.padEnd(8)}${notes.join(', ')}`.trimEnd();
}

async function add(address: string, options: ChangeOptions & { readonly learner?: boolean }): Promise<void> {
  const seconds = secondsOf(options.wait);
  const remote = new Remote(options);
  const id = await idAt(address, remote);
  const role = options.learner === true ? 'learner' : 'voter';
  const answer = await remote.post<ChangeAnswer>('/v1/members', { id, address, role });
  const sentence = answer.changed ? `added ${id} as ${role}` : `${id} is a member already`;
  await conclude(remote, answer, { ...options, seconds, sentence });
}

async function remove(node: string, options: ChangeOptions): Promise<void> {
  const seconds = secondsOf(options.wait);
  const remote = new Remote(options);
  const answer = await remote.delete<ChangeAnswer>(`/v1/members/${encodeURIComponent(node)}`);
  const sentence = answer.changed ? `removing ${answer.member.id}` : `${answer.member.id} was removed before`;
  await conclude(remote, answer, { ...options, seconds, sentence });
}

async function promote(node: string, options: ChangeOptions): Promise<void> {
  const seconds = secondsOf(options.wait);
  const remote = new Remote(options);
  const answer = await remote.post<ChangeAnswer>(`/v1/members/${encodeURIComponent(node)}/promote`, {});
  const sentence = `${answer.member.id} is to vote${answer.changed ? '' : ' already'}`;
  await conclude(remote, answer, { ...options, seconds, sentence });
}

async function prioritize(node: string, number: string, options: HostOptions): Promise<void> {
  if (!/^[0-9]{1,3}$/.test(number) || Number(number) > PRIORITY_MAX)
    throw usageFailure(`A priority is a whole number from 0 to ${PRIORITY_MAX}, not "${number}".`);
  const body = { priority: Number(number) };
  const answer = await new Remote(options).post<ChangeAnswer>(`/v1/members/${encodeURIComponent(node)}/priority`, body);
  if (options.json) return printJson(answer);
  print(`${answer.member.id} has priority ${answer.member.priority}${answer.changed ? '' : ' already'}.`);
}

async function replace(node: string, by: string, options: ChangeOptions): Promise<void> {
  const seconds = secondsOf(options.wait);
  const remote = new Remote(options);
  const { members } = await remote.get<{ members: readonly MemberJson[] }>('/v1/members');
  const isMember = members.some(({ id, address, state }) => id.startsWith(by) || (address === by && state !== 'removed'));
  const body = isMember ? { by } : { by: await idAt(by, remote), address: by };
  const answer = await remote.post<ChangeAnswer>(`/v1/members/${encodeURIComponent(node)}/replace`, body);
  const sentence = `${answer.member.id} goes once ${answer.member.replaced_by} votes`;
  await conclude(remote, answer, { ...options, seconds, sentence });
}

interface Identity {
  readonly node: string;
  readonly cluster?: string;
}

/** Who answers at an address: the id of a node that is no member yet is known to nobody else. One of another cluster is refused. */
async function idAt(address: string, remote: Remote): Promise<string> {
  if (parseAddress(address) === undefined) throw usageFailure(`A new node is named by its HOST:PORT, not "${address}".`);
  const newcomer = new Remote({ host: address, hint: 'Start it first: vouch start.' });
  const { node, cluster } = await newcomer.get<Identity>('/v1/status');
  const own = (await remote.get<Identity>('/v1/status')).cluster;
  if (cluster === undefined || cluster === own) return node;
  throw new CliFailure(
    `${address} belongs to another cluster (${cluster}), and a node stays in the one it is in. Start one with an empty data directory.`,
  );
}

interface Conclusion {
  readonly json?: boolean;
  /** How long to wait for the groups; undefined: not at all. */
  readonly seconds: number | undefined;
  readonly sentence: string;
}

/** Says what was decided; with --wait also waits until the groups have followed. */
async function conclude(remote: Remote, answer: ChangeAnswer, options: Conclusion): Promise<void> {
  const { seconds, sentence } = options;
  const member = seconds === undefined ? answer.member : await settled(remote, answer.member, seconds);
  if (options.json) return printJson({ ...answer, member });
  print(seconds === undefined ? `${sentence}.` : `${sentence}: ${member.state}.`);
}

function secondsOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const seconds = /^[0-9]{1,4}$/.test(text) ? Number(text) : 0;
  if (seconds < 1 || seconds > WAIT_SECONDS_MAX) {
    throw usageFailure(`--wait is a whole number of seconds from 1 to ${WAIT_SECONDS_MAX}, not "${text}".`);
  }
  return seconds;
}

async function settled(remote: Remote, member: MemberJson, seconds: number): Promise<MemberJson> {
  const until = performance.now() + seconds * 1_000;
  for (let now = member; ; await new Promise((resolve) => setTimeout(resolve, POLL_MS))) {
    // The node asked may be without a leader for a moment while members change; that is what the waiting is for.
    const answer = await remote.get<{ members: readonly MemberJson[] }>('/v1/members').catch(() => undefined);
    now = answer?.members.find(({ id }) => id === member.id) ?? now;
    if (answer !== undefined && now.state !== 'joining' && now.state !== 'leaving') return now;
    if (performance.now() > until) {
      throw new CliFailure(
        `${member.id} is still ${now.state} after ${seconds} s; the cluster goes on with it. See vouch members.`,
      );
    }
  }
}

async function transfer(
  options: HostOptions & { readonly group?: string; readonly to?: string; spread?: boolean },
): Promise<void> {
  const { group, to } = options;
  if (options.spread === true) {
    if (group !== undefined || to !== undefined)
      throw usageFailure('--spread is for all groups: it goes with neither --group nor --to.');
    return spreadLeaders(new Remote(options), options);
  }
  if (group !== undefined && !/^[0-9]{1,9}$/.test(group)) throw usageFailure(`--group is a number, not "${group}".`);
  const body = { ...(group === undefined ? {} : { group: Number(group) }), ...(to === undefined ? {} : { to }) };
  const answer = await new Remote(options).post<{ transferred: readonly HandedOver[] }>('/v1/transfer', body);
  if (options.json) return printJson(answer);
  for (const one of answer.transferred) print(`group ${one.group}: ${one.leader} leads.`);
}

async function drain(options: HostOptions): Promise<void> {
  const remote = new Remote(options);
  const answer = await remote.post<DrainResult>('/v1/drain', {});
  if (options.json) printJson(answer);
  else {
    for (const { group, leader } of answer.handed_over) print(`group ${group}: ${leader} leads.`);
    if (answer.handed_over.length + answer.kept.length === 0) print(`${remote.address} leads nothing.`);
  }
  const [first] = answer.kept;
  if (first !== undefined) {
    throw new CliFailure(
      `${remote.address} still leads ${answer.kept.length} of its groups: group ${first.group}: ${first.reason}`,
    );
  }
}
