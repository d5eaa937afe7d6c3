/** A process that is told to die and told to live at nearly the same time: what counts is what it did. */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, expect, test } from 'vitest';
import type { RealNode } from '../../../node/real/real-node.ts';
import { binary, cleanUp, eventually, temporary } from '../support/vouch.ts';

afterAll(cleanUp);

const compiled = dirname(dirname(binary));
/** Compiled: the layer under a node's file calls is loaded into another process. */
const { RealNode: Compiled } = (await import(
  pathToFileURL(join(compiled, 'real/real-node.js')).href
)) as typeof import('../../../node/real/real-node.ts');

let node: RealNode | undefined;
afterEach(() => node?.end());

function make(work: string): { readonly node: RealNode; readonly events: string[]; readonly isUp: () => boolean } {
  const directory = temporary();
  const data = join(directory, 'data');
  const program = join(directory, 'program.mjs');
  const up = `${data}.up`;
  writeFileSync(
    program,
    `import { mkdirSync, writeFileSync } from 'node:fs';
    import { operatingSystem } from ${JSON.stringify(pathToFileURL(join(compiled, 'disk/file-system.js')).href)};
    mkdirSync(${JSON.stringify(data)}, { recursive: true });
    writeFileSync(${JSON.stringify(up)}, String(process.pid));
    ${work}`,
  );
  const events: string[] = [];
  const made = new Compiled(
    {
      ...{ binary: program, name: 'node-1', address: '127.0.0.1:1', data, join: [] },
      logFile: join(directory, 'log'),
    },
    { syncMs: 0, drawSeed: () => 1 },
    {
      died: (how) => events.push(`died: ${how}`),
      restarted: () => events.push('restarted'),
      endedByItself: (how) => events.push(`ended by itself: ${how}`),
    },
  );
  node = made;
  made.start();
  const isUp = (): boolean => {
    try {
      return readFileSync(up, 'utf8') === String(made.child.pid);
    } catch {
      return false;
    }
  };
  return { node: made, events, isUp };
}

/** Without a turn of the event loop: nobody here hears of the end meanwhile. */
function blockUntilDead(pid: number | undefined): void {
  const hand = new Int32Array(new SharedArrayBuffer(4));
  const state = (): string => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.[0] ?? '';
  while (state() !== 'Z') Atomics.wait(hand, 0, 0, 5);
}

/** The data directory is what follows `start --data`. */
const WRITES = `const file = operatingSystem.open(process.argv[4] + '/file', 'create');
  setInterval(() => operatingSystem.write(file, new Uint8Array(8), 0), 5);`;

test.runIf(process.platform === 'linux')('a death that was called off too late is the death that was planned', async () => {
  const { node: made, events, isUp } = make(WRITES);
  await eventually('it works', isUp);
  const first = made.child.pid;
  made.planCrash({ effects: 1, fromNextPersist: false, how: 'powerLoss' });
  blockUntilDead(first);
  made.restart();
  await eventually('it runs again', () => made.child.pid !== undefined && made.child.pid !== first);
  expect(events).toEqual(['restarted', 'died: powerLoss']);
});

test('a kill from outside is no death that was planned, whatever was planned and called off', async () => {
  const { node: made, events, isUp } = make('setInterval(() => undefined, 1000);');
  await eventually('it works', isUp);
  made.planCrash({ effects: 1, fromNextPersist: false, how: 'crash' });
  made.restart();
  process.kill(made.child.pid ?? 0, 'SIGKILL');
  await eventually('its end is heard of', () => events.length > 0);
  expect(events).toEqual(['ended by itself: SIGKILL']);
});
