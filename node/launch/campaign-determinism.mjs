/**
 * `npm run campaign:determinism -- [--seeds N] [--from S] [--profile P]`: every seed twice, in different processes, behind
 * different predecessors, under another hash seed, time zone and language. Prints each seed whose trace hash differs, with
 * the command that finds the first differing event; the last line is `N passed, N failed`.
 */
import { spawn } from 'child_process';
import * as os from 'os';
import { join } from 'path';
import { ensureInstalled, giveUp, npm, requireSupportedNode, root } from './install.mjs';

const USAGE = 'Usage: npm run campaign:determinism -- [--seeds N] [--from S] [--profile lite|swarm]';

function parse(argv) {
  const options = { seeds: '2000', from: '1', profile: 'swarm' };
  for (let i = 0; i < argv.length; i += 2) {
    const name = argv[i].slice(2);
    const value = argv[i + 1];
    if (argv[i].slice(0, 2) !== '--' || options[name] === undefined || value === undefined) giveUp(USAGE);
    options[name] = value;
  }
  for (const name of ['seeds', 'from'])
    if (!/^[1-9]\d{0,6}$/.test(options[name])) giveUp(`--${name} is a positive number. ${USAGE}`);
  if (['lite', 'swarm'].indexOf(options.profile) < 0) giveUp(`--profile is lite or swarm. ${USAGE}`);
  return options;
}

/** One swarm in a process of its own. @returns seed -> trace hash. */
function rowsOf(options, shard, nodeFlags, env) {
  return new Promise((resolve) => {
    const vouch = join(root, 'dist', 'node', 'cli', 'main.js');
    const swarm = ['sim', 'swarm', '--rows', '--json', '--jobs', '1', '--seeds', options.seeds, '--from', options.from];
    const args = nodeFlags.concat([vouch], swarm, ['--profile', options.profile, '--shard', shard]);
    const child = spawn(process.execPath, args, {
      cwd: root,
      env: Object.assign({}, process.env, env),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (data) => {
      output += data;
    });
    child.on('close', () => {
      const last = output.trim().split('\n').pop();
      const found = new Map();
      try {
        for (const row of JSON.parse(last).rows) found.set(row.seed, row.traceHash);
      } catch (_error) {
        giveUp(`A swarm ended without its result: ${last}`);
      }
      resolve(found);
    });
  });
}

/** Runs tasks, as many at a time as there are cores. */
async function inTurn(tasks) {
  const results = [];
  const queue = tasks.slice();
  const worker = async () => {
    for (let task = queue.shift(); task !== undefined; task = queue.shift()) results.push(await task());
  };
  await Promise.all(Array.from({ length: os.cpus().length }, worker));
  return results;
}

requireSupportedNode();
ensureInstalled();
const options = parse(process.argv.slice(2));
if (npm(['run', '--silent', 'build'], { stdio: 'inherit' }).status !== 0) giveUp('The build failed.');
const first = ['1/2', '2/2'].map((shard) => () => rowsOf(options, shard, [], {}));
// Three shards instead of two: every seed but the first few runs behind others than before.
const second = ['1/3', '2/3', '3/3'].map(
  (shard) => () =>
    rowsOf(options, shard, ['--random-seed=20481'], { TZ: 'Asia/Tokyo', LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8' }),
);
const merge = (maps) => new Map([].concat(...maps.map((map) => [...map])));
const before = merge(await inTurn(first));
const after = merge(await inTurn(second));
let failed = 0;
for (const [seed, hash] of before) {
  if (after.get(seed) === hash) continue;
  failed += 1;
  console.log(
    `seed ${seed}: ${hash} and ${after.get(seed)}; first difference: vouch sim bisect ${seed} --profile ${options.profile}`,
  );
}
if (before.size !== Number(options.seeds) || after.size !== before.size)
  giveUp(`Only ${before.size} and ${after.size} seeds ran.`);
console.log(`${before.size - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 4;
