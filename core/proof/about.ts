/** What every statement says that it is about: a vault at a height. It is the header's, and the one that the caller asked. */
import { equalBytes } from '../bytes/compare.ts';
import type { Header } from '../chain/header.ts';
import type { Fields } from './json-fields.ts';

export interface About {
  /** ULID texts, and their 16 bytes. */
  readonly organization: string;
  readonly store: string;
  readonly organizationBytes: Uint8Array;
  readonly storeBytes: Uint8Array;
  readonly height: number;
}

/** The vault that the caller asked, and at which height. Every one given must hold. */
export interface VaultExpectations {
  /** ULIDs. */
  readonly organization?: string;
  readonly store?: string;
  readonly height?: number;
}

/** Reads it from the fields of a statement, which remember what is wrong. */
export function readAbout(fields: Fields): About {
  return {
    organization: fields.text('org'),
    store: fields.text('store'),
    organizationBytes: fields.ulid('org'),
    storeBytes: fields.ulid('store'),
    height: fields.height('height'),
  };
}

/** What of it is another than in the header. */
export function foreignTo(header: Header, about: About): string | undefined {
  const { organization, vault, height } = header;
  const field = !equalBytes(about.organizationBytes, organization)
    ? 'org'
    : !equalBytes(about.storeBytes, vault)
      ? 'store'
      : about.height !== height
        ? 'height'
        : undefined;
  return field === undefined ? undefined : `${field} is not that of the header`;
}

/** What of it is another than the caller asked. */
export function otherThan(expected: VaultExpectations, about: About): string | undefined {
  const { organization, store, height } = expected;
  if (organization !== undefined && organization !== about.organization) return 'another organization than expected';
  if (store !== undefined && store !== about.store) return 'another store than expected';
  return height !== undefined && height !== about.height ? 'another height than expected' : undefined;
}
