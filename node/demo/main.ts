/**
 * `npm run demo`: real input on a real cluster. Three processes load an authorization set while the leader is killed with
 * SIGKILL twice; then everything acknowledged must be there, on every node, under equal roots, and provable offline against
 * headers that a majority of nodes gave, while no altered or forged answer passes. Exit status 1 on any failure.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { verifyAnswer } from '../../core/proof/answer.ts';
import { Random, type SeedWords } from '../../core/random.ts';
import type { TupleKey } from '../../core/state/transaction.ts';
import { nativeHasher } from '../hasher.ts';
import { type ProvenAnswer, tupleKeyJson } from '../http/answer.ts';
import type { ChildNode } from '../local/child-node.ts';
import { LocalCluster } from '../local/local-cluster.ts';
import { mainGroup, statusOf } from '../local/operator-client.ts';
import { blockOf, majorityHash, nameOf, post, tuplesOf } from './audit.ts';
import { flipBit, forge } from './forgery.ts';
import { absentTuple, generateTuples } from './generate.ts';
import { load } from './loader.ts';

const BATCH = 20;
const PROOFS = 1000;
const FLIPS = 1000;
const FORGERIES = 100;
/** Shares of the load after which the leader is killed. */
const KILL_AT = [0.3, 0.65];
/** How long a killed node stays dead. */
const DEAD_MS = 1500;
const RUN_MS_MAX = 300_000;

const failures: string[] = [];

function line(label: string, text: string): void {
  process.stdout.write(`  ${label.padEnd(13)}${text}\n`);
}

/** Reports a result, and remembers it where it is bad. */
function judge(label: string, good: boolean, text: string): void {
  line(label, good ? text : `${text}   <-- FAILED`);
  if (!good) failures.push(label);
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** A port with free neighbours is likely above an ephemeral one that was just free. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? Math.min(address.port, 65_000) : 7400;
}

async function leaderOf(cluster: LocalCluster): Promise<ChildNode | undefined> {
  const nodes = cluster.nodes.filter((node) => node.running);
  for (const node of nodes) {
    const status = await statusOf(node.url);
    if (status !== undefined && mainGroup(status)?.role === 'leader') return node;
  }
  return undefined;
}

/** Kills the leader at the given shares of the load and starts it again a little later. */
class Nemesis {
  readonly killed: string[] = [];
  private readonly cluster: LocalCluster;
  private readonly thresholds: number[];
  private busy: Promise<void> = Promise.resolve();

  constructor(cluster: LocalCluster, total: number) {
    this.cluster = cluster;
    this.thresholds = KILL_AT.map((share) => Math.floor(share * total));
  }

  progress(acknowledged: number): void {
    const threshold = this.thresholds[0];
    if (threshold === undefined || acknowledged < threshold) return;
    this.thresholds.shift();
    this.busy = this.busy.then(() => this.strike());
  }

  /** Resolves when every killed node runs again. */
  async done(): Promise<void> {
    await this.busy;
  }

  private async strike(): Promise<void> {
    let leader: ChildNode | undefined;
    for (let tries = 0; leader === undefined && tries < 100; tries += 1) {
      leader = await leaderOf(this.cluster);
      if (leader === undefined) await new Promise((resolve) => setTimeout(resolve, 50));
    }
    if (leader === undefined) return;
    await leader.kill();
    this.killed.push(leader.options.name);
    line('killed', `${leader.options.name} (the leader) with SIGKILL`);
    await new Promise((resolve) => setTimeout(resolve, DEAD_MS));
    leader.start();
  }
}

async function auditNodes(cluster: LocalCluster, store: string, acknowledged: readonly TupleKey[]): Promise<void> {
  const names = new Set(acknowledged.map(nameOf));
  let lost = 0;
  let foreign = 0;
  for (const node of cluster.nodes) {
    const held = await tuplesOf(node.url, store);
    for (const name of names) if (!held.has(name)) lost += 1;
    for (const name of held) if (!names.has(name)) foreign += 1;
  }
  judge(
    'kept',
    lost === 0 && foreign === 0,
    `${lost} acknowledged tuples lost, ${foreign} never written, on ${cluster.nodes.length} nodes`,
  );
  const blocks = await Promise.all(cluster.nodes.map((node) => blockOf(node.url, store, 'latest')));
  const first = blocks[0];
  const equal = blocks.every(
    (block) =>
      block.block_hash === first?.block_hash && block.state_root === first.state_root && block.tree_root === first.tree_root,
  );
  judge(
    'roots',
    equal,
    `${equal ? 'equal' : 'DIFFERENT'} on ${blocks.length} nodes at height ${first?.height}: ${first?.state_root.slice(0, 16)}…`,
  );
}

interface Question {
  readonly tuple: TupleKey;
  readonly present: boolean;
}

async function auditProofs(cluster: LocalCluster, store: string, tuples: readonly TupleKey[], random: Random): Promise<void> {
  const names = new Set(tuples.map(nameOf));
  const urls = cluster.nodes.map((node) => node.url);
  const questions: Question[] = Array.from({ length: PROOFS }, (_, i) =>
    i % 2 === 0
      ? { tuple: tuples[random.below(tuples.length)] as TupleKey, present: true }
      : { tuple: absentTuple(random, names, tuples), present: false },
  );
  const askedAt = performance.now();
  const answers: ProvenAnswer[] = [];
  for (const [i, { tuple }] of questions.entries()) {
    const url = `${urls[i % urls.length]}/stores/${store}/check`;
    answers.push(await post<ProvenAnswer>(url, { tuple_key: tupleKeyJson(tuple) }, { 'vouch-proof': '1' }));
  }
  const askedSeconds = (performance.now() - askedAt) / 1000;
  const anchors = new Map<number, string | undefined>();
  for (const { height } of answers) if (!anchors.has(height)) anchors.set(height, await majorityHash(urls, store, height));

  const accepts = (answer: ProvenAnswer, tuple: TupleKey, block: string): boolean =>
    verifyAnswer(answer, { tuple, store, block, hasher: nativeHasher }).ok;
  const verifiedAt = performance.now();
  let good = 0;
  let proofBytes = 0;
  for (const [i, answer] of answers.entries()) {
    const { tuple, present } = questions[i] as Question;
    const block = anchors.get(answer.height);
    if (block !== undefined && answer.allowed === present && accepts(answer, tuple, block)) good += 1;
    proofBytes += answer.proof.length * 0.75;
  }
  const verifySeconds = (performance.now() - verifiedAt) / 1000;
  const rates = `${whole(PROOFS / askedSeconds)} answers/s, ${whole(PROOFS / verifySeconds)} verified/s, ${whole(proofBytes / PROOFS)} bytes each`;
  judge('proofs', good === PROOFS, `${whole(good)} of ${whole(PROOFS)} present and absent tuples verified offline (${rates})`);

  const pick = (): { answer: ProvenAnswer; tuple: TupleKey; block: string } => {
    const i = random.below(answers.length);
    const answer = answers[i] as ProvenAnswer;
    return { answer, tuple: (questions[i] as Question).tuple, block: anchors.get(answer.height) ?? '' };
  };
  let flipsPassed = 0;
  for (let i = 0; i < FLIPS; i += 1) {
    const { answer, tuple, block } = pick();
    if (accepts(flipBit(random, answer), tuple, block)) flipsPassed += 1;
  }
  judge('bit flips', flipsPassed === 0, `${flipsPassed} of ${whole(FLIPS)} altered answers passed`);
  let forgeriesPassed = 0;
  let consistent = 0;
  for (let i = 0; i < FORGERIES; i += 1) {
    const { answer, tuple, block } = pick();
    const forged = forge(nativeHasher, answer, tuples.slice(0, 50));
    // A forgery that fails without an anchor shows nothing: it must be good enough to need one.
    if (verifyAnswer(forged, { tuple, store, hasher: nativeHasher }).ok) consistent += 1;
    if (accepts(forged, tuple, block)) forgeriesPassed += 1;
  }
  const text = `${forgeriesPassed} of ${FORGERIES} passed (${consistent} were consistent with their own header)`;
  judge('forgeries', forgeriesPassed === 0 && consistent === FORGERIES, text);
}

async function run(cluster: LocalCluster, seed: SeedWords): Promise<void> {
  await cluster.up();
  const urls = cluster.nodes.map((node) => node.url);
  const tuples = generateTuples(seed);
  line('input', `${whole(tuples.length)} tuples: users, teams, repositories, documents`);
  const { id: store } = await post<{ id: string }>(`${urls[0]}/stores`, { name: 'demo' });
  const nemesis = new Nemesis(cluster, tuples.length);
  const report = await load({ urls, store }, tuples, { batch: BATCH, onProgress: (count) => nemesis.progress(count) });
  await nemesis.done();
  const rate = `${whole(tuples.length / report.seconds)} tuples/s in transactions of ${BATCH}, ${report.repeated} attempts repeated`;
  judge(
    'written',
    report.acknowledged.length === tuples.length,
    `${whole(report.acknowledged.length)} acknowledged in ${report.seconds.toFixed(1)} s (${rate})`,
  );
  judge('kills', nemesis.killed.length === KILL_AT.length, `${nemesis.killed.length} leaders killed during the load`);
  await cluster.ready();
  line('restarted', 'every node is back and ready');
  await auditNodes(cluster, store, report.acknowledged);
  await auditProofs(cluster, store, tuples, Random.stream(seed, 'questions'));
}

async function main(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'vouch-demo-'));
  const binary = fileURLToPath(new URL('../cli/main.js', import.meta.url));
  const cluster = new LocalCluster({ binary, directory, nodes: 3, port: await freePort() });
  const watchdog = setTimeout(() => finish(new Error(`The demo did not end within ${RUN_MS_MAX / 1000} s.`)), RUN_MS_MAX);
  let finished = false;
  const finish = async (error?: unknown): Promise<void> => {
    if (finished) return;
    finished = true;
    clearTimeout(watchdog);
    await cluster.down();
    if (error !== undefined) failures.push(error instanceof Error ? error.message : String(error));
    if (failures.length === 0) rmSync(directory, { recursive: true, force: true });
    process.stdout.write(
      failures.length === 0 ? '\nAll checks passed.\n' : `\nFAILED: ${failures.join('; ')}\nData and logs: ${directory}\n`,
    );
    process.exitCode = failures.length === 0 ? 0 : 1;
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void finish(new Error('interrupted')));
  process.stdout.write('Vouch demo: three nodes on loopback, the leader killed twice.\n\n');
  await run(cluster, [0x766f, 0x7563, 0x6800, 0x0001]).then(
    () => finish(),
    (error: unknown) => finish(error),
  );
}

await main();
