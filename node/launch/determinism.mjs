/** `npm run determinism`: installs and builds what is missing, then runs the same seeds under several Node.js and in Chromium (--help). */
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
import(pathToFileURL(join(root, 'dist', 'node', 'determinism', 'main.js')).href);
