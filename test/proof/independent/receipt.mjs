/** Receipts for the independent verifier, from docs/reference/proof-format.md and checkpoint-format.md alone. */
import { FORMS } from './answer.mjs';
import { readHeader, verifyInclusion } from './log.mjs';
import { base64, checkNote, decimal, readCheckpoint, readNote, readOrigin } from './note.mjs';
import { checkStatements } from './statements.mjs';
import { demand, guarded } from './verify.mjs';

const DEPTH_MAX = 64;
const CHARACTERS_MAX = 44_804_780;

/** RFC 8785; undefined where a value has no such text. */
function canonical(value, depth = DEPTH_MAX) {
  if (typeof value === 'string') return /\p{Surrogate}/u.test(value) ? undefined : JSON.stringify(value);
  if (typeof value === 'number') return Number.isFinite(value) ? JSON.stringify(value) : undefined;
  if (value === null || typeof value === 'boolean') return String(value);
  if (depth === 0) return undefined;
  const isList = Array.isArray(value);
  const parts = isList
    ? value.map((item) => canonical(item, depth - 1))
    : Object.keys(value)
        .sort()
        .map((name) => {
          const [key, text] = [canonical(name), canonical(value[name], depth - 1)];
          return key === undefined || text === undefined ? undefined : `${key}:${text}`;
        });
  if (parts.includes(undefined)) return undefined;
  return isList ? `[${parts.join(',')}]` : `{${parts.join(',')}}`;
}

function readList(bytes) {
  const text = bytes.toString('utf8');
  try {
    const list = JSON.parse(text);
    return Array.isArray(list) && Buffer.from(text).equals(bytes) && canonical(list) === text ? list : undefined;
  } catch {
    return undefined;
  }
}

function readReceipt(text) {
  const gap = text.indexOf('\n\n');
  demand(gap >= 0 && text.length <= CHARACTERS_MAX, 'receipt', 'no empty line, or too long');
  const [first, extraLine, indexLine, ...hashes] = text.slice(0, gap).split('\n');
  demand(first === 'c2sp.org/tlog-proof@v1' && hashes.length <= 53, 'receipt', 'first line or path');
  const extra = extraLine?.startsWith('extra ') ? base64(extraLine.slice(6)) : undefined;
  const index = indexLine?.startsWith('index ') ? decimal(indexLine.slice(6)) : undefined;
  demand(extra?.[0] === 1 && extra.length >= 201 && index !== undefined, 'receipt', 'extra or index');
  const path = hashes.map((line) => base64(line));
  demand(
    path.every((hash) => hash?.length === 32),
    'receipt',
    'path',
  );
  const end = 201 + extra.readUInt32BE(197);
  demand(end <= extra.length, 'receipt', 'too short');
  const statements = readList(extra.subarray(201, end));
  const note = readNote(text.slice(gap + 2));
  demand(statements !== undefined && note !== undefined, 'receipt', 'statements or note');
  return { header: extra.subarray(1, 197), statements, proof: extra.subarray(end), index, path, note };
}

function checkReceipt(text, { policy, ...expected }) {
  const receipt = readReceipt(text);
  const { index, path, note } = receipt;
  const header = readHeader(receipt.header);
  const checkpoint = readCheckpoint(note.text);
  demand(checkpoint !== undefined, 'receipt', 'no checkpoint');
  demand(header.height === BigInt(index) + 1n, 'log', 'index');
  const name = readOrigin(checkpoint.origin);
  const isOf = (text, bytes) => text !== undefined && FORMS.ulid(text).bytes.equals(bytes);
  demand(isOf(name?.organization, header.organization) && isOf(name?.vault, header.vault), 'log', 'another origin');
  const { size, root } = checkpoint;
  demand(verifyInclusion({ index, size, leafHash: header.hash, root, path }), 'log', 'not in the log');
  const signers = policy === undefined ? [] : checkNote(policy, note);
  const hashes = { block_hash: header.hash, state_root: header.stateRoot, tree_root: header.treeRoot };
  const answer = {
    height: Number(header.height),
    ...Object.fromEntries(Object.entries(hashes).map(([field, hash]) => [field, hash.toString('hex')])),
    header: receipt.header.toString('base64'),
    proof: receipt.proof.toString('base64'),
    statements: receipt.statements,
  };
  const held = checkStatements(answer, { ...expected, block: answer.block_hash });
  return { signers, authenticated: policy !== undefined, findings: held.findings, height: answer.height };
}
/** Receipts, as texts. @param expected.policy as readPolicy reads it */
export const verifyReceipt = (text, expected = {}) => guarded(() => checkReceipt(text, expected));
