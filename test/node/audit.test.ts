/** `vouch audit` on real processes: a vault's history goes out of a cluster and is executed again where there is none. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connect, type VouchClient } from '../../net/client/client.ts';
import type { Vault } from '../../net/client/vault.ts';
import { cleanUp, eventually, type Finished, freePorts, start, temporary, vouch } from './support/vouch.ts';

/** More blocks than fit a page. */
const BLOCKS = 300;
const HEX = '[0-9a-f]{64}';

const folder = temporary();
let host = '';
let other = '';
let client: VouchClient;
let vault: Vault;
/** Of the newest block when everything was written, by an answer to a write. */
let known = '';

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

beforeAll(async () => {
  const port = await freePorts(2);
  start(['up', '--nodes', '2', '--dir', join(folder, 'cluster'), '--port', String(port)]);
  host = `127.0.0.1:${port}`;
  other = `127.0.0.1:${port + 1}`;
  await eventually('the cluster is ready', () => vouch(['status', '--host', host]).status === 0, 60_000);
  client = await connect({ endpoints: [host], organization: 'default' });
  vault = await client.createVault('docs');
  for (let block = 0; block < BLOCKS; block += 50) {
    await Promise.all(Array.from({ length: 50 }, (_, at) => vault.setEntity(`k${at}`, Uint8Array.of(block & 255))));
  }
  const soon = Date.now() * 1000 + 1_500_000;
  await vault.write([{ resource: 'document:1', relation: 'viewer', subject: 'user:bob' }], { expiresAt: soon });
  // One at a time: each is a block, so that there are several pages.
  for (let block = 0; block < BLOCKS; block += 1) await vault.setEntity('counter', Uint8Array.of(block & 255, block >> 8));
  await eventually(
    'the tuple expires',
    async () => (await vault.check({ resource: 'document:1', relation: 'viewer', subject: 'user:bob' })).allowed === false,
  );
  const receipt = await vault.write([{ resource: 'document:1', relation: 'viewer', subject: 'user:anne' }], {
    actor: 'user:root',
    reason: 'she asked',
    proof: true,
  });
  known = hexOf(receipt.anchor.blockHash);
}, 120_000);

afterAll(async () => {
  await client?.close();
  await cleanUp();
});

function audit(args: readonly string[], status: number = 0): Finished {
  const result = vouch(['audit', ...args]);
  expect([args, result.status]).toEqual([args, status]);
  if (status === 0) expect(result.stderr).toBe('');
  return result;
}

describe('a vault that keeps everything', () => {
  const file = join(folder, 'docs.audit');

  test('is exported from any node, and executed again with no server', () => {
    const exported = audit(['export', '--host', other, '--vault', 'docs', '-o', file]);
    expect(exported.stdout).toMatch(
      new RegExp(`docs.audit: \\d+ blocks with \\d+ transactions, .*\nblock hash  ${known}\nlog root    ${HEX}`),
    );
    const { stdout } = audit(['verify', file, '--block', known]);
    expect(stdout).toMatch(/^VERIFIED: vault/);
    expect(stdout).toMatch(/transactions, each executed again from block 1\n/);
    expect(stdout).toMatch(/Authenticated by the block hash that was pinned\.\n$/);
    const json = JSON.parse(audit(['verify', file, '--json']).stdout);
    expect(json).toMatchObject({ ok: true, executed: true, block_hash: known, authenticated: { by: 'nothing', height: 0 } });
    expect(json.blocks).toBeGreaterThan(BLOCKS);
    expect(audit(['verify', file, '--log-root', json.log_root]).stdout).toMatch(/Authenticated by the root of the log/);
    expect(audit(['verify', file, '--root', json.tree_root]).stdout).toMatch(/how they came about is NOT authenticated/);
    expect(readdirSync(folder).filter((name) => name.includes('.part'))).toEqual([]);
  });

  test('is authenticated by pinned keys: of the file’s own checkpoint, or of a newer one', async () => {
    const policy = join(folder, 'policy.txt');
    await eventually(
      'both nodes have a key',
      () => JSON.parse(vouch(['checkpoint', 'keys', '--host', host, '--json']).stdout).keys.length === 2,
      30_000,
    );
    vouch(['checkpoint', 'keys', '--host', host, '--quorum', '2', '-o', policy]);
    const signed = join(folder, 'signed.audit');
    audit(['export', '--host', host, '--vault', 'docs', '-o', signed, '--min-signatures', '2']);
    expect(audit(['verify', signed, '--keys', policy]).stdout).toMatch(
      /Authenticated: the checkpoint is signed by node-\S+ \(.*\), node-\S+ \(.*\)\.\n$/,
    );
    const json = JSON.parse(audit(['verify', signed, '--keys', policy, '--json']).stdout);
    expect(json).toMatchObject({ authenticated: { by: 'checkpoint', height: json.blocks }, checkpoint: { size: json.blocks } });
    expect(json.signers).toHaveLength(2);
    for (const command of [
      ['verify', signed],
      ['verify', signed, '--keys', policy],
    ])
      expect(vouch(command)).toMatchObject({
        status: 2,
        stderr: `vouch: ${signed} is an audit file: vouch audit verify ${signed}.\n`,
      });
    expect(audit(['verify', signed]).stdout).toMatch(/NOT authenticated.*\nIt carries a checkpoint of size \d+/);

    const bare = join(folder, 'bare.audit');
    audit(['export', '--host', host, '--vault', 'docs', '-o', bare, '--no-checkpoint']);
    expect(audit(['verify', bare, '--keys', policy], 1).stderr).toMatch(/REFUSED \(checkpoint\): The file has no checkpoint/);
    const note = join(folder, 'docs.note');
    vouch(['checkpoint', '--host', host, '--vault', 'docs', '-o', note, '--min-signatures', '2']);
    expect(audit(['verify', bare, '--keys', policy, '--checkpoint', note]).stdout).toMatch(/Authenticated: the checkpoint is/);
    await vault.setEntity('later', Uint8Array.of(1));
    vouch(['checkpoint', '--host', host, '--vault', 'docs', '-o', note, '--min-signatures', '2']);
    expect(audit(['verify', bare, '--keys', policy, '--checkpoint', note], 1).stderr).toMatch(/newest ones are missing/);
    expect(audit(['verify', bare, '--checkpoint', note], 2).stderr).toMatch(/--keys/);
    const strangers = join(folder, 'strangers.txt');
    writeFileSync(strangers, readFileSync(policy, 'utf8').replace(/^origin .*$/m, `origin vouch/${'0'.repeat(32)}/*`));
    expect(audit(['verify', signed, '--keys', strangers], 1).stderr).toMatch(/REFUSED \(signatures\).*not pinned/);
  });

  test('is authenticated up to an older block that is known, and no further', async () => {
    const { anchor } = await vault.block(17);
    const { stdout } = audit(['verify', file, '--block', hexOf(anchor.blockHash)]);
    expect(stdout).toMatch(/up to block 17; the \d+ blocks behind it are NOT/);
  });

  test('is refused with one byte changed, cut off, against another hash, and where it is no audit file', () => {
    const bytes = readFileSync(file);
    const spoilt = join(folder, 'spoilt.audit');
    const flipped = Buffer.from(bytes);
    flipped[1000] = (flipped[1000] as number) ^ 4;
    writeFileSync(spoilt, flipped);
    expect(audit(['verify', spoilt], 1).stderr).toMatch(/^vouch: REFUSED \(damaged\): The file is damaged at byte \d+/);
    writeFileSync(spoilt, bytes.subarray(0, bytes.length - 9));
    expect(audit(['verify', spoilt], 1).stderr).toMatch(/REFUSED \(incomplete\)/);
    expect(audit(['verify', file, '--block', 'a'.repeat(64)], 1).stderr).toMatch(/REFUSED \(pin\)/);
    const json = audit(['verify', 'package.json', '--json'], 1);
    expect(JSON.parse(json.stdout)).toMatchObject({ ok: false, code: 'foreign' });
  });

  test('replaces no file unless told to', () => {
    expect(audit(['export', '--host', host, '--vault', 'docs', '-o', file], 2).stderr).toMatch(/exists.*--force/);
    audit(['export', '--host', host, '--vault', vault.entry.id, '-o', file, '--force']);
  });
});

test('a write proves that it is in the chain, to who has neither server nor trust', async () => {
  const receipt = await vault.write([{ resource: 'document:2', relation: 'viewer', subject: 'user:anne' }], { proof: true });
  expect(receipt.proven).toMatchObject({ height: receipt.height, anchored: 'none' });
  const { proof } = await vault.transactionProof(receipt.height, 0, { block: receipt.anchor.blockHash });
  expect(proof).toEqual(receipt.proven?.proof);
  const consistency = await vault.logConsistency(5);
  expect(consistency.to).toBeGreaterThanOrEqual(receipt.height);
  const old = await vault.logInclusion(3, { log: { size: 5, root: consistency.fromRoot } });
  expect(old).toMatchObject({ height: 3, anchored: 'log' });

  const saved = join(folder, 'written.json');
  const written = vouch(['tuple', 'write', '--host', other, '--vault', 'docs', '--proof', saved, 'document:3#viewer@user:anne']);
  expect(written.status).toBe(0);
  const hash = /block (\S+)\n/.exec(written.stdout)?.[1] as string;
  const verified = vouch(['verify', saved, '--block', hash]);
  expect(verified).toMatchObject({ status: 0, stderr: '' });
  expect(verified.stdout).toMatch(
    /^IN THE CHAIN: a transaction of block \d+ of .*\nactor {3}\(not given\)\nreason {2}\(not given\)\nwrites {2}document:3#viewer@user:anne\nAuthenticated by the block hash/,
  );
  const moved = JSON.parse(readFileSync(saved, 'utf8'));
  moved.statement.height -= 1;
  writeFileSync(saved, JSON.stringify(moved));
  expect(vouch(['verify', saved])).toMatchObject({ status: 1, stdout: '' });
});

/** A way to the node on which something happens to requests for later pages. */
async function through(later: (count: number, incoming: IncomingMessage, response: ServerResponse) => boolean): Promise<Server> {
  let count = 0;
  const server = createServer((incoming, response) => {
    const isLater = /from=(?!1$)/.test(incoming.url ?? '');
    if (isLater) count += 1;
    if (isLater && later(count, incoming, response)) return;
    const onward = request(
      { host: '127.0.0.1', port: Number(host.split(':')[1]), path: incoming.url, headers: incoming.headers },
      (answer) => {
        response.writeHead(answer.statusCode as number, answer.headers);
        answer.pipe(response);
      },
    );
    onward.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

function exportThrough(server: Server, file: string) {
  const { port } = server.address() as AddressInfo;
  return start(['audit', 'export', '--host', `127.0.0.1:${port}`, '--vault', 'docs', '-o', file]);
}

test('an export whose node goes away for a moment goes on where it was', async () => {
  const file = join(folder, 'interrupted.audit');
  const server = await through((count, incoming) => {
    if (count > 3) return false;
    incoming.socket.destroy();
    return true;
  });
  const exporting = exportThrough(server, file);
  expect([await exporting.ended, exporting.stderr()]).toEqual([0, '']);
  server.close();
  expect(audit(['verify', file]).stdout).toMatch(/^VERIFIED/);
});

test('Ctrl-C leaves nothing behind, neither under its name nor under another', async () => {
  const file = join(folder, 'stopped.audit');
  let isWaiting = false;
  const server = await through(() => {
    isWaiting = true;
    return true;
  });
  const before = readdirSync(folder);
  const exporting = exportThrough(server, file);
  await eventually('the second page is asked for', () => isWaiting);
  exporting.kill('SIGINT');
  expect([await exporting.ended, exporting.stderr(), exporting.stdout()]).toEqual([130, '', '']);
  expect(readdirSync(folder)).toEqual(before);
  server.closeAllConnections();
  server.close();
});

describe('a vault that dropped its first transactions', () => {
  const file = join(folder, 'pruned.audit');

  test('is exported by its headers where that is asked for, and then verified as what it is', async () => {
    await vault.setRetention({ kind: 'heights', heights: 10 });
    expect(audit(['export', '--host', host, '--vault', 'docs', '-o', file], 1).stderr).toMatch(
      /cannot be executed again from block 1.*--partial/,
    );
    expect(readdirSync(folder).filter((name) => name.startsWith('pruned'))).toEqual([]);
    expect(audit(['export', '--host', host, '--vault', 'docs', '-o', file, '--partial']).stdout).toMatch(
      /Headers alone below block/,
    );
    expect(audit(['verify', file], 1).stderr).toMatch(/REFUSED \(partial\).*--partial/);
    const { stdout } = audit(['verify', file, '--partial', '--block', known]);
    expect(stdout).toMatch(/^HEADERS AND TRANSACTIONS: /);
    expect(stdout).toMatch(/No state was made: whether the roots are right is NOT shown/);
    expect(JSON.parse(audit(['verify', file, '--partial', '--json']).stdout)).toMatchObject({
      executed: false,
    });
  });
});
