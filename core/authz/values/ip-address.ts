/** IP addresses and CIDR ranges of conditions. Source: RFC 4291, 2.2; Go's net/netip, whose rules OpenFGA's `in_cidr` has. */

export class IpAddress {
  readonly value: bigint;
  /** 32 or 128. An IPv4 address written as IPv6 (`::ffff:1.2.3.4`) is one of IPv6. */
  readonly bits: 32 | 128;
  /** Of IPv6, behind `%`; empty without. */
  readonly zone: string;
  constructor(value: bigint, bits: 32 | 128, zone: string) {
    this.value = value;
    this.bits = bits;
    this.zone = zone;
  }
}

function parseV4(text: string): bigint | undefined {
  const match = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/.exec(text);
  if (match === null) return undefined;
  let value = 0n;
  for (const part of match.slice(1)) {
    if (Number(part) > 255) return undefined;
    value = (value << 8n) | BigInt(part);
  }
  return value;
}

/** Groups of 16 bits, of which the last two may be written as IPv4. */
function groupsOf(text: string): readonly bigint[] | undefined {
  if (text === '') return [];
  const groups: bigint[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    if (part.includes('.')) {
      const tail = index === parts.length - 1 ? parseV4(part) : undefined;
      if (tail === undefined) return undefined;
      groups.push(tail >> 16n, tail & 0xffffn);
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) groups.push(BigInt(`0x${part}`));
    else return undefined;
  }
  return groups;
}

function parseV6(text: string): bigint | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map(groupsOf);
  if (head === undefined || (halves.length === 2 && tail === undefined)) return undefined;
  // A dotted tail ends the whole address, not its head.
  if (halves.length === 2 && halves[0]?.includes('.')) return undefined;
  const missing = 8 - head.length - (tail?.length ?? 0);
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  const groups = [...head, ...new Array<bigint>(missing).fill(0n), ...(tail ?? [])];
  return groups.reduce((value, group) => (value << 16n) | group, 0n);
}

export function parseIpAddress(text: string): IpAddress | undefined {
  if (text.length > 100) return undefined;
  const v4 = parseV4(text);
  if (v4 !== undefined) return new IpAddress(v4, 32, '');
  const percent = text.indexOf('%');
  const [address, zone] = percent < 0 ? [text, ''] : [text.slice(0, percent), text.slice(percent + 1)];
  const v6 = percent >= 0 && zone === '' ? undefined : parseV6(address);
  return v6 === undefined ? undefined : new IpAddress(v6, 128, zone);
}

export interface CidrRange {
  readonly address: IpAddress;
  readonly length: number;
}

export function parseCidr(text: string): CidrRange | undefined {
  const slash = text.lastIndexOf('/');
  const address = slash < 0 ? undefined : parseIpAddress(text.slice(0, slash));
  const digits = text.slice(slash + 1);
  if (address === undefined || address.zone !== '' || !/^(?:0|[1-9]\d{0,2})$/.test(digits)) return undefined;
  const length = Number(digits);
  return length > address.bits ? undefined : { address, length };
}

/** Whether an address is in a range: only one of the same family without a zone can be. */
export function isInCidr(ip: IpAddress, { address, length }: CidrRange): boolean {
  if (ip.bits !== address.bits || ip.zone !== '') return false;
  const shift = BigInt(ip.bits - length);
  return ip.value >> shift === address.value >> shift;
}

export function isSameAddress(a: IpAddress, b: IpAddress): boolean {
  return a.bits === b.bits && a.value === b.value && a.zone === b.zone;
}
