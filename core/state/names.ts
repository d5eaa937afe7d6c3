/**
 * Which texts may name things. The same rules hold at admission (with a sentence) and at decode (with a code), so what a
 * leader admitted every replica can read. Source: OpenFGA's limits on objects, relations, users and store names.
 */
import { utf8Length } from '../bytes/text.ts';
import { ADDRESS_BYTES_MAX, ENTITY_KEY_BYTES_MAX, NAME_BYTES_MAX, OBJECT_BYTES_MAX, SLUG_BYTES_MAX } from '../limits.ts';
import type { TupleKey } from './transaction.ts';

const COLON = 0x3a;
const HASH = 0x23;
const AT = 0x40;
const STAR = 0x2a;

/** Controls of ASCII and Latin-1. */
function isControl(code: number): boolean {
  return code < 0x20 || (code >= 0x7f && code <= 0x9f);
}

/** A text of at most maxBytes bytes of UTF-8 without control characters or lone surrogates. May be empty. */
export function isPlainText(text: string, maxBytes: number): boolean {
  for (let i = 0; i < text.length; i += 1) if (isControl(text.charCodeAt(i))) return false;
  const length = utf8Length(text);
  return length >= 0 && length <= maxBytes;
}

/** What a scan of an identifier found: offsets of the first `:` and the first `#` (-1 = none), or `bad`. */
interface Scan {
  readonly bad: boolean;
  readonly colon: number;
  readonly hash: number;
}
const BAD: Scan = { bad: true, colon: -1, hash: -1 };

/** Refuses blanks, control characters and a second `#`. */
function scan(text: string, maxBytes: number): Scan {
  let colon = -1;
  let hash = -1;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code === 0x20 || isControl(code)) return BAD;
    if (code === COLON && colon < 0 && hash < 0) colon = i;
    else if (code === HASH) {
      if (hash >= 0) return BAD;
      hash = i;
    }
  }
  const length = utf8Length(text);
  return length < 0 || length > maxBytes ? BAD : { bad: false, colon, hash };
}

/** `type:id`: both parts non-empty, no blank, no `#`, not a wildcard. */
export function isResource(text: string): boolean {
  const { bad, colon, hash } = scan(text, OBJECT_BYTES_MAX);
  return !bad && hash < 0 && colon > 0 && colon < text.length - 1 && !text.endsWith(':*');
}

/** `type:`: the filter "every resource of this type". */
export function isResourceType(text: string): boolean {
  const { bad, colon, hash } = scan(text, OBJECT_BYTES_MAX);
  return !bad && hash < 0 && colon > 0 && colon === text.length - 1;
}

/** A relation or condition name: non-empty, none of blank `:` `#` `@`. */
export function isRelation(text: string): boolean {
  if (text.length === 0) return false;
  for (let i = 0; i < text.length; i += 1) if (text.charCodeAt(i) === AT) return false;
  const { bad, colon, hash } = scan(text, NAME_BYTES_MAX);
  return !bad && colon < 0 && hash < 0;
}

/** `type:id`, `type:*` or `type:id#relation`. A wildcard has exactly one colon: `a:b:*` would be read in two ways. */
export function isSubject(text: string): boolean {
  const { bad, colon, hash } = scan(text, OBJECT_BYTES_MAX);
  if (bad || colon <= 0) return false;
  if (hash < 0) return colon < text.length - 1 && (!text.endsWith(':*') || colon === text.length - 2);
  return hash > colon + 1 && text.charCodeAt(hash - 1) !== STAR && isRelation(text.slice(hash + 1));
}

export function isTupleKey(tuple: TupleKey): boolean {
  return isResource(tuple.resource) && isRelation(tuple.relation) && isSubject(tuple.subject);
}

/** Entity keys may hold blanks, nothing else odd. */
export function isEntityKey(text: string): boolean {
  return text.length > 0 && isPlainText(text, ENTITY_KEY_BYTES_MAX);
}

/** Organizations stand in URLs and origins: lower-case letters, digits and inner dashes. */
export function isOrganizationName(text: string): boolean {
  return text.length <= SLUG_BYTES_MAX && /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(text);
}

/** Vaults carry OpenFGA store names: letters, digits, inner blanks and `. - / ^ _ & @`. */
export function isVaultName(text: string): boolean {
  return text.length <= SLUG_BYTES_MAX && /^[A-Za-z0-9./^_&@-]([A-Za-z0-9 ./^_&@-]*[A-Za-z0-9./^_&@-])?$/.test(text);
}

/** HOST:PORT under which a node is reached, IPv6 in brackets. */
export function isAddress(text: string): boolean {
  const match = /^(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):([0-9]{1,5})$/.exec(text);
  if (match === null || text.length > ADDRESS_BYTES_MAX) return false;
  const port = Number(match[1]);
  return port >= 1 && port <= 65_535;
}

/** 128 bits as 32 lower-case hex digits, not all of them zero. */
export function isNodeId(text: string): boolean {
  return /^[0-9a-f]{32}$/.test(text) && !/^0+$/.test(text);
}
