/** Answers for the independent verifier, from the same document alone. */
import { readHeader } from './log.mjs';
import { demand, EMPTY, equal, guarded, prove, sha, tuplePath } from './verify.mjs';

const ULID = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
/** What a field of an answer has to be, and what it is read as; undefined: it has another form. */
export const FORMS = {
  boolean: (value) => (typeof value === 'boolean' ? value : undefined),
  height: (value) => (Number.isSafeInteger(value) && value >= 1 ? value : undefined),
  hash: (value) => (typeof value === 'string' && /^[0-9a-f]{64}$/.test(value) ? Buffer.from(value, 'hex') : undefined),
  base64(value) {
    if (typeof value !== 'string') return undefined;
    const bytes = Buffer.from(value, 'base64');
    return bytes.toString('base64') === value ? bytes : undefined;
  },
  text: (value) => (typeof value === 'string' && Buffer.from(value, 'utf8').toString('utf8') === value ? value : undefined),
  ulid(value) {
    if (typeof value !== 'string' || !/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(value)) return undefined;
    const number = [...value].reduce((sum, digit) => sum * 32n + BigInt(ULID.indexOf(digit)), 0n);
    return { text: value, bytes: Buffer.from(number.toString(16).padStart(32, '0'), 'hex') };
  },
  verdict: (value) => ({ allow: true, deny: false })[value],
  one: (value) => (value === 1 ? 1 : undefined),
};
const ANCHOR = { height: 'height', block_hash: 'hash', state_root: 'hash', tree_root: 'hash', header: 'base64', proof: 'base64' };
const STATEMENT = { v: 'one', org: 'ulid', store: 'ulid', height: 'height', verdict: 'verdict' };
const TUPLE = { user: 'text', relation: 'text', object: 'text' };

/** @param others whether other fields are ignored */
export function readFields(object, forms, others) {
  demand(typeof object === 'object' && object !== null && !Array.isArray(object), 'shape', 'no object');
  const read = {};
  for (const [name, form] of Object.entries(forms)) {
    read[name] = Object.hasOwn(object, name) ? FORMS[form](object[name]) : undefined;
    demand(read[name] !== undefined, 'shape', name);
  }
  for (const name of Object.keys(object)) demand(others || name in forms, 'shape', 'an unknown field');
  return read;
}

/** The fields that every answer has. */
export function readAnchored(json) {
  const answer = readFields(json, ANCHOR, true);
  const buckets = Object.hasOwn(json, 'bucket_hashes') ? FORMS.base64(json.bucket_hashes) : null;
  demand(buckets === null || buckets?.length === 8192, 'shape', 'bucket_hashes');
  return { ...answer, buckets };
}

function readAnswer(json) {
  const answer = { ...readAnchored(json), ...readFields(json, { allowed: 'boolean' }, true) };
  const { tuple, ...statement } = json.statement ?? {};
  demand(!Array.isArray(json.statement), 'shape', 'statement');
  return { ...answer, ...{ said: readFields(statement, STATEMENT, false), tuple: readFields(tuple, TUPLE, false) } };
}

/** state_root is the hash of the vector, tree_root its fold. */
function checkBuckets(vector, header) {
  demand(equal(sha(vector), header.stateRoot), 'header', 'bucket_hashes and state_root');
  let level = Array.from({ length: 256 }, (_, i) => vector.subarray(32 * i, 32 * i + 32));
  for (let bit = 7; bit >= 0; bit -= 1) {
    const join = (l, r) => (equal(l, EMPTY) ? r : equal(r, EMPTY) ? l : sha(Buffer.from([1, 0, 0, bit]), l, r));
    level = Array.from({ length: level.length / 2 }, (_, j) => join(level[2 * j], level[2 * j + 1]));
  }
  demand(equal(level[0], header.treeRoot), 'header', 'bucket_hashes and tree_root');
}

/** The header, if it is what the fields beside it say. */
export function checkHeader(answer) {
  const header = readHeader(answer.header);
  demand(equal(header.hash, answer.block_hash) && header.height === BigInt(answer.height), 'header', 'block_hash or height');
  demand(equal(header.stateRoot, answer.state_root) && equal(header.treeRoot, answer.tree_root), 'header', 'roots');
  if (answer.buckets !== null) checkBuckets(answer.buckets, header);
  return header;
}

export function checkAnchor(answer, { root, block }) {
  const hash = (text) => {
    demand(/^[0-9a-fA-F]{64}$/.test(text), 'anchor', 'no hash');
    return Buffer.from(text, 'hex');
  };
  if (root !== undefined) {
    const isState = equal(hash(root), answer.state_root) && answer.buckets !== null;
    demand(equal(hash(root), answer.tree_root) || isState, 'anchor', 'root');
  }
  if (block !== undefined) demand(equal(hash(block), answer.block_hash), 'anchor', 'block');
  return block !== undefined ? 'block' : root !== undefined ? 'root' : 'none';
}

function checkAnswer(json, expected) {
  const answer = readAnswer(json);
  const { said } = answer;
  const tuple = { resource: answer.tuple.object, relation: answer.tuple.relation, subject: answer.tuple.user };
  const header = checkHeader(answer);
  demand(equal(said.org.bytes, header.organization) && equal(said.store.bytes, header.vault), 'statement', 'org or store');
  demand(said.height === answer.height && said.verdict === answer.allowed, 'statement', 'height or verdict');
  demand((expected.organization ?? said.org.text) === said.org.text, 'statement', 'another organization');
  demand((expected.store ?? said.store.text) === said.store.text, 'statement', 'another store');
  const asked = expected.tuple ?? tuple;
  for (const part of ['resource', 'relation', 'subject']) demand(asked[part] === tuple[part], 'statement', 'another tuple');
  const anchored = checkAnchor(answer, expected);
  const claim = { treeRoot: header.treeRoot, targets: [tuplePath(tuple)], proof: answer.proof, maxVersion: header.height };
  const [[leaf]] = prove(claim);
  const allowed = leaf !== undefined && (leaf.expiresAt === 0n || header.time < leaf.expiresAt);
  demand(allowed === answer.allowed, 'verdict', 'not what is proven');
  return { allowed, anchored, present: leaf !== undefined };
}
/** Answers, parsed from JSON. */
export const verifyAnswer = (answer, expected = {}) => guarded(() => checkAnswer(answer, expected));
