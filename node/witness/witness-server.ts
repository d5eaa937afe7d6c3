/**
 * A C2SP tlog-witness over HTTP: POST /add-checkpoint, and nothing else. Deciding, recording and signing happen in one turn of the event
 * loop, with the record durable in between, so no two requests see the same last checkpoint.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { fromUtf8 } from '../../core/bytes/text.ts';
import type { Signer } from '../../core/capability.ts';
import { ADD_CHECKPOINT_CHARACTERS_MAX } from '../../core/note/add-checkpoint.ts';
import { encodeSignature } from '../../core/note/note.ts';
import { cosignText } from '../../core/note/sign.ts';
import { decideCheckpoint, type WitnessRules } from '../../core/note/witness.ts';
import type { Address } from '../config/address.ts';
import { nativeHasher } from '../hasher.ts';
import { nativeVerifier } from '../keys/native-ed25519.ts';
import type { WitnessJournal } from './journal.ts';

/** Longest a client may take to send a request. */
const REQUEST_TIMEOUT_MS = 30_000;
const CONNECTIONS_MAX = 1024;
/** Logs that one witness follows. Why a bound: whoever holds a known key can name new vaults without end. */
const ORIGINS_MAX = 1_000_000;
const PATH = '/add-checkpoint';
const TEXT = 'text/plain; charset=utf-8';
/** Source: C2SP tlog-witness. */
const SIZE = 'text/x.tlog.size';

export interface WitnessDependencies {
  readonly journal: WitnessJournal;
  readonly signer: Signer;
  readonly rules: WitnessRules;
  /** Seconds since 1970. */
  readonly nowS: () => number;
  /** The journal cannot be written: the witness ends, and has not signed. */
  readonly onFatal: (message: string) => void;
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

export class WitnessServer {
  private readonly dependencies: WitnessDependencies;
  private readonly server: Server;

  constructor(dependencies: WitnessDependencies) {
    this.dependencies = dependencies;
    this.server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => this.serve(request, response));
    this.server.maxConnections = CONNECTIONS_MAX;
  }

  /** @returns the port. Rejects where the address cannot be had. */
  async listen({ host, port }: Address): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen({ host, port, exclusive: true }, resolve);
    });
    const address = this.server.address();
    return typeof address === 'object' && address !== null ? address.port : port;
  }

  async close(): Promise<void> {
    await new Promise((resolve) => {
      this.server.close(resolve);
      this.server.closeAllConnections();
    });
  }

  private serve(request: IncomingMessage, response: ServerResponse): void {
    const [path] = (request.url ?? '').split('?');
    if (path !== PATH) return send(response, refusal(404, `there is only POST ${PATH} here`));
    if (request.method !== 'POST') return send(response, refusal(405, `${PATH} takes POST`));
    const chunks: Buffer[] = [];
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= ADD_CHECKPOINT_CHARACTERS_MAX) chunks.push(chunk);
      else if (!response.headersSent)
        send(response, refusal(413, `the body is longer than ${ADD_CHECKPOINT_CHARACTERS_MAX} bytes`));
    });
    request.on('error', () => response.destroy());
    request.on('end', () => {
      if (!response.headersSent) send(response, this.answer(Buffer.concat(chunks)));
    });
  }

  /** Answers one request; where it signs, what it signs is durable. */
  answer(body: Uint8Array): Answer {
    const { journal, signer, rules, nowS, onFatal } = this.dependencies;
    const text = fromUtf8(body);
    if (text === undefined) return refusal(400, 'the body is not UTF-8');
    const capabilities = { hasher: nativeHasher, verifier: nativeVerifier };
    const decision = decideCheckpoint(capabilities, rules, (origin) => journal.lastOf(origin), text);
    if (decision.status === 409) return { status: 409, type: SIZE, body: `${decision.size}\n` };
    if (decision.status !== 200) return refusal(decision.status, decision.reason);
    const { checkpoint } = decision;
    if (journal.lastOf(checkpoint.origin) === undefined && journal.origins >= ORIGINS_MAX) {
      return refusal(503, `this witness follows ${ORIGINS_MAX} logs and takes no more`);
    }
    try {
      journal.record(checkpoint.origin, checkpoint);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      onFatal(message);
      return refusal(500, 'this witness cannot write its journal');
    }
    const signature = cosignText(nativeHasher, signer, journal.identity.name, decision.text, nowS());
    return { status: 200, type: TEXT, body: encodeSignature(signature) };
  }
}

function refusal(status: number, reason: string): Answer {
  return { status, type: TEXT, body: `${reason}\n` };
}

function send(response: ServerResponse, { status, type, body }: Answer): void {
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    ...(status === 413 ? { connection: 'close' } : {}),
  });
  response.end(body);
}
