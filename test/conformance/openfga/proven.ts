/** What was asked once more with a proof, on its way to a verifier in another process; and what that one said. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** One answer as a client keeps it, with the hash of its block from elsewhere, and what it has to come to. */
export interface ProvenCase {
  readonly name: string;
  readonly answer: Readonly<Record<string, unknown>>;
  /** Hash of the block at the answer's height, asked for by itself. */
  readonly block: string;
  readonly expected:
    | { readonly kind: 'allowed'; readonly allowed: boolean }
    | { readonly kind: 'members'; readonly members: readonly string[] };
}

export interface ProvenTally {
  readonly verified: number;
  /** Forged variants of them that were refused. */
  readonly refused: number;
  /** Proofs of other answers that show another way to the same allow. */
  readonly otherWays: number;
  readonly failures: readonly string[];
  readonly bytesP50: number;
}

/** Has the cases verified by a process of its own, which is given nothing else. */
export function verifyElsewhere(cases: readonly ProvenCase[]): Promise<ProvenTally> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [fileURLToPath(new URL('./verifier.mjs', import.meta.url))], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(JSON.parse(output) as ProvenTally);
      else reject(new Error(`the verifier ended with ${code}`));
    });
    child.stdin.end(cases.map((one) => JSON.stringify(one)).join('\n'));
  });
}
