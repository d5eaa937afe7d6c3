/**
 * The file NODE of a data directory: the first-boot settings that later starts must not be asked for again. JSON, because an
 * operator who moves a node to another address edits it by hand. Written whole or not at all (core/replica/directory.ts).
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { StorageError } from '../core/errors.ts';

export const NODE_FILE: string = 'NODE';

export interface NodeFile {
  readonly format: 1;
  /** HOST:PORT. */
  readonly listen: string;
  readonly join: readonly string[];
  /** HOST:PORT under which others reach it, where that is another one. */
  readonly advertise?: string;
  /** Whether --insecure was given at the first start. */
  readonly insecure?: boolean;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= 256;
}

/** By hand: `vouch up` reads these files too, and a schema library takes longer to load than all the rest of it. */
function isNodeFile(value: object): value is NodeFile {
  const { format, listen, join: others, advertise, insecure } = value as Partial<Record<keyof NodeFile, unknown>>;
  if (format !== 1 || !isText(listen) || !Array.isArray(others) || others.length > 64 || !others.every(isText)) return false;
  return (advertise === undefined || isText(advertise)) && (insecure === undefined || typeof insecure === 'boolean');
}

export function encodeNodeFile(file: NodeFile): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(file, undefined, 2)}\n`);
}

/** Throws StorageError with a sentence where the text is not what encodeNodeFile wrote, or an edit of it. */
export function decodeNodeFile(text: string): NodeFile {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new StorageError(
      'node_file_damaged',
      `The file ${NODE_FILE} is not JSON. It holds {"format":1,"listen":"HOST:PORT","join":[]}.`,
    );
  }
  const fields: object = typeof parsed === 'object' && parsed !== null ? parsed : {};
  const format = 'format' in fields ? fields.format : undefined;
  if (typeof format === 'number' && format > 1) {
    throw new StorageError(
      'newer_format',
      `The file ${NODE_FILE} has a newer format: start this node with a newer Vouch. Nothing was changed.`,
    );
  }
  if (!isNodeFile(fields)) {
    throw new StorageError(
      'node_file_damaged',
      `The file ${NODE_FILE} is incomplete. It holds {"format":1,"listen":"HOST:PORT","join":[]}.`,
    );
  }
  return fields;
}

/** The settings of a directory that nobody has open here; undefined where there are none that can be read. */
export function readNodeFile(directory: string): NodeFile | undefined {
  try {
    return decodeNodeFile(readFileSync(join(directory, NODE_FILE), 'utf8'));
  } catch {
    return undefined;
  }
}
