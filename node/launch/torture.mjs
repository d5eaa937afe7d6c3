/** `npm run torture -- --minutes 10`: installs and builds what is missing, then kills and damages a real cluster under writes (--help). */
import { join } from 'path';
import { pathToFileURL } from 'url';
import { ensureBuilt } from './build.mjs';
import { ensureInstalled, giveUp, requireSupportedNode, root } from './install.mjs';

requireSupportedNode();
ensureInstalled();
const complaint = ensureBuilt();
if (complaint !== '') {
  console.error(complaint.trimEnd());
  giveUp('The build failed; the messages above say where.');
}
import(pathToFileURL(join(root, 'dist', 'node', 'torture', 'main.js')).href);
