/**
 * Two kinds of failure besides InvariantError (assert.ts): what came from outside and does not decode is a `Decoded`
 * result; what a disk refused is a StorageError thrown by a DirectoryReader and caught where the node is opened.
 */
import { InvariantError } from './assert.ts';

/** Reason a byte string from outside was refused; never an exception. */
export type DecodeError =
  | 'truncated'
  | 'trailing_bytes'
  | 'bad_version'
  | 'bad_tag'
  | 'bad_length'
  | 'bad_value'
  | 'bad_utf8'
  | 'bad_checksum'
  | 'too_large';

export type Decoded<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: DecodeError; readonly offset: number };

/** A read error of the data directory, or contents that must not be believed. */
export class StorageError extends Error {
  override readonly name: string = 'StorageError';
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** What this node has stored of a group is not what was written: the group stops here, its siblings go on (C5). */
export class DamageError extends InvariantError {
  override readonly name: string = 'DamageError';
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}
