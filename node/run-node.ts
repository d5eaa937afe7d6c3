/** `vouch start` without its command line: opens a node, runs it until a signal or a fatal error, and says how it ended. */
import { type Logger, pino } from 'pino';
import type { Cipher } from '../core/capability.ts';
import { StorageError } from '../core/errors.ts';
import { socketLinks } from '../net/client/endpoint-link.ts';
import { openNodeSocket } from '../net/client/node-socket.ts';
import { type Address, formatAddress, isLoopback, parseAddress } from './config/address.ts';
import { type Settings, sizeBytes } from './config/schema.ts';
import { type OpenedDirectory, openDataDirectory } from './data-directory.ts';
import { systemEntropy } from './entropy.ts';
import { cipherOf, type KeyProvider } from './keys/provider.ts';
import { readNodeFile } from './node-file.ts';
import { EXIT_WITH_PARENT, watchParent } from './parent-watch.ts';
import { describeListenFailure, portProblem } from './port-probe.ts';
import type { RecordingRequest } from './record/node-recorder.ts';
import { NodeServer } from './server.ts';
import { packageVersion } from './version.ts';

export type NodeEnd =
  | { readonly kind: 'stopped' }
  /** Nothing ran. usage: the command line is wrong. */
  | { readonly kind: 'refused'; readonly message: string; readonly usage: boolean }
  /** It ran, and had to stop itself. */
  | { readonly kind: 'failed'; readonly message: string };

/** What the tapes of a node may take together, unless the operator says. */
const RECORD_LIMIT = '1GiB';

/**
 * Runs until the node ends. Never rejects for a reason that an operator can mend.
 * @param build which code this is, for the tape that it writes where settings.record is given
 */
export async function runNode(settings: Settings, masterKey: KeyProvider | undefined, build: string): Promise<NodeEnd> {
  const { data } = settings;
  if (data === undefined) return { kind: 'refused', usage: true, message: 'Name the data directory: --data DIR.' };
  const log = pino({ level: settings.logLevel ?? 'info', base: null, timestamp: pino.stdTimeFunctions.isoTime });
  // Asked before anything is written: a refused start leaves no directory behind.
  const before = readNodeFile(data);
  const listen = before?.listen ?? settings.listen;
  const insecure = settings.insecure ?? before?.insecure ?? false;
  const problem = listen === undefined ? undefined : await addressProblem(listen, insecure);
  if (problem !== undefined) return { kind: 'refused', usage: false, message: problem };
  let directory: OpenedDirectory;
  let cipher: Cipher | undefined;
  try {
    cipher = await cipherOf(masterKey);
    const { join, advertise } = settings;
    directory = await openDataDirectory(data, { listen: settings.listen, join, advertise, insecure }, systemEntropy, cipher);
  } catch (error) {
    if (error instanceof StorageError) return { kind: 'refused', usage: error.code === 'listen_missing', message: error.message };
    throw error;
  }
  for (const ignored of directory.ignored) {
    log.warn(`${ignored} is ignored: it was fixed at the first start and stands in ${directory.disk.directory}/NODE`);
  }
  const { advertise = directory.file.listen } = directory.file;
  if (/^(0\.0\.0\.0|\[::\]):/.test(advertise)) {
    log.warn(`other nodes cannot dial ${advertise}: in a cluster of several, --advertise an address that they reach`);
  }
  return serve({ directory, cipher, settings, build, log });
}

function recordingOf({ record, recordLimit }: Settings, build: string): RecordingRequest | undefined {
  if (record === undefined) return undefined;
  return { directory: record, limitBytes: sizeBytes(recordLimit ?? RECORD_LIMIT), build, version: packageVersion() };
}

async function addressProblem(listen: string, insecure: boolean): Promise<string | undefined> {
  const address = parseAddress(listen);
  if (address === undefined) return `"${listen}" is not HOST:PORT.`;
  if (!isLoopback(address.host) && !insecure) {
    return `${listen} can be reached from other machines, and nodes authenticate nobody yet: listen on 127.0.0.1, or accept that with --insecure.`;
  }
  const problem = await portProblem(address);
  return problem === undefined ? undefined : `${problem}.`;
}

interface Serving {
  readonly directory: OpenedDirectory;
  readonly cipher: Cipher | undefined;
  readonly settings: Settings;
  readonly build: string;
  readonly log: Logger;
}

async function serve({ directory, cipher, settings, build, log }: Serving): Promise<NodeEnd> {
  const address = parseAddress(directory.file.listen) as Address;
  let fail: (message: string) => void = () => undefined;
  const failed = new Promise<string>((resolve) => {
    fail = resolve;
  });
  let server: NodeServer;
  try {
    server = new NodeServer({
      directory,
      cipher,
      address,
      advertise: directory.file.advertise ?? directory.file.listen,
      batchMax: settings.batchMax,
      checkpointLogBytes: settings.checkpointLogBytes,
      leases: settings.leases ?? true,
      checkpointIntervalMs: settings.checkpointIntervalMs ?? 0,
      recording: recordingOf(settings, build),
      log,
      openLink: socketLinks(openNodeSocket, 'ws'),
      onFatal: (code, detail) => fail(`The node stopped itself (${code}): ${detail}`),
    });
  } catch (error) {
    await directory.disk.close();
    if (error instanceof StorageError) return { kind: 'refused', usage: false, message: error.message };
    throw error;
  }
  // A defect ends this node by a sentence; its stack goes to the log, where whoever mends it will look.
  process.once('uncaughtException', (error) => {
    log.fatal({ err: error }, 'unexpected failure');
    fail(`The node stopped itself (unexpected failure): ${error.message}`);
  });
  const stopped = stopRequested();
  try {
    await server.listen();
  } catch (error) {
    await server.abandon();
    return { kind: 'refused', usage: false, message: `${describeListenFailure(address, error as NodeJS.ErrnoException)}.` };
  }
  const encrypted = cipher !== undefined;
  log.info(
    { node: server.replica.id, listen: formatAddress(address), data: directory.disk.directory, encrypted },
    'the node is up',
  );
  const why = await Promise.race([failed.then((message) => ({ message })), stopped]);
  if (typeof why === 'object') {
    log.fatal(why.message);
    await server.abandon();
    return { kind: 'failed', message: why.message };
  }
  log.info({ why }, 'stopping');
  await server.close();
  return { kind: 'stopped' };
}

/** Resolves with the reason when the process is asked to end. */
function stopRequested(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => resolve(signal));
    const parent = process.env[EXIT_WITH_PARENT];
    if (parent !== undefined) watchParent(Number(parent), () => resolve('the parent process is gone'));
  });
}
