/** Whether a listen address can be had, asked before anything is written: a busy port must not leave a directory behind. */
import { createServer } from 'node:net';
import type { Address } from './config/address.ts';

/** undefined where the address is free now; else a sentence without its end: "Port 7400 is in use…". */
export async function portProblem({ host, port }: Address): Promise<string | undefined> {
  const server = createServer();
  const failure = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
    server.once('error', resolve);
    server.listen({ host, port, exclusive: true }, () => resolve(undefined));
  });
  if (failure !== undefined) return describeListenFailure({ host, port }, failure);
  await new Promise((resolve) => server.close(resolve));
  return undefined;
}

/** What a failed listen means to the person who asked for it. */
export function describeListenFailure({ host, port }: Address, error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'EADDRINUSE':
      return `Port ${port} on ${host} is in use by another program`;
    case 'EACCES':
      return `Port ${port} needs more rights than this user has; ports from 1024 on do not`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `${host} is not an address of this machine`;
    default:
      return `${host}:${port} cannot be listened on (${error.code ?? error.message})`;
  }
}
