/** Notes, keys and policies for the independent verifier, from docs/reference/checkpoint-format.md alone. Ed25519 is that of node:crypto. */
import { createPublicKey, verify } from 'node:crypto';
import { demand, equal, sha } from './verify.mjs';

const CHARACTERS_MAX = 65536;
const ID = /^[0-9a-f]{32}$/;
const ULID = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;
const P = 2n ** 255n - 19n;
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const Y8 = 0x5fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n;
const SMALL_ORDER = [0n, 1n, P - 1n, Y8, P - Y8];

const isWellFormed = (text) => Buffer.from(text, 'utf8').toString('utf8') === text;
/** Text of a note: no control characters but newlines. */
export const isText = (text) => isWellFormed(text) && ![...text].some((one) => one < ' ' && one !== '\n');
export function decimal(text) {
  const value = /^(0|[1-9][0-9]*)$/.test(text ?? '') ? Number(text) : Number.NaN;
  return Number.isSafeInteger(value) ? value : undefined;
}
export function base64(text) {
  const bytes = Buffer.from(text ?? '', 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}
const isKeyName = (name) => name !== '' && isText(name) && Buffer.byteLength(name) <= 255 && !/[\p{White_Space}+]/u.test(name);

/** A note's text and signature lines; undefined where it is none. */
export function readNote(note) {
  const gap = note.lastIndexOf('\n\n');
  if (note.length > CHARACTERS_MAX || !isText(note) || gap < 0 || !note.endsWith('\n')) return undefined;
  const lines = note.slice(gap + 2, -1).split('\n');
  const signatures = lines.map((line) => {
    const [dash, name, blob, ...more] = line.split(' ');
    const bytes = base64(blob);
    if (dash !== '\u2014' || more.length > 0 || !isKeyName(name ?? '') || !(bytes?.length > 4)) return undefined;
    return { name, id: bytes.subarray(0, 4), signature: bytes.subarray(4) };
  });
  if (lines.length > 100 || signatures.includes(undefined)) return undefined;
  return { text: note.slice(0, gap + 1), signatures };
}

/** A checkpoint's lines; undefined where the text is none. */
export function readCheckpoint(text) {
  const [origin, sizeText, rootText, ...extension] = text.slice(0, -1).split('\n');
  const [size, root] = [decimal(sizeText), base64(rootText)];
  if (!text.endsWith('\n') || origin === '' || size === undefined || root?.length !== 32) return undefined;
  return extension.includes('') ? undefined : { origin, size, root, extension };
}

/** Cluster, organization and vault of an origin; undefined where it is not a vault's. */
export function readOrigin(origin) {
  const [vouch, cluster, organization, vault, ...more] = origin.split('/');
  if (vouch !== 'vouch' || more.length > 0 || !ID.test(cluster ?? '')) return undefined;
  return ULID.test(organization ?? '') && ULID.test(vault ?? '') ? { cluster, organization, vault } : undefined;
}

const littleEndian = (bytes) => BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
function isKey(key) {
  const y = littleEndian(key) & (2n ** 255n - 1n);
  return y < P && !SMALL_ORDER.includes(y);
}
function holds(key, message, signature) {
  if (littleEndian(signature.subarray(32)) >= L) return false;
  const x = key.toString('base64url');
  return verify(null, message, createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' }), signature);
}

/** A key out of its text. */
export function readKey(text) {
  const [name, id] = text.split('+', 2);
  const material = base64(text.slice(`${name}+${id}+`.length));
  if (!isKeyName(name) || material?.length !== 33 || ![1, 4].includes(material[0]) || !isKey(material.subarray(1)))
    return undefined;
  const own = sha(Buffer.from(`${name}\n`), material).subarray(0, 4);
  return own.toString('hex') === id ? { name, id: own, type: material[0], key: material.subarray(1) } : undefined;
}

/** A line of a key holds, or the note is worthless. */
function isSigned({ key, type }, text, signature) {
  if (type === 1) return signature.length === 64 && holds(key, Buffer.from(text), signature);
  if (signature.length !== 72) return false;
  const time = signature.readBigUInt64BE(0);
  const message = Buffer.from(`cosignature/v1\ntime ${time}\n${text}`);
  return time < 2n ** 63n && holds(key, message, signature.subarray(8));
}

/** A policy out of its text; undefined where it is none. */
export function readPolicy(text) {
  const policy = { origins: [], witnesses: [], quorum: undefined };
  const [named, members] = [new Map(), new Set()];
  const isFree = (name) => name !== undefined && name !== 'none' && !named.has(name);
  const readers = {
    origin([origin, ...more]) {
      const isEvery = /^vouch\/[0-9a-f]{32}\/\*$/.test(origin ?? '*');
      policy.origins.push(origin);
      return more.length === 0 && (isEvery || !origin.includes('*')) && new Set(policy.origins).size === policy.origins.length;
    },
    witness([name, vkey, _, ...more]) {
      const key = readKey(vkey ?? '');
      if (more.length > 0 || !isFree(name) || key === undefined) return false;
      if (policy.witnesses.some((other) => equal(other.key.key, key.key))) return false;
      policy.witnesses.push({ name, key });
      named.set(name, (signed) => signed.has(name));
      return true;
    },
    group([name, count, ...of]) {
      const k = count === 'any' ? 1 : count === 'all' ? of.length : (decimal(count) ?? 0);
      if (!isFree(name) || k < 1 || k > of.length || new Set(of).size !== of.length) return false;
      if (of.some((member) => !named.has(member) || members.has(member))) return false;
      for (const member of of) members.add(member);
      named.set(name, (signed) => of.filter((member) => named.get(member)(signed)).length >= k);
      return true;
    },
    quorum([name, ...more]) {
      const isFirst = policy.quorum === undefined;
      policy.quorum = named.get(name);
      return isFirst && more.length === 0 && policy.quorum !== undefined;
    },
  };
  if (text.length > CHARACTERS_MAX) return undefined;
  for (const line of text.split('\n')) {
    const [keyword, ...words] = line.split(/[ \t]+/).filter((word) => word !== '');
    if (keyword === undefined || keyword.startsWith('#')) continue;
    if (!isText(line.replaceAll('\t', ' ')) || !Object.hasOwn(readers, keyword) || !readers[keyword](words)) return undefined;
  }
  return policy.origins.length > 0 && policy.quorum !== undefined ? policy : undefined;
}

/** The names of the keys that signed, in the order of the policy. */
export function checkNote(policy, note) {
  const { origin, extension } = readCheckpoint(note.text);
  demand(extension.length === 0, 'signatures', 'extension lines');
  const cluster = readOrigin(origin)?.cluster;
  const isPinned = policy.origins.includes(origin) && !origin.endsWith('/*');
  demand(isPinned || policy.origins.includes(`vouch/${cluster}/*`), 'signatures', 'another origin');
  const signers = policy.witnesses.filter(({ key }) => {
    const own = note.signatures.filter(({ name, id }) => name === key.name && equal(id, key.id));
    for (const { signature } of own) demand(isSigned(key, note.text, signature), 'signatures', 'a line does not hold');
    return own.length > 0;
  });
  const names = signers.map(({ name }) => name);
  demand(policy.quorum(new Set(names)), 'signatures', 'too few');
  return names;
}
