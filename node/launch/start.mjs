/**
 * `npm start`: installs what is missing, builds what is stale, and runs a local cluster of three real nodes with its data in
 * ./.vouch. Arguments are handed to `vouch up`. Ctrl-C, SIGTERM or the end of npm stops everything; the data stays.
 */
import { join } from 'path';
import { pathToFileURL } from 'url';
import { binary, ensureBuilt, isBuildStale } from './build.mjs';
import { ensureInstalled, giveUp, requireSupportedNode, root } from './install.mjs';

requireSupportedNode();
ensureInstalled();
if (isBuildStale()) console.error('Building ...');
const complaint = ensureBuilt();
if (complaint !== '') {
  console.error(complaint.trimEnd());
  giveUp('The build failed; the messages above say where.');
}
const given = process.argv.slice(2);
const names = given.map((argument) => argument.split('=')[0]);
const directory = names.includes('--dir') ? [] : ['--dir', join(root, '.vouch')];
// In this very process: one process less between npm and the nodes, so the end of npm is noticed directly.
process.argv = [process.execPath, binary, 'up'].concat(directory, given);
import(pathToFileURL(binary).href);
