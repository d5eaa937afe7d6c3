/**
 * Names in notes. A vault's log has the origin `vouch/<cluster id>/<organization>/<vault>`, a node's key the name
 * `vouch/<cluster id>/<node id>`: cluster and node ids are 32 lower-case hex digits, organization and vault canonical ULIDs.
 * So a name says which cluster it belongs to, and no origin is a key name. docs/decisions/0062-names-of-logs-and-keys.md
 */
import { equalBytes } from '../bytes/compare.ts';
import { fromHex, utf8Length } from '../bytes/text.ts';
import { decodeUlid } from '../chain/ulid.ts';

const NEWLINE: number = 10;
/** Control characters are below it. */
const SPACE: number = 32;
const PREFIX: string = 'vouch';
const HEX_ID_CHARACTERS: number = 32;
/** Longest name that is looked at, UTF-8 bytes. Why: a name comes from outside; one of ours has 75 at most, an origin 92. */
const NAME_BYTES_MAX: number = 255;

/** White space as Unicode has it, and the plus sign. */
const NOT_IN_NAMES: RegExp = /[\p{White_Space}+]/u;

/** Whether every character may stand in a note: well-formed, and no control character but the newline. */
export function isNoteText(text: string): boolean {
  if (utf8Length(text) < 0) return false;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code < SPACE && code !== NEWLINE) return false;
  }
  return true;
}

/** Whether a text may name a key. Source: C2SP signed-note, "Format". */
export function isKeyName(text: string): boolean {
  return text !== '' && isNoteText(text) && utf8Length(text) <= NAME_BYTES_MAX && !NOT_IN_NAMES.test(text);
}

/** The log of a vault. */
export interface VaultName {
  readonly cluster: string;
  readonly organization: string;
  readonly vault: string;
}

/** The origin of a vault's log. */
export function vaultOrigin({ cluster, organization, vault }: VaultName): string {
  return `${PREFIX}/${cluster}/${organization}/${vault}`;
}

/** The name of a node's key. */
export function nodeKeyName(cluster: string, node: string): string {
  return `${PREFIX}/${cluster}/${node}`;
}

function isHexId(text: string | undefined): text is string {
  return text !== undefined && text.length === HEX_ID_CHARACTERS && fromHex(text) !== undefined;
}

/** The vault that an origin names; undefined: it is not a vault's. */
export function parseVaultOrigin(origin: string): VaultName | undefined {
  const parts = origin.split('/');
  const [prefix, cluster, organization, vault] = parts;
  if (parts.length !== 4 || prefix !== PREFIX || !isHexId(cluster)) return undefined;
  if (organization === undefined || decodeUlid(organization) === undefined) return undefined;
  if (vault === undefined || decodeUlid(vault) === undefined) return undefined;
  return { cluster, organization, vault };
}

/** Whether the origin is that of the vault, in whatever cluster: which one it is in, the keys say. @param vault ids of 16 bytes each */
export function isLogOf(
  origin: string,
  { organization, vault }: { readonly organization: Uint8Array; readonly vault: Uint8Array },
): boolean {
  const name = parseVaultOrigin(origin);
  const ids = [decodeUlid(name?.organization ?? ''), decodeUlid(name?.vault ?? '')] as const;
  return ids[0] !== undefined && ids[1] !== undefined && equalBytes(ids[0], organization) && equalBytes(ids[1], vault);
}

/** The cluster and the node that a key name names; undefined: it is not a node's. */
export function parseNodeKeyName(name: string): { readonly cluster: string; readonly node: string } | undefined {
  const parts = name.split('/');
  const [prefix, cluster, node] = parts;
  if (parts.length !== 3 || prefix !== PREFIX || !isHexId(cluster) || !isHexId(node)) return undefined;
  return { cluster, node };
}
