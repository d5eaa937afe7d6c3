/** The command line by itself: what a wrong one gets, and that every command explains itself. No node is running here. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { cleanUp, freePorts, temporary, vouch } from './support/vouch.ts';

afterAll(cleanUp);

const TRACE = /\n\s+at |node:internal|\.js:\d+|\.ts:\d+/;

function refused(args: readonly string[], status: 1 | 2): string {
  const result = vouch(args);
  expect(result.stderr).not.toMatch(TRACE);
  expect([result.status, result.stdout]).toEqual([status, '']);
  return result.stderr;
}

describe('help', () => {
  test.each([
    'up',
    'start',
    'init',
    'status',
    'org create',
    'vault create',
    'vault retention',
    'vault status',
    'vault recover',
    'tuple write',
    'tuple read',
    'tuple delete',
    'tuple import',
    'tuple export',
    'entity set',
    'entity get',
    'entity delete',
    'watch',
    'check',
    'model test',
    'verify',
    'receipt',
    'witness',
    'block get',
    'audit export',
    'audit verify',
    'members',
    'fsck',
    'backup',
    'backup verify',
    'restore',
    'member add',
    'member remove',
    'member promote',
    'member priority',
    'member replace',
    'transfer',
    'drain',
  ])('vouch %s --help shows an example', (command) => {
    const { status, stdout } = vouch([...command.split(' '), '--help']);
    expect([status, stdout.includes(`Example:\n  vouch ${command}`)]).toEqual([0, true]);
  });

  test('vouch --version prints the version', () => {
    expect(vouch(['--version'])).toMatchObject({ status: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+/) });
  });
});

describe('a wrong command line is status 2 and a sentence', () => {
  test.each([
    [['strat'], /unknown command 'strat'/],
    [['start', '--dta', 'x'], /unknown option '--dta'/],
    [['start'], /--data DIR/],
    [['start', '--data', '/nowhere/x', '--listen', 'here'], /listen is HOST:PORT/],
    [['start', '--data', '/nowhere/x', '--join', '127.0.0.1:0'], /join is HOST:PORT/],
    [['start', '--data', '/nowhere/x', '--join', ','], /join is HOST:PORT/],
    [['start', '--data', '/nowhere/x', '--join', 'a:1,b:70000'], /join is HOST:PORT/],
    [['member', 'remove', '3fa9', '--wait', 'x'], /--wait is a whole number of seconds/],
    [['member', 'priority', '3fa9', '256'], /from 0 to 255, not "256"/],
    [['transfer', '--spread', '--group', '1'], /for all groups/],
    [['check', '--vault', 'v', 'a:1#b@c:1', '--consistency', 'linearisable'], /--consistency is "linearizable"/],
    [['check', '--vault', 'v', 'a:1#b@c:1', '--at', 'yesterday'], /--at is a height from 1 or a time/],
    [['tuple', 'read', '--vault', 'v', '--at', ''], /--at is empty/],
    [['up', '--nodes', '0'], /--nodes is a whole number from 1 to 9/],
    [['up', '--port', '99999'], /--port is a whole number/],
    [['init', '--expect', 'x'], /--expect is a whole number/],
    [['status', '--host', 'x'], /--host is HOST:PORT/],
    [['tuple', 'write', '--vault', 'v', 'document:1'], /write object#relation@user/],
    [['tuple', 'write', 'document:1#viewer@user:anne'], /Name the vault/],
    [['tuple', 'import', '--vault', 'v', 'x', '--format', 'xml'], /--format is ndjson or csv/],
    [['tuple', 'import', '--vault', 'v', '-', '--resume'], /--cursor FILE/],
    [['tuple', 'export', '--vault', 'v', 'package.json'], /package.json exists.*--force/],
    [['entity', 'set', '--vault', 'v', 'k'], /Give the value/],
    [['entity', 'set', '--vault', 'v', 'k', 'x', '--if-absent', '--if-present'], /give one/],
    [['entity', 'set', '--vault', 'v', 'k', 'x', '--expires', 'soon'], /--expires is a time/],
    [['watch', '--vault', 'v', '--from', '0'], /--from is a whole number from 1/],
    [['check'], /missing required argument 'object#relation@user'/],
    [['verify', 'no-such-file.json'], /cannot be read: ENOENT/],
    [['verify', 'package.json', '--block', 'xyz'], /--block is 64 hex digits/],
    [['audit', 'export', '--vault', 'v'], /Name the file to write: -o FILE/],
    [['audit', 'export', '-o', 'x.audit'], /Name the vault/],
    [['audit', 'export', '--vault', 'v', '-o', 'package.json'], /package.json exists.*--force/],
    [['audit', 'verify', 'no-such.audit'], /There is no file no-such.audit/],
    [['audit', 'verify', 'test'], /is no regular file/],
    [['audit', 'verify', 'package.json', '--block', 'xyz'], /--block is 64 hex digits/],
  ])('vouch %j', (args, sentence) => {
    expect(refused(args, 2)).toMatch(sentence);
  });
});

test('up says why a directory cannot be made, and ends', () => {
  expect(refused(['up', '--dir', '/proc/x/y'], 1)).toMatch(/The directory \/proc\/x\/y cannot be made.*--dir/);
});

describe('start refuses with one sentence and leaves nothing behind', () => {
  test('an address that other machines can reach, without --insecure', () => {
    const data = join(temporary(), 'data');
    expect(refused(['start', '--listen', '0.0.0.0:7400', '--data', data], 1)).toMatch(/authenticate nobody yet.*--insecure/);
    expect(() => readdirSync(data)).toThrow();
  });

  test('a busy port', async () => {
    const port = await freePorts(1);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    const data = join(temporary(), 'data');
    const message = refused(['start', '--listen', `127.0.0.1:${port}`, '--data', data], 1);
    expect(message).toBe(`vouch: Port ${port} on 127.0.0.1 is in use by another program.\n`);
    expect(() => readdirSync(data)).toThrow();
    await new Promise((resolve) => server.close(resolve));
  });

  test('a foreign directory', async () => {
    const data = join(temporary(), 'data');
    mkdirSync(data);
    writeFileSync(join(data, 'photo.jpg'), '');
    const message = refused(['start', '--listen', `127.0.0.1:${await freePorts(1)}`, '--data', data], 1);
    expect(message).toMatch(/not empty and not a Vouch data directory/);
    expect(readdirSync(data)).toEqual(['photo.jpg']);
  });

  test('a new directory without --listen', () => {
    expect(refused(['start', '--data', join(temporary(), 'data')], 2)).toMatch(/also needs --listen/);
  });
});

describe('without a node', () => {
  test('commands name the host that does not answer', async () => {
    const host = `127.0.0.1:${await freePorts(1)}`;
    const commands: readonly [string[], 1 | 2][] = [
      [['status'], 1],
      [['vault', 'create', 'x'], 1],
      [['check', '--vault', 'x', 'a:1#b@c:1'], 2], // 1 says "denied"
    ];
    for (const [args, status] of commands) {
      expect(refused([...args, '--host', host], status)).toMatch(
        new RegExp(`No Vouch node can be reached at ${host} \\(ECONNREFUSED\\)`),
      );
    }
  });

  test('verify refuses what is no answer, with the stage', () => {
    const file = join(temporary(), 'answer.json');
    for (const text of ['', '{', '[]', 'null', '{"allowed":true}']) {
      writeFileSync(file, text);
      expect(refused(['verify', file], 1)).toMatch(/^vouch: REJECTED \((decode|shape)\): /);
    }
  });
});
