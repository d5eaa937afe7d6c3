/**
 * Every setting of `vouch start`: its shape, its flag, its environment variable and what it is for. One table, so that the
 * command line, the environment, the file and the documentation cannot disagree.
 */
import { type TSchema, Type } from 'typebox';

const HOST = '(\\[[0-9a-fA-F:.]+\\]|[A-Za-z0-9._-]+)';
const PORT = '([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])';
/** To listen at; port 0 is any free one. */
const ADDRESS = `^${HOST}:(0|${PORT})$`;
/** That others are reached at. */
const REACHABLE = `^${HOST}:${PORT}$`;

/** Bytes of a size: a whole number of mebibytes or gibibytes. */
const SIZE = '^[1-9][0-9]{0,5}(MiB|GiB)$';

export type LogLevel = 'error' | 'warn' | 'info' | 'debug';
export const LOG_LEVELS: readonly LogLevel[] = ['error', 'warn', 'info', 'debug'];

/** What may stand in a configuration file, and what flags and environment are turned into. Unknown keys are refused. */
export const SettingsSchema: TSchema = Type.Object(
  {
    listen: Type.Optional(Type.String({ pattern: ADDRESS })),
    data: Type.Optional(Type.String({ minLength: 1 })),
    join: Type.Optional(Type.Array(Type.String({ pattern: REACHABLE }), { minItems: 1, maxItems: 64 })),
    advertise: Type.Optional(Type.String({ pattern: REACHABLE })),
    insecure: Type.Optional(Type.Boolean()),
    logLevel: Type.Optional(Type.Union(LOG_LEVELS.map((level) => Type.Literal(level)))),
    batchMax: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
    checkpointLogBytes: Type.Optional(Type.Integer({ minimum: 1 << 16, maximum: 1 << 30 })),
    leases: Type.Optional(Type.Boolean()),
    checkpointIntervalMs: Type.Optional(Type.Integer({ minimum: 0, maximum: 86_400_000 })),
    keyFile: Type.Optional(Type.String({ minLength: 1 })),
    record: Type.Optional(Type.String({ minLength: 1 })),
    recordLimit: Type.Optional(Type.String({ pattern: SIZE })),
  },
  { additionalProperties: false },
);

export interface Settings {
  readonly listen?: string;
  readonly data?: string;
  readonly join?: readonly string[];
  readonly advertise?: string;
  readonly insecure?: boolean;
  readonly logLevel?: LogLevel;
  readonly batchMax?: number;
  readonly checkpointLogBytes?: number;
  readonly leases?: boolean;
  /** Between two signed checkpoints of a vault that changes, milliseconds; 0: only when somebody asks. */
  readonly checkpointIntervalMs?: number;
  /** Path of the master key's file. */
  readonly keyFile?: string;
  /** Directory of tapes. */
  readonly record?: string;
  /** What the tapes of this node may have together, as text: 512MiB. */
  readonly recordLimit?: string;
}
export type SettingName = keyof Settings;

export interface SettingInfo {
  readonly name: SettingName;
  readonly env: string;
  readonly kind: 'text' | 'list' | 'flag' | 'number';
  /** What a good value looks like; completes "… is". */
  readonly expects: string;
}

export const SETTINGS: readonly SettingInfo[] = [
  { name: 'listen', env: 'VOUCH_LISTEN', kind: 'text', expects: 'HOST:PORT, for example 127.0.0.1:7400' },
  { name: 'data', env: 'VOUCH_DATA', kind: 'text', expects: 'a directory, for example ./data' },
  { name: 'join', env: 'VOUCH_JOIN', kind: 'list', expects: 'HOST:PORT,… of other nodes, separated by commas' },
  {
    name: 'advertise',
    env: 'VOUCH_ADVERTISE',
    kind: 'text',
    expects: 'HOST:PORT under which other machines reach this node, for example node-1.example:7400',
  },
  { name: 'insecure', env: 'VOUCH_INSECURE', kind: 'flag', expects: 'true or false' },
  { name: 'logLevel', env: 'VOUCH_LOG_LEVEL', kind: 'text', expects: `one of ${LOG_LEVELS.join(', ')}` },
  { name: 'batchMax', env: 'VOUCH_BATCH_MAX', kind: 'number', expects: 'a whole number from 1 to 100' },
  {
    name: 'checkpointLogBytes',
    env: 'VOUCH_CHECKPOINT_LOG_BYTES',
    kind: 'number',
    expects: 'a whole number of bytes from 65536 to 1073741824',
  },
  { name: 'keyFile', env: 'VOUCH_KEY_FILE', kind: 'text', expects: 'the file with the master key, outside the data directory' },
  { name: 'record', env: 'VOUCH_RECORD', kind: 'text', expects: 'a directory for tapes, outside the data directory' },
  { name: 'recordLimit', env: 'VOUCH_RECORD_LIMIT', kind: 'text', expects: 'a size like 512MiB or 4GiB' },
  { name: 'leases', env: 'VOUCH_LEASES', kind: 'flag', expects: 'true or false' },
  {
    name: 'checkpointIntervalMs',
    env: 'VOUCH_CHECKPOINT_INTERVAL_MS',
    kind: 'number',
    expects: 'a whole number of milliseconds from 0, which is never, to 86400000',
  },
];

/** Bytes of a size that has passed the schema. */
export function sizeBytes(text: string): number {
  return Number.parseInt(text, 10) * (text.endsWith('GiB') ? 1 << 30 : 1 << 20);
}
