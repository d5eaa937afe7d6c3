/**
 * The file NODE of a data directory: the first-boot settings that later starts must not be asked for again. JSON, because an
 * operator who moves a node to another address edits it by hand. Written whole or not at all (core/replica/directory.ts).
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TSchema, Type } from 'typebox';
import { Value } from 'typebox/value';
import { StorageError } from '../core/errors.ts';

export const NODE_FILE: string = 'NODE';

export interface NodeFile {
  readonly format: 1;
  /** HOST:PORT. */
  readonly listen: string;
  readonly join: readonly string[];
}

const NodeFileSchema: TSchema = Type.Object({
  format: Type.Literal(1),
  listen: Type.String({ minLength: 1, maxLength: 256 }),
  join: Type.Array(Type.String({ minLength: 1, maxLength: 256 }), { maxItems: 64 }),
});

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
  const format = typeof parsed === 'object' && parsed !== null && 'format' in parsed ? parsed.format : undefined;
  if (typeof format === 'number' && format > 1) {
    throw new StorageError(
      'newer_format',
      `The file ${NODE_FILE} has a newer format: start this node with a newer Vouch. Nothing was changed.`,
    );
  }
  if (!Value.Check(NodeFileSchema, parsed)) {
    throw new StorageError(
      'node_file_damaged',
      `The file ${NODE_FILE} is incomplete. It holds {"format":1,"listen":"HOST:PORT","join":[]}.`,
    );
  }
  return parsed as NodeFile;
}

/** The settings of a directory that nobody has open here; undefined where there are none that can be read. */
export function readNodeFile(directory: string): NodeFile | undefined {
  try {
    return decodeNodeFile(readFileSync(join(directory, NODE_FILE), 'utf8'));
  } catch {
    return undefined;
  }
}
