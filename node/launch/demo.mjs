/** `npm run demo`: installs and builds what is missing, then loads real input into a real cluster while killing its leader. */

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
import(pathToFileURL(join(root, 'dist', 'node', 'demo', 'main.js')).href);
