/** A property that fails must say how to see it fail again: the command is what `npm run properties` accepts. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { property, propertyOptions, replayCommand } from '../support/property.ts';

test('a failing property ends with the one command that replays it', () => {
  const seen: { message: string }[] = [];
  try {
    fc.assert(
      fc.property(fc.nat(), (n) => n < 10),
      propertyOptions(),
    );
  } catch (error) {
    seen.push(error as Error);
  }
  expect(seen[0]?.message).toMatch(/Replay: npm run properties -- --seed -?\d+ --path [\d:]+ --only 'a failing property ends/);
});

property('a replay command quotes any test name for the shell', fc.string(), (name) => {
  const quoted = replayCommand(name, 1, null).split('--only ')[1] ?? '';
  // What a POSIX shell makes of it: quoted runs taken literally, \' outside of them an apostrophe.
  const unquoted = quoted.replace(/'([^']*)'|\\'/g, (_, run: string | undefined) => run ?? "'");
  expect(name.includes('--only ') || unquoted === name).toBe(true);
});
