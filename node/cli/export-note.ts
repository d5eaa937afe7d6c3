/** The signed checkpoint that `vouch audit export` puts into its file: asked for before the blocks, so that it covers all of them. */
import { type Checkpoint, decodeCheckpoint } from '../../core/note/checkpoint.ts';
import { isLogOf } from '../../core/note/names.ts';
import { decodeNote } from '../../core/note/note.ts';
import { countOf } from './checkpoint-command.ts';
import { CliFailure } from './failure.ts';
import type { Remote } from './remote.ts';

export interface NoteOptions {
  /** `false` of --no-checkpoint. */
  readonly checkpoint?: boolean;
  readonly minSignatures?: string;
}

/** A note as the node gave it. Its signatures are for the reader to check, under keys of their own. */
export interface ExportNote {
  readonly text: string;
  readonly checkpoint: Checkpoint;
}

/**
 * Asks for a vault's checkpoint. Too few nodes may be there to sign; then the export goes without, unless a number of them was demanded.
 * @returns a text says why there is none
 */
export async function exportNote(remote: Remote, store: string, options: NoteOptions): Promise<ExportNote | string | undefined> {
  if (options.checkpoint === false) return undefined;
  const { minSignatures } = options;
  const query = minSignatures === undefined ? '' : `?signatures=${countOf('--min-signatures', minSignatures)}`;
  let text: string;
  try {
    text = await remote.text(`/v1/stores/${store}/checkpoint${query}`);
  } catch (error) {
    if (!(error instanceof CliFailure) || minSignatures !== undefined) throw error;
    return error.message;
  }
  const note = decodeNote(text);
  const checkpoint = note.ok ? decodeCheckpoint(note.value.text) : note;
  if (!checkpoint.ok) throw new CliFailure(`${remote.address} sent a checkpoint that is none: ${checkpoint.reason}.`);
  return { text, checkpoint: checkpoint.value };
}

/** Whether the checkpoint is of this vault's log, and of no more blocks than there are. @throws CliFailure */
export function demandFitting(
  { checkpoint }: ExportNote,
  { newest, ...owner }: { readonly newest: number; readonly organization: Uint8Array; readonly vault: Uint8Array },
): void {
  if (isLogOf(checkpoint.origin, owner) && checkpoint.size >= 1 && checkpoint.size <= newest) return;
  throw new CliFailure('The node sent a checkpoint of another log than that of the blocks. Ask another node.');
}
