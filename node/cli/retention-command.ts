/** `vouch vault retention`: shows or sets what a vault keeps of its past. */
import type { Command } from 'commander';
import { HttpError } from '../http/errors.ts';
import type { RetentionJson } from '../http/native-routes.ts';
import { retentionFrom } from '../http/retention-text.ts';
import { usageFailure } from './failure.ts';
import { print, printJson } from './output.ts';
import { Remote, type RemoteOptions, withRemoteOptions } from './remote.ts';

/** What the gateway would refuse is refused here, by the name of the flag. An empty one is a variable that was not set. */
export function checked(flag: string, header: string, text: string | undefined, read: (text: string) => unknown): void {
  if (text === '') throw usageFailure(`${flag} is empty.`);
  try {
    if (text !== undefined) read(text);
  } catch (error) {
    throw error instanceof HttpError ? usageFailure(error.message.replace(header, flag)) : error;
  }
}

export function addRetentionCommand(vault: Command): void {
  withRemoteOptions(
    vault
      .command('retention')
      .description('show or set what a vault keeps of its past; what falls out of it is removed for good')
      .argument('<vault>', 'name or id')
      .argument('[retention]', 'all, a number of heights such as 1000, or a time such as 30d (d, h, m, s, ms, us)'),
  )
    .addHelpText('after', '\nExample:\n  vouch vault retention docs\n  vouch vault retention docs 30d')
    .action(async (name: string, text: string | undefined, options: RemoteOptions) => {
      checked('the retention', 'A retention', text, retentionFrom);
      const remote = new Remote(options);
      const path = `/v1/stores/${await remote.vaultId(name)}/retention`;
      const found =
        text === undefined ? await remote.get<RetentionJson>(path) : await remote.put<RetentionJson>(path, { retention: text });
      if (options.json) return printJson(found);
      print(`retention     ${found.retention}`);
      print(`oldest height ${found.oldest_height} of ${found.height}, of ${found.oldest_time}`);
    });
}
