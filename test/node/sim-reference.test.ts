/** docs/reference/sim.md lists what `--help` lists; `UPDATE_DOCS=1 npx vitest run test/node/sim-reference.test.ts` writes its tables again. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, type Option } from 'commander';
import { describe, expect, test } from 'vitest';
import { addSimCommands } from '../../node/cli/sim.ts';
import { root } from '../support/sources.ts';

const path = join(root, 'docs', 'reference', 'sim.md');
const program = new Command('vouch');
addSimCommands(program);
const sim = program.commands[0] as Command;

function table(command: Command): string {
  const usage = `\`vouch sim ${command.name()} ${command.usage()}\``;
  return ['', usage, '', '| Option | |', '|---|---|', ...command.options.map(row), ''].join('\n');
}

/** commander gives `--no-x` the default true. */
function row({ flags, description, defaultValue, negate, mandatory }: Option): string {
  const fallback = defaultValue === undefined || negate ? '' : ` (default: ${String(defaultValue)})`;
  return `| \`${flags}\` | ${description.replaceAll('|', '\\|')}${fallback}${mandatory ? ' (required)' : ''} |`;
}

function help(command: Command): string {
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part) });
  command.outputHelp();
  return text;
}

const block = (name: string): RegExp => new RegExp(`(<!-- options: ${name} -->\n)([^]*?)(<!-- end -->)`);

if (process.env.UPDATE_DOCS !== undefined) {
  let text = readFileSync(path, 'utf8');
  for (const command of sim.commands) text = text.replace(block(command.name()), `$1${table(command)}\n$3`);
  writeFileSync(path, text);
}
const page = readFileSync(path, 'utf8');

describe('docs/reference/sim.md', () => {
  test('has a section for every command, and no other', () => {
    const sections = [...page.matchAll(/^### (.+)$/gm)].map(([, name]) => name);
    expect(sections.sort()).toEqual(sim.commands.map((command) => command.name()).sort());
  });

  test.each(sim.commands.map((command) => [command.name(), command] as const))(
    '%s: options and example are those of --help',
    (name, command) => {
      expect(block(name).exec(page)?.[2]).toBe(`${table(command)}\n`);
      const example = /Examples?:\n {2}(.+)/.exec(help(command))?.[1] ?? `vouch sim ${name}`;
      const section = page.split(`### ${name}\n`)[1]?.split('\n### ')[0];
      expect(section).toContain(`\n${example}\n`);
    },
  );

  test('and the help of sim itself know every status', () => {
    for (const status of ['0', '1', '2', '3', '4', '5', '130']) {
      expect(page).toMatch(new RegExp(`^\\| ${status} \\|`, 'm'));
      expect(help(sim)).toMatch(new RegExp(`[:·] ${status} `));
    }
  });
});
