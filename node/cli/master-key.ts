/** The master key of a command, apart from the settings of a node: who only opens a file needs none of those. */
import { StorageError } from '../../core/errors.ts';
import { type KeyProvider, MASTER_KEY_VARIABLE, providerOf } from '../keys/provider.ts';
import { CliFailure } from './failure.ts';

/** The master key that a command is given by a flag or by the environment. */
export function masterKeyFrom(
  from: { readonly keyFile: string | undefined; readonly data: string | undefined },
  variable: string = MASTER_KEY_VARIABLE,
): KeyProvider | undefined {
  try {
    return providerOf({ ...from, variable, text: process.env[variable] });
  } catch (error) {
    throw error instanceof StorageError ? new CliFailure(error.message, 2) : error;
  }
}
