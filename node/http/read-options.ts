/** How new an answer must be, and of what moment: the headers Vouch-Consistency and Vouch-At. */
import type { FastifyRequest } from 'fastify';
import { type Consistency, NEWEST, type ReadPoint } from '../../core/client/protocol.ts';
import type { Height, Micros } from '../../core/ids.ts';
import { BOUNDED_MS_MAX } from '../../core/limits.ts';
import { heightOfToken } from './consistency-token.ts';
import { HttpError } from './errors.ts';
import { headerOf } from './request.ts';

export interface ReadOptions {
  readonly consistency: Consistency;
  readonly at: ReadPoint;
  /** Of a consistency token: an older answer is not given; consistency says how to look for one at first. */
  readonly atLeast?: Height;
}

export function readOptionsOf(request: FastifyRequest): ReadOptions {
  const header = headerOf(request, 'vouch-consistency');
  const at = readPointOf(headerOf(request, 'vouch-at'));
  const token = header?.startsWith(TOKEN) === true ? header.slice(TOKEN.length) : undefined;
  if (token === undefined) return { consistency: consistencyOf(header), at };
  const atLeast = heightOfToken(token);
  if (atLeast !== undefined) return { consistency: 'eventual', at, atLeast };
  throw new HttpError(400, 'validation_error', 'The consistency token is not one that a Vouch node gave.');
}

/** What a consistency token stands behind. */
const TOKEN = 'token:';

/** Nothing weaker than linearizable unless asked for by name. */
export function consistencyOf(header: string | undefined): Consistency {
  if (header === undefined || header === '' || header === 'linearizable') return 'linearizable';
  if (header === 'eventual') return 'eventual';
  const bounded = /^bounded:([0-9]{1,10})$/.exec(header);
  if (bounded !== null && Number(bounded[1]) <= BOUNDED_MS_MAX) return { boundedMs: Number(bounded[1]) };
  throw new HttpError(
    400,
    'validation_error',
    `Vouch-Consistency is "linearizable", "bounded:MS" with at most ${BOUNDED_MS_MAX} milliseconds, "token:T" with the token of an answer, or "eventual", not ${JSON.stringify(header)}.`,
  );
}

const TIME = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d)$/;

/** A height, or a time as RFC 3339 has it. */
export function readPointOf(header: string | undefined): ReadPoint {
  if (header === undefined || header === '') return NEWEST;
  if (/^[1-9][0-9]{0,14}$/.test(header)) return { kind: 'height', height: Number(header) as Height };
  const time = microsOf(header);
  if (time !== undefined) return { kind: 'time', time };
  throw new HttpError(
    400,
    'validation_error',
    `Vouch-At is a height from 1 or a time like "2026-01-31T12:00:00Z", not ${JSON.stringify(header)}.`,
  );
}

/** Microseconds since 1970; smaller parts are cut off. Undefined where the text is no time from 1970 on. */
export function microsOf(text: string): Micros | undefined {
  const parts = TIME.exec(text);
  if (parts === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction = '', zone = 'Z'] = parts;
  // Date.parse would take the 30th of February and make it the 2nd of March.
  const days = new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate();
  if (Number(day) < 1 || Number(day) > days) return undefined;
  const milliseconds = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}${zone.toUpperCase()}`);
  if (Number.isNaN(milliseconds) || milliseconds < 0) return undefined;
  return (milliseconds * 1000 + Number(fraction.padEnd(6, '0').slice(0, 6))) as Micros;
}
