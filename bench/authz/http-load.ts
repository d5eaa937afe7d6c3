/**
 * The load on the HTTP gateways, a process of its own: its parent sends a Plan and receives a Figure. Every connection sends one request
 * after the other, kept alive, and reads an answer by its Content-Length; what they send is the bytes of a real client. Why not fetch:
 * on two cores it would take more of them than the nodes that are measured.
 */
import { connect, type Socket } from 'node:net';

export interface Plan {
  /** HOST:PORT; connections are spread over them. */
  readonly endpoints: readonly string[];
  readonly connections: number;
  readonly seconds: number;
  readonly path: string;
  /** Bodies, taken in turn. */
  readonly bodies: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  /** A text that every answer holds. */
  readonly expect: string;
}

export interface Figure {
  readonly perSecond: number;
  readonly p50Micros: number;
  readonly p99Micros: number;
  /** Answers that were not as expected. */
  readonly wrong: number;
  readonly answerBytes: number;
}

const WARM_UP_MS = 2_000;
const HEAD_END = Buffer.from('\r\n\r\n');

/** One connection: a request at a time. */
class Connection {
  private readonly socket: Socket;
  private pending: Buffer = Buffer.alloc(0);
  private resolve: ((body: string) => void) | undefined = undefined;
  private reject: ((error: Error) => void) | undefined = undefined;

  constructor(endpoint: string) {
    const colon = endpoint.lastIndexOf(':');
    this.socket = connect(Number(endpoint.slice(colon + 1)), endpoint.slice(0, colon));
    this.socket.setNoDelay(true);
    this.socket.on('data', (chunk) => this.take(chunk));
    this.socket.on('error', (error) => this.reject?.(error));
    this.socket.on('close', () => this.reject?.(new Error('the node closed the connection')));
  }

  ask(request: Buffer): Promise<string> {
    return new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
      this.socket.write(request);
    });
  }

  close(): void {
    this.reject = undefined;
    this.socket.destroy();
  }

  private take(chunk: Buffer): void {
    this.pending = this.pending.length === 0 ? chunk : Buffer.concat([this.pending, chunk]);
    const end = this.pending.indexOf(HEAD_END);
    if (end < 0) return;
    const head = this.pending.toString('latin1', 0, end);
    const length = /content-length: (\d+)/i.exec(head);
    if (length === null) throw new Error(`an answer without a length: ${head}`);
    const until = end + HEAD_END.length + Number(length[1]);
    if (this.pending.length < until) return;
    const body = this.pending.toString('utf8', end + HEAD_END.length, until);
    this.pending = this.pending.subarray(until);
    this.resolve?.(head.startsWith('HTTP/1.1 200') ? body : head + body);
  }
}

function requestOf(plan: Plan, endpoint: string, body: string): Buffer {
  const headers = Object.entries({ ...plan.headers, host: endpoint, 'content-type': 'application/json' });
  const lines = [`POST ${plan.path} HTTP/1.1`, ...headers.map(([name, value]) => `${name}: ${value}`)];
  return Buffer.from(`${lines.join('\r\n')}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
}

async function run(plan: Plan): Promise<Figure> {
  const begin = performance.now() + WARM_UP_MS;
  const end = begin + plan.seconds * 1000;
  const latencies: number[] = [];
  let wrong = 0;
  let answerBytes = 0;
  const client = async (position: number): Promise<void> => {
    const endpoint = plan.endpoints[position % plan.endpoints.length] as string;
    const requests = plan.bodies.map((body) => requestOf(plan, endpoint, body));
    const connection = new Connection(endpoint);
    for (let now = performance.now(), turn = position; now < end; turn += 1) {
      const answer = await connection.ask(requests[turn % requests.length] as Buffer);
      const answered = performance.now();
      if (!answer.includes(plan.expect)) wrong += 1;
      answerBytes = answer.length;
      if (now >= begin && answered < end) latencies.push(answered - now);
      now = answered;
    }
    connection.close();
  };
  await Promise.all(Array.from({ length: plan.connections }, (_, position) => client(position)));
  latencies.sort((a, b) => a - b);
  const at = (share: number): number => Math.round((latencies[Math.floor(latencies.length * share)] ?? 0) * 1000);
  return { perSecond: latencies.length / plan.seconds, p50Micros: at(0.5), p99Micros: at(0.99), wrong, answerBytes };
}

process.once('message', async (plan) => {
  process.send?.(await run(plan as Plan));
  process.disconnect();
});
