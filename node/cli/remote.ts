/** The commands' view of a node: its HTTP gateway, with errors turned into sentences. */
import type { Command } from 'commander';
import { parseAddress } from '../config/address.ts';
import { CliFailure, usageFailure } from './failure.ts';

export const DEFAULT_HOST: string = '127.0.0.1:7400';
const TIMEOUT_MS = 30_000;

/** Options of every command that talks to a node. */
export interface RemoteOptions {
  readonly host?: string;
  readonly org?: string;
  readonly json?: boolean;
  /** What to do where nobody answers. */
  readonly hint?: string;
  /** Ends whatever is being asked. */
  readonly signal?: AbortSignal;
}

/** Adds --host, --org and --json. */
export function withRemoteOptions(command: Command): Command {
  return command
    .option('--host <host:port>', `any node of the cluster (VOUCH_HOST; default ${DEFAULT_HOST})`)
    .option('--org <name>', 'organization (VOUCH_ORG; default "default")')
    .option('--json', 'print JSON');
}

export interface RemoteStream {
  readonly body: ReadableStream<Uint8Array>;
  readonly headers: Headers;
}

/** mayPass: asking again makes sense. */
export type RemoteBytes =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly failure: CliFailure; readonly mayPass: boolean };

/** What a node refused, with the fields of its answer. */
export class RemoteRefusal extends CliFailure {
  override readonly name: string = 'RemoteRefusal';
  readonly status: number;
  readonly code: string;
  readonly body: Readonly<Record<string, unknown>>;
  constructor(message: string, status: number, code: string, body: Readonly<Record<string, unknown>>) {
    super(message);
    this.status = status;
    this.code = code;
    this.body = body;
  }
}

/** Nobody answered: whatever was asked for may have happened. */
export class Unreachable extends CliFailure {
  override readonly name: string = 'Unreachable';
}

export class Remote {
  readonly address: string;
  readonly organization: string;
  private readonly hint: string;
  private readonly signal: AbortSignal | undefined;

  constructor(options: RemoteOptions) {
    this.address = options.host ?? process.env.VOUCH_HOST ?? DEFAULT_HOST;
    this.signal = options.signal;
    this.hint = options.hint ?? 'Start one (npm start), or name another with --host.';
    this.organization = options.org ?? process.env.VOUCH_ORG ?? 'default';
    if (parseAddress(this.address) === undefined) throw usageFailure(`--host is HOST:PORT, not "${this.address}".`);
  }

  async get<T>(path: string, headers: Readonly<Record<string, string>> = {}): Promise<T> {
    return this.call<T>('GET', path, undefined, headers);
  }

  async post<T>(path: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<T> {
    return this.call<T>('POST', path, body, headers);
  }

  async put<T>(path: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<T> {
    return this.call<T>('PUT', path, body, headers);
  }

  async delete<T>(path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}): Promise<T> {
    return this.call<T>('DELETE', path, body, headers);
  }

  /**
   * Bytes of any length, at the reader's pace.
   * @param signal ends it. Whoever reads sees to it that it goes on.
   */
  async stream(path: string, signal: AbortSignal, headers: Readonly<Record<string, string>> = {}): Promise<RemoteStream> {
    let response: Response;
    try {
      response = await fetch(`http://${this.address}${path}`, {
        headers: { 'vouch-organization': this.organization, ...headers },
        signal,
      });
    } catch (error) {
      throw signal.aborted ? error : new Unreachable(this.unreachable(error));
    }
    if (response.ok && response.body !== null) return { body: response.body, headers: response.headers };
    throw this.refusal(response.status, parse(await response.text()));
  }

  /** The bytes of one answer. */
  async bytes(path: string): Promise<RemoteBytes> {
    try {
      const response = await fetch(`http://${this.address}${path}`, {
        headers: { 'vouch-organization': this.organization },
        signal: this.patience(),
      });
      if (response.ok) return { ok: true, bytes: new Uint8Array(await response.arrayBuffer()) };
      const failure = this.refusal(response.status, parse(await response.text()));
      return { ok: false, failure, mayPass: response.status >= 500 };
    } catch (error) {
      if (this.signal?.aborted === true) throw error;
      return { ok: false, failure: new Unreachable(this.unreachable(error)), mayPass: true };
    }
  }

  /** What is no JSON: a signed note. */
  async text(path: string): Promise<string> {
    const { response, text } = await this.send('GET', path, undefined, {});
    if (response.ok) return text;
    throw this.refusal(response.status, parse(text));
  }

  /** The id of a vault given by id or by name. */
  async vaultId(nameOrId: string): Promise<string> {
    if (/^[0-9A-HJKMNP-TV-Z]{26}$/.test(nameOrId)) return nameOrId;
    const { stores } = await this.get<{ stores: readonly { id: string }[] }>(`/stores?name=${encodeURIComponent(nameOrId)}`);
    const found = stores[0];
    if (found !== undefined) return found.id;
    throw new CliFailure(
      `The organization "${this.organization}" has no vault named "${nameOrId}". Create it: vouch vault create ${nameOrId}`,
    );
  }

  private async call<T>(method: string, path: string, body: unknown, headers: Readonly<Record<string, string>>): Promise<T> {
    const { response, text } = await this.send(method, path, body, headers);
    if (response.status === 204) return undefined as T;
    const parsed = parse(text);
    if (response.ok && parsed !== undefined) return parsed as T;
    throw this.refusal(response.status, parsed);
  }

  private async send(
    method: string,
    path: string,
    body: unknown,
    headers: Readonly<Record<string, string>>,
  ): Promise<{ readonly response: Response; readonly text: string }> {
    try {
      const response = await fetch(`http://${this.address}${path}`, {
        method,
        headers: {
          'vouch-organization': this.organization,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: this.patience(),
      });
      return { response, text: await response.text() };
    } catch (error) {
      throw new Unreachable(this.unreachable(error));
    }
  }

  private patience(): AbortSignal {
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    return this.signal === undefined ? timeout : AbortSignal.any([this.signal, timeout]);
  }

  private refusal(status: number, parsed: unknown): CliFailure {
    const body = (parsed ?? {}) as Readonly<Record<string, unknown>> & { readonly code?: string; readonly message?: string };
    const { code = '', message } = body;
    if (message !== undefined) return new RemoteRefusal(`${message} (${code})`, status, code, body);
    return new CliFailure(`${this.address} answered ${status}, but not as a Vouch node does. Is --host right?`);
  }

  private unreachable(error: unknown): string {
    if (error instanceof Error && error.name === 'TimeoutError') {
      return `${this.address} did not answer within ${TIMEOUT_MS / 1000} s. A majority of the nodes must be running.`;
    }
    const cause = (error as { readonly cause?: { readonly code?: string } }).cause;
    const code = cause?.code ?? 'no connection';
    return `No Vouch node can be reached at ${this.address} (${code}). ${this.hint}`;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
