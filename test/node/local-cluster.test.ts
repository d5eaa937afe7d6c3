/** Which cluster `vouch up` finds below a directory: a whole one as it is, an interrupted start to be completed. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { CLUSTER_FILE } from '../../core/replica/directory.ts';
import { LocalCluster } from '../../node/local/local-cluster.ts';
import { encodeNodeFile, NODE_FILE } from '../../node/node-file.ts';
import { cleanUp, temporary } from './support/vouch.ts';

afterAll(cleanUp);

/** Directories of nodes that have started once, each at its port, and belong to a cluster or not. */
function directoryWith(ports: readonly number[], standing: 'members' | 'interrupted'): string {
  const directory = join(temporary(), 'c');
  ports.forEach((port, i) => {
    const data = join(directory, `node-${i + 1}`);
    mkdirSync(data, { recursive: true });
    writeFileSync(join(data, NODE_FILE), encodeNodeFile({ format: 1, listen: `127.0.0.1:${port}`, join: [] }));
    if (standing === 'members') writeFileSync(join(data, CLUSTER_FILE), '');
  });
  return directory;
}

function addresses(directory: string, nodes: number): readonly string[] {
  return new LocalCluster({ binary: 'vouch', directory, nodes, port: 7400 }).nodes.map((node) => node.options.address);
}

test('a cluster that is there keeps its size and its ports', () => {
  const cluster = directoryWith([9001, 9002], 'members');
  expect(addresses(cluster, 3)).toEqual(['127.0.0.1:9001', '127.0.0.1:9002']);
});

test('where the first start was interrupted the nodes that are missing are added', () => {
  const interrupted = directoryWith([7400, 7401], 'interrupted');
  expect(addresses(interrupted, 3)).toEqual(['127.0.0.1:7400', '127.0.0.1:7401', '127.0.0.1:7402']);
  expect(addresses(join(temporary(), 'nothing'), 3)).toHaveLength(3);
});
