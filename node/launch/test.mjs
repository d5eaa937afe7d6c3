/**
 * `npm test`: installs what is missing, then runs every gate (types, lint, build, tests) and ends with one plain line
 * `N passed, N failed`. All gates run even when one fails, so that one run shows everything. Status 0 means all passed.
 * Arguments are handed to vitest, so `npm test -- test/raft` runs the gates and those tests.
 */
import { spawnSync } from 'child_process';
import * as fs from 'fs'; // as a whole: an old Node refuses to link a name that it lacks, before we can say why
import { tmpdir } from 'os';
import { join } from 'path';
import { ensureInstalled, npm, requireSupportedNode, root } from './install.mjs';

const GATES = ['typecheck', 'lint', 'build'];

/** The environment of the gates: NODE_ENV=production would change how the tools behave. */
function gateEnvironment() {
  const env = Object.assign({}, process.env);
  delete env.NODE_ENV;
  return env;
}

function runGate(name, totals) {
  console.log(`\n> ${name}`);
  const result = npm(['run', '--silent', '--loglevel=error', name], { stdio: 'inherit', env: gateEnvironment() });
  if (result.status === 0) totals.passed += 1;
  else totals.failed += 1;
  console.log(name + (result.status === 0 ? ' passed' : ' FAILED'));
}

/** Adds vitest's counts. A file that does not load has no tests: it counts as one failure. */
function addReport(report, totals) {
  totals.passed += report.numPassedTests;
  totals.failed += report.numFailedTests;
  totals.skipped += report.numPendingTests + (report.numTodoTests || 0);
  for (const file of report.testResults) {
    if (file.status === 'failed' && !file.assertionResults.some((one) => one.status === 'failed')) totals.failed += 1;
  }
}

function runUnitTests(totals) {
  console.log('\n> unit');
  const folder = fs.mkdtempSync(join(tmpdir(), 'vouch-test-'));
  const output = join(folder, 'unit.json');
  const args = [join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', '--reporter=default', '--reporter=json'];
  const failedBefore = totals.failed;
  const result = spawnSync(process.execPath, args.concat([`--outputFile.json=${output}`], process.argv.slice(2)), {
    cwd: root,
    stdio: 'inherit',
    env: gateEnvironment(),
  });
  try {
    addReport(JSON.parse(fs.readFileSync(output, 'utf8')), totals);
  } catch (_error) {
    console.log('vitest wrote no report');
  }
  // An unhandled error, or a crash before the report, fails no test: the status says so, and the count must too.
  if (result.status !== 0 && totals.failed === failedBefore) totals.failed += 1;
  fs.rmSync(folder, { recursive: true, force: true });
}

requireSupportedNode();
ensureInstalled();
const totals = { passed: 0, failed: 0, skipped: 0 };
for (const gate of GATES) runGate(gate, totals);
runUnitTests(totals);
const skipped = totals.skipped > 0 ? `, ${totals.skipped} skipped` : '';
console.log(`\n${totals.passed} passed, ${totals.failed} failed${skipped}`);
process.exitCode = totals.failed === 0 ? 0 : 1;
