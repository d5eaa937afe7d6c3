/**
 * `npm run properties -- [--seed S] [--path P] [--only NAME] [--runs N] [--minutes M]`: every fast-check property with a
 * fresh seed, again and again until the minutes are over (one round without --minutes). The first failure ends it; the
 * failing test's message holds the one command that replays it, and that command is repeated as the last line.
 */
import { spawnSync } from 'child_process';
import * as crypto from 'crypto';
import { join } from 'path';
import { ensureInstalled, giveUp, requireSupportedNode, root } from './install.mjs';

const USAGE = 'Usage: npm run properties -- [--seed S] [--path P] [--only NAME] [--runs N] [--minutes M]';
const FLAGS = ['seed', 'path', 'only', 'runs', 'minutes'];

function parse(argv) {
  const options = {};
  for (let i = 0; i < argv.length; i += 1) {
    const equals = argv[i].indexOf('=');
    const name = argv[i].slice(2, equals < 0 ? undefined : equals);
    if (argv[i].slice(0, 2) !== '--' || FLAGS.indexOf(name) < 0) giveUp(`Unknown argument ${argv[i]}. ${USAGE}`);
    if (equals < 0) i += 1;
    const value = equals < 0 ? argv[i] : argv[i].slice(equals + 1);
    if (value === undefined || value === '') giveUp(`--${name} needs a value. ${USAGE}`);
    options[name] = value;
  }
  for (const name of ['seed', 'runs']) {
    if (options[name] !== undefined && !/^-?\d{1,10}$/.test(options[name])) giveUp(`--${name} is an integer. ${USAGE}`);
  }
  if (options.minutes !== undefined && !(Number(options.minutes) > 0)) giveUp(`--minutes is a positive number. ${USAGE}`);
  if (options.path !== undefined && options.seed === undefined) giveUp(`--path belongs to a --seed. ${USAGE}`);
  return options;
}

/** vitest's name filter: a regular expression over the names joined by spaces, where messages join them by ' > '. */
function namePattern(name) {
  const escaped = name.split(' > ').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return `^${escaped.join(' (?:> )?')}$`;
}

function runOnce(seed, options) {
  const env = Object.assign({}, process.env, { VOUCH_SEED: String(seed) });
  delete env.NODE_ENV;
  if (options.path !== undefined) env.VOUCH_PATH = options.path;
  if (options.runs !== undefined) env.VOUCH_RUNS = options.runs;
  const args = [join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', '.prop.test.ts', '--reporter=dot'];
  if (options.only !== undefined) args.push('--testNamePattern', namePattern(options.only));
  const result = spawnSync(process.execPath, args, { cwd: root, env, encoding: 'utf8', maxBuffer: 1 << 28 });
  const output = result.stdout + result.stderr;
  if (result.status !== 0) {
    process.stdout.write(output);
    const replay = /Replay: (npm run properties .*)/.exec(output);
    giveUp(replay === null ? `Failed: npm run properties -- --seed ${seed}` : `Failed. Replay: ${replay[1]}`);
  }
  const passed = /Tests\s.*?(\d+) passed/.exec(
    output
      .split('\u001b')
      .join('')
      .replace(/\[\d+m/g, ''),
  );
  if (passed === null) giveUp(`No property has that name: ${options.only}`);
  console.log(`seed ${seed}: ${passed[1]} properties hold`);
}

requireSupportedNode();
ensureInstalled();
const options = parse(process.argv.slice(2));
const endsAt = Date.now() + Number(options.minutes || 0) * 60000;
do {
  runOnce(options.seed === undefined ? crypto.randomInt(0, 0x7fffffff) : Number(options.seed), options);
} while (options.seed === undefined && Date.now() < endsAt);
