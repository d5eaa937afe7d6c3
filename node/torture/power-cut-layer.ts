/**
 * Loaded ahead of a node's own code (`node --import '…/power-cut-layer.js?directory=…&held=…&seed=…'`), in tests only: it puts held-writes.ts
 * in the place of the operating system's file calls, so that SIGKILL does to the node what a power cut does.
 */
import { Random } from '../../core/random.ts';
import { operatingSystem } from '../disk/file-system.ts';
import { HeldWrites } from './held-writes.ts';

const asked = new URL(import.meta.url).searchParams;
const seed = Number(asked.get('seed'));
const random = Random.stream([seed, seed, seed, seed], 'power-cut');
const layer = new HeldWrites({
  below: { ...operatingSystem },
  directory: asked.get('directory') ?? '',
  heldDirectory: asked.get('held') ?? '',
  holds: () => random.below(2) === 0,
});
Object.assign(operatingSystem, layer.fileSystem);
