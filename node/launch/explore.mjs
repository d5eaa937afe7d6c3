/**
 * `npm run explore`: exhausts the scopes below with the production Raft, one after the other, and compares the number of states with
 * what it was when they were written down: another number means that Raft, or what the exploration takes for one, has changed.
 * Prints the distinct states a second; the last line is `N passed, N failed`.
 */
import { spawnSync } from 'child_process';
import { join } from 'path';
import { ensureInstalled, giveUp, npm, requireSupportedNode, root } from './install.mjs';

/** Distinct states up to names of nodes, and the depth of the search. */
const SCOPES = [
  { scope: 'nodes=3,terms=2,entries=2,crashes=1,links=1', states: 5055175, depth: 49 },
  { scope: 'nodes=3,terms=2,entries=1,crashes=1,links=0', states: 670061, depth: 41 },
];

function exploreScope(scope) {
  const vouch = join(root, 'dist', 'node', 'cli', 'main.js');
  const child = spawnSync(process.execPath, [vouch, 'sim', 'explore', scope, '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  });
  const last = child.stdout.trim().split('\n').pop();
  try {
    return JSON.parse(last);
  } catch (_error) {
    return giveUp(`The exploration of ${scope} ended without its result: ${last}`);
  }
}

requireSupportedNode();
ensureInstalled();
if (npm(['run', '--silent', 'build'], { stdio: 'inherit' }).status !== 0) giveUp('The build failed.');
let failed = 0;
for (const { scope, states, depth } of SCOPES) {
  const report = exploreScope(scope);
  const isSame = report.verdict === 'pass' && report.states === states && report.depth === depth;
  if (!isSame) failed += 1;
  const found = report.violation === null ? report.verdict : `${report.violation.oracle}: ${report.violation.message}`;
  const expected = isSame ? '' : `; expected: pass, ${states} states, depth ${depth}`;
  console.log(
    `${scope}: ${found}, ${report.states} states, depth ${report.depth}, ${(report.wallMs / 1000).toFixed(1)} s, ` +
      `${report.statesPerSecond} states a second${expected}`,
  );
}
console.log(`${SCOPES.length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
