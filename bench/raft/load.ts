/**
 * The load on Vouch, a process of its own: `node load.js ENDPOINTS WORK CLIENTS SECONDS`. Every client is one request that waits for
 * its answer; they share a few connections, as the requests of an application do. Prints a Figure as JSON.
 */
import { connect, type Operation, type Vault } from '../../net/client/public.ts';
import { type Figure, keyOf, type Load, TRANSACTION_WRITES, VALUE, type Work } from './workload.ts';

const CONNECTIONS_MAX = 4;
const WARM_UP_MS = 1_000;

function setting(number: number): Operation {
  return { op: 'setEntity', key: keyOf(number), value: VALUE, expiresAt: 0, condition: undefined };
}

function ask(vault: Vault, work: Work, number: number): Promise<unknown> {
  switch (work) {
    case 'write':
      return vault.transact([setting(number)]);
    case 'transaction':
      return vault.transact(Array.from({ length: TRANSACTION_WRITES }, (_, i) => setting(number * TRANSACTION_WRITES + i)));
    case 'read':
      return vault.getEntity(keyOf(number));
  }
}

async function run(endpoints: readonly string[], { work, clients, seconds }: Load): Promise<Figure> {
  const count = Math.min(clients, CONNECTIONS_MAX);
  const connections = await Promise.all(Array.from({ length: count }, () => connect({ endpoints, organization: 'bench' })));
  const vaults = await Promise.all(connections.map((connection) => connection.vault('main')));
  const begin = performance.now() + WARM_UP_MS;
  const end = begin + seconds * 1000;
  const latencies: number[] = [];
  let next = 0;
  const client = async (position: number): Promise<void> => {
    const vault = vaults[position % count] as Vault;
    for (let now = performance.now(); now < end; ) {
      next += 1;
      await ask(vault, work, next);
      const answered = performance.now();
      if (now >= begin && answered < end) latencies.push(answered - now);
      now = answered;
    }
  };
  await Promise.all(Array.from({ length: clients }, (_, position) => client(position)));
  await Promise.all(connections.map((connection) => connection.close()));
  latencies.sort((a, b) => a - b);
  return { perSecond: latencies.length / seconds, latencyMicros: Math.round((latencies[latencies.length >> 1] ?? 0) * 1000) };
}

const [endpoints = '', work = '', clients = '', seconds = ''] = process.argv.slice(2);
console.log(
  JSON.stringify(await run(endpoints.split(','), { work: work as Work, clients: Number(clients), seconds: Number(seconds) })),
);
