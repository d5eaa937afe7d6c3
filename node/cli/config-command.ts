/** `vouch config`: what `vouch start` with the same options would run with, and where each value came from. Shows no key. */
import type { Command } from 'commander';
import { SETTINGS, type Settings } from '../config/schema.ts';
import { print, printJson } from './output.ts';
import { loadStart, type StartFlags, withStartOptions } from './start-options.ts';

const DEFAULTS: Settings = { logLevel: 'info', insecure: false, batchMax: 100, leases: true };

interface Shown {
  readonly name: string;
  readonly value: unknown;
  readonly from: string;
}

export function addConfigCommand(program: Command): void {
  withStartOptions(program.command('config').description('print the settings of vouch start and where each came from'))
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  VOUCH_LOG_LEVEL=debug vouch config --data ./data/a')
    .action((flags: StartFlags) => {
      const { settings, sources, masterKey } = loadStart(flags);
      const shown = SETTINGS.map(({ name }): Shown => {
        const value = settings[name] ?? DEFAULTS[name];
        return { name, value, from: sources.get(name) ?? (value === undefined ? 'not set' : 'default') };
      });
      shown.push({ name: 'masterKey', value: undefined, from: masterKey?.name ?? 'not set: new directories are not encrypted' });
      if (flags.json === true) return printJson(Object.fromEntries(shown.map(({ name, ...rest }) => [name, rest])));
      for (const { name, value, from } of shown)
        print(`${name.padEnd(10)} ${value === undefined ? '' : `${String(value)}  `}(${from})`);
    });
}
