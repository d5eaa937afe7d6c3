/** Runs files of tests, one after the other, on one node. A file that cannot be run does not keep the others from it. */
import { EmbeddedNode } from '../embedded-node.ts';
import { ORGANIZATION, runStore, type TestResult } from './run-store.ts';
import { readStoreFile, type StoreFile } from './store-file.ts';
import { TestFileError } from './test-file-error.ts';

export interface FileResult {
  readonly file: string;
  /** What it calls itself, else its own. */
  readonly name: string;
  readonly tests: readonly TestResult[];
  /** Why the file could not be run. */
  readonly error?: string;
}

/** @param told called with each file's result as soon as there is one */
export async function runFiles(
  files: readonly string[],
  told: ((result: FileResult) => void) | undefined,
): Promise<readonly FileResult[]> {
  const node = await EmbeddedNode.open();
  const results: FileResult[] = [];
  try {
    await node.ledger.createOrganization(ORGANIZATION);
    for (const file of files) {
      const result = await runFile(node, file);
      told?.(result);
      results.push(result);
    }
  } finally {
    await node.close();
  }
  return results;
}

async function runFile(node: EmbeddedNode, file: string): Promise<FileResult> {
  let store: StoreFile | undefined;
  try {
    store = readStoreFile(file);
    return { file, name: store.name, tests: await runStore(node, store, file) };
  } catch (error) {
    if (error instanceof TestFileError) return { file, name: store?.name ?? file, tests: [], error: error.message };
    throw error;
  }
}
