/**
 * Loaded ahead of a node's own code in real runs (`node --import '…/fault-layer.js?directory=…&held=…&seed=…&orders=…&sync=…'`): what no sync
 * covers is held back (node/torture/held-writes.ts), so that SIGKILL is a loss of power, and file calls fail as ordered (orders.ts).
 */
import { Random } from '../../core/random.ts';
import { operatingSystem } from '../disk/file-system.ts';
import { HeldWrites } from '../torture/held-writes.ts';
import { OrderedFaults } from './ordered-faults.ts';
import { confirmDeath, OrderReader } from './orders.ts';

/** Between two looks at the orders. */
const LOOK_MS = 10;

const asked = new URL(import.meta.url).searchParams;
const ordersFile = asked.get('orders') ?? '';
const seed = Number(asked.get('seed'));
const random = Random.stream([seed, seed, seed, seed], 'power-cut');
const held = new HeldWrites({
  below: { ...operatingSystem },
  directory: asked.get('directory') ?? '',
  heldDirectory: asked.get('held') ?? '',
  holds: () => random.below(2) === 0,
});
const faults = new OrderedFaults({
  below: held.fileSystem,
  syncMs: Number(asked.get('sync')),
  die: (how) => {
    if (how === 'crash') held.release(); // the operating system lives, and with it what was written
    confirmDeath(ordersFile);
    process.kill(process.pid, 'SIGKILL');
  },
});
Object.assign(operatingSystem, faults.fileSystem);
const orders = new OrderReader(ordersFile);
setInterval(() => {
  for (const order of orders.take()) faults.obey(order);
}, LOOK_MS).unref();
