/** `vouch audit verify FILE`: executes a vault's blocks again, without a server, and says what they come to or where they do not. */
import { readFileSync, statSync } from 'node:fs';
import { type AuditRefusal, type AuditReport, type AuditResult, auditFile } from '../../core/audit/audit-file.ts';
import type { Authenticated } from '../../core/audit/auditor.ts';
import type { SignedExpectations, SignedPin } from '../../core/audit/signed-pin.ts';
import { fromHex, toHex } from '../../core/bytes/text.ts';
import { encodeUlid } from '../../core/chain/ulid.ts';
import { StorageError } from '../../core/errors.ts';
import { OpenBackup } from '../backup/backup-file.ts';
import { runningSha256 } from '../backup/running-hash.ts';
import { nativeHasher } from '../hasher.ts';
import { timestamp } from '../http/answer.ts';
import { nativeVerifier } from '../keys/native-ed25519.ts';
import { ByteProgress } from './byte-progress.ts';
import { CliFailure, usageFailure } from './failure.ts';
import type { Interruption } from './interruption.ts';
import { print, printJson } from './output.ts';
import { shown } from './shown.ts';
import { readPolicy, signersJson, signersText } from './verify-receipt.ts';

export interface VerifyAuditOptions {
  readonly block?: string;
  readonly logRoot?: string;
  readonly root?: string;
  /** File of a policy. */
  readonly keys?: string;
  /** File of a note that takes the place of the one in the audit file. */
  readonly checkpoint?: string;
  readonly partial?: boolean;
  readonly json?: boolean;
}

/** Longest turn before the event loop gets its own. */
const TURN_MS = 20;

export async function verifyAudit(path: string, options: VerifyAuditOptions, interruption: Interruption): Promise<void> {
  const pins = {
    block: pinOf('--block', options.block),
    log: pinOf('--log-root', options.logRoot),
    root: pinOf('--root', options.root),
  };
  const signed = signedOf(options);
  const file = opened(path);
  try {
    const partial = options.partial === true ? 'accept' : 'refuse';
    const steps = auditFile(file, { hasher: nativeHasher, running: runningSha256(), pins, signed, partial });
    const result = await run(steps, new ByteProgress('verified', file.size), interruption);
    if (!result.ok) throw refused(result.refusal, options);
    if (options.json === true) printJson(reportJson(result.report));
    else tell(result.report);
  } catch (error) {
    throw error instanceof StorageError ? new CliFailure(error.message) : error;
  } finally {
    file.close();
  }
}

function pinOf(flag: string, text: string | undefined): Uint8Array | undefined {
  if (text === undefined) return undefined;
  const bytes = text.length === 64 ? fromHex(text.toLowerCase()) : undefined;
  if (bytes === undefined) throw usageFailure(`${flag} is 64 hex digits, not "${text}".`);
  return bytes;
}

function signedOf({ keys, checkpoint }: VerifyAuditOptions): SignedExpectations | undefined {
  if (keys === undefined) {
    if (checkpoint === undefined) return undefined;
    throw usageFailure('A checkpoint is worth what its signatures are: name the pinned keys with --keys.');
  }
  const note = checkpoint === undefined ? undefined : readNote(checkpoint);
  return { policy: readPolicy(keys), verifier: nativeVerifier, note };
}

function readNote(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw usageFailure(`${file} cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'unknown reason'}.`);
  }
}

function opened(path: string): OpenBackup {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() === false) throw usageFailure(`${path} is no regular file.`);
  try {
    return new OpenBackup(path);
  } catch (error) {
    throw error instanceof StorageError ? usageFailure(error.message) : error;
  }
}

async function run(
  steps: Generator<number, AuditResult>,
  progress: ByteProgress,
  interruption: Interruption,
): Promise<AuditResult> {
  let turnEnds = performance.now() + TURN_MS;
  for (let step = steps.next(); ; step = steps.next()) {
    if (step.done === true) {
      progress.end();
      return step.value;
    }
    progress.add(step.value);
    if (performance.now() < turnEnds) continue;
    await new Promise((resolve) => setImmediate(resolve));
    interruption.check();
    turnEnds = performance.now() + TURN_MS;
  }
}

function refused({ code, height, message }: AuditRefusal, options: VerifyAuditOptions): CliFailure {
  if (options.json === true) printJson({ ok: false, code, height, message });
  const hint = code === 'partial' ? ' --partial verifies what there is: the chain, and not the state.' : '';
  return new CliFailure(`REFUSED (${code}): ${shown(message)}${hint}`);
}

function reportJson({ vault, chain, signed, sha256 }: AuditReport): unknown {
  const { newest, authenticated } = chain;
  return {
    ok: true,
    organization: encodeUlid(vault.organization),
    vault: encodeUlid(vault.vault),
    executed: vault.first === 1,
    first: vault.first,
    blocks: chain.blocks,
    transactions: chain.transactions,
    leaves: chain.leaves,
    height: newest.height,
    time: timestamp(Number(newest.time)),
    block_hash: toHex(chain.blockHash),
    state_root: toHex(newest.stateRoot),
    tree_root: toHex(newest.treeRoot),
    log_root: toHex(chain.logRoot),
    authenticated: { by: authenticated.by, height: authenticated.height },
    checkpoint: signed === undefined ? null : { origin: signed.checkpoint.origin, size: signed.checkpoint.size },
    signers: signersJson(signed?.signers ?? []),
    exported_by: vault.version,
    sha256: toHex(sha256),
  };
}

function tell({ vault, chain, signed }: AuditReport): void {
  const { newest, blocks, transactions } = chain;
  const what = `vault ${encodeUlid(vault.vault)} of organization ${encodeUlid(vault.organization)}`;
  if (vault.first === 1) {
    print(`VERIFIED: ${what}`);
    print(`${blocks} blocks with ${transactions} transactions, each executed again from block 1`);
  } else {
    print(`HEADERS AND TRANSACTIONS: ${what}`);
    print(
      `${blocks} headers follow each other; the ${transactions} transactions from block ${vault.first} on are those of their headers`,
    );
    print('No state was made: whether the roots are right is NOT shown');
  }
  print(`newest      block ${newest.height} of ${timestamp(Number(newest.time))}`);
  print(`block hash  ${toHex(chain.blockHash)}`);
  print(`state root  ${toHex(newest.stateRoot)}`);
  print(`tree root   ${toHex(newest.treeRoot)}`);
  print(`log root    ${toHex(chain.logRoot)}`);
  print(anchored(chain.authenticated, { blocks, signed }));
  if (chain.authenticated.by === 'nothing' && signed !== undefined) {
    print(`It carries a checkpoint of size ${signed.checkpoint.size}: with the pinned keys (--keys) its signatures are checked.`);
  }
}

/** What was found to be what the caller knows, and what not. */
function anchored(
  { by, height }: Authenticated,
  { blocks, signed }: { readonly blocks: number; readonly signed: SignedPin | undefined },
): string {
  if (by === 'nothing')
    return 'It agrees with itself and is NOT authenticated: pin a hash that you have from elsewhere (--block), or keys (--keys).';
  if (by === 'root')
    return 'The contents of the newest block are those that were pinned; how they came about is NOT authenticated.';
  const upTo = height === blocks ? '.' : `, up to block ${height}; the ${blocks - height} blocks behind it are NOT.`;
  if (by === 'checkpoint') return `Authenticated: the checkpoint is signed by ${signersText(signed?.signers ?? [])}${upTo}`;
  const pinned = by === 'block' ? 'the block hash' : 'the root of the log';
  return `Authenticated by ${pinned} that was pinned${upTo}`;
}
