/** The tapes of a campaign: with --record every node records every life, and in the end each of them must replay to what it was. */
import { spawnSync } from 'node:child_process';
import { BINARY } from './nodes.ts';

/** No tape may go before it was replayed. */
const LIMIT = '999999GiB';

/** The environment of nodes that record. */
export function recordingTo(directory: string | undefined): Readonly<Record<string, string>> {
  return directory === undefined ? {} : { VOUCH_RECORD: directory, VOUCH_RECORD_LIMIT: LIMIT };
}

export interface TapesVerdict {
  readonly tapes: number;
  readonly equal: number;
  readonly inputs: number;
  /** What `vouch sim replay` said of the others. */
  readonly complaints: readonly string[];
}

/** Replays every tape of the directory, in a process of its own. */
export function replayTapes(directory: string): TapesVerdict {
  const { stdout, stderr } = spawnSync(process.execPath, [BINARY, 'sim', 'replay', directory, '--json'], {
    encoding: 'utf8',
    maxBuffer: 1 << 30,
  });
  const complaints = stderr.split('\n').filter((line) => line.trim() !== '');
  const last = stdout.trim().split('\n').at(-1) ?? '';
  if (!last.startsWith('{')) return { tapes: 0, equal: 0, inputs: 0, complaints: [...complaints, 'the tapes were not replayed'] };
  const { tapes, equal, inputs } = JSON.parse(last) as Omit<TapesVerdict, 'complaints'>;
  return { tapes, equal, inputs, complaints };
}
