/** `vouch witness` without its command line: opens the journal, serves until a signal, and says how it ended. */
import { StorageError } from '../../core/errors.ts';
import { encodeVkey, noteKey, SignatureType } from '../../core/note/key.ts';
import type { WitnessRules } from '../../core/note/witness.ts';
import { type Address, formatAddress } from '../config/address.ts';
import { systemEntropy } from '../entropy.ts';
import { nativeHasher } from '../hasher.ts';
import { nativeSigner } from '../keys/native-ed25519.ts';
import { describeListenFailure } from '../port-probe.ts';
import { WitnessJournal } from './journal.ts';
import { WitnessServer } from './witness-server.ts';

export interface WitnessSettings {
  readonly data: string;
  readonly listen: Address;
  /** Key name of a new witness; of an old one it must be the same, or left out. */
  readonly name: string | undefined;
  readonly rules: WitnessRules;
  /** One line for the operator. */
  readonly say: (line: string) => void;
}

/** message: why it did not start or had to stop; undefined: it was asked to end. */
export async function runWitness({ data, listen, name, rules, say }: WitnessSettings): Promise<string | undefined> {
  let journal: WitnessJournal;
  try {
    journal = WitnessJournal.open(data, name === undefined ? undefined : () => ({ name, seed: newSeed() }));
  } catch (error) {
    if (error instanceof StorageError) return error.message;
    throw error;
  }
  const { identity } = journal;
  try {
    if (name !== undefined && name !== identity.name) return `The witness in ${data} is ${identity.name}: leave --name out.`;
    return await serve(journal, listen, rules, say);
  } finally {
    journal.close();
  }
}

async function serve(
  journal: WitnessJournal,
  listen: Address,
  rules: WitnessRules,
  say: (line: string) => void,
): Promise<string | undefined> {
  const { name, seed } = journal.identity;
  const signer = nativeSigner(seed.slice());
  let end: (message: string | undefined) => void = () => undefined;
  const ended = new Promise<string | undefined>((resolve) => {
    end = resolve;
  });
  const nowS = (): number => Math.floor(Date.now() / 1000);
  const server = new WitnessServer({
    journal,
    signer,
    rules,
    nowS,
    onFatal: (message) => end(`The witness stopped itself: ${message}`),
  });
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, () => end(undefined));
  let port: number;
  try {
    port = await server.listen(listen);
  } catch (error) {
    return `${describeListenFailure(listen, error as NodeJS.ErrnoException)}.`;
  }
  const key = noteKey(nativeHasher, { name, type: SignatureType.cosignature, publicKey: signer.publicKey });
  say(
    `witness ${name} listens on http://${formatAddress({ host: listen.host, port })}/ and has signed for ${journal.origins} logs`,
  );
  say(`pin this key: ${encodeVkey(key)}`);
  const message = await ended;
  await server.close();
  return message;
}

function newSeed(): Uint8Array {
  const seed = new Uint8Array(32);
  systemEntropy.fill(seed, 0, seed.length);
  return seed;
}
