/** Headers and logs for the independent verifier, from the same document alone. */
import { demand, equal, guarded, sha } from './verify.mjs';

/** A header's fields, or a refusal. */
export function readHeader(bytes) {
  demand(bytes.length === 196, 'header', 'length');
  const header = Buffer.from(bytes);
  const [flags, version, height] = [header.readUInt16BE(0), header.readUInt16BE(2), header.readBigUInt64BE(4)];
  demand(flags <= 1 && version === 1 && height >= 1n, 'header', 'flags, version or height');
  const part = (at, size) => header.subarray(at, at + size);
  const [organization, vault, stateRoot, treeRoot] = [part(12, 16), part(28, 16), part(108, 32), part(140, 32)];
  return {
    height,
    reverse: flags === 1,
    organization,
    vault,
    stateRoot,
    treeRoot,
    time: header.readBigUInt64BE(172),
    hash: sha(Buffer.from([0]), header),
  };
}
export const verifyHeader = (bytes) => guarded(() => readHeader(bytes));

const node = (left, right) => sha(Buffer.from([1]), left, right);
const isCount = (n) => Number.isSafeInteger(n) && n >= 0;
const half = (n) => Math.floor(n / 2);

/** RFC 9162, 2.1.3.2 and 2.1.4.2: the same way up; consistency carries the older root too, which left siblings alone enter. */
function climb(index, end, path, start) {
  let [at, last, older, newer] = [index, end, start, start];
  for (const sibling of path) {
    if (last === 0) return undefined;
    if (at % 2 === 1 || at === last) {
      [older, newer] = [node(sibling, older), node(sibling, newer)];
      while (at % 2 === 0 && at !== 0) [at, last] = [half(at), half(last)];
    } else newer = node(newer, sibling);
    [at, last] = [half(at), half(last)];
  }
  return last === 0 ? { older, newer } : undefined;
}

/** Whether a leaf stands at an index of a log. */
export function verifyInclusion({ index, size, leafHash, root, path }) {
  if (!isCount(index) || !isCount(size) || index >= size || [leafHash, root, ...path].some((hash) => hash.length !== 32))
    return false;
  const top = climb(index, size - 1, path, leafHash);
  return top !== undefined && equal(top.newer, root);
}

/** Whether a log extends an older one. */
export function verifyConsistency({ olderSize, newerSize, olderRoot, newerRoot, path }) {
  if (!isCount(olderSize) || !isCount(newerSize) || olderSize < 1 || olderSize > newerSize) return false;
  if ([olderRoot, newerRoot, ...path].some((hash) => hash.length !== 32)) return false;
  if (olderSize === newerSize) return path.length === 0 && equal(olderRoot, newerRoot);
  let [at, last] = [olderSize - 1, newerSize - 1];
  while (at % 2 === 1) [at, last] = [half(at), half(last)];
  const hashes = at === 0 ? [olderRoot, ...path] : path;
  if (path.length === 0) return false;
  const top = climb(at, last, hashes.slice(1), hashes[0]);
  return top !== undefined && equal(top.older, olderRoot) && equal(top.newer, newerRoot);
}
