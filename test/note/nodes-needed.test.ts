/** How many nodes have to sign before a policy can be met, worked out from its quorum. */
import { expect, test } from 'vitest';
import { encodeVkey } from '../../core/note/key.ts';
import { nodesNeeded } from '../../core/note/nodes-needed.ts';
import { node, party, policyOf, policyText } from './support.ts';

const NODES = [node(1), node(2), node(3)];
const outside = encodeVkey(party('witness.example/w1', 9).timed);

/** k of the nodes, in a group with a witness from outside. */
function withWitness(k: number, group: string, url: string): string {
  return policyText(k, NODES).replace('quorum nodes', `witness w ${outside} ${url}\ngroup top ${group} nodes w\nquorum top`);
}

test.each([
  ['one of the nodes', policyText(1, NODES), 1],
  ['all of them', policyText(3, NODES), 3],
  ['one key', policyText(1, NODES).replace('quorum nodes', 'quorum n2'), 1],
  ['nodes and a witness', withWitness(2, 'all', 'https://witness.example/'), 2],
  ['nodes or a witness that can be asked', withWitness(2, 'any', 'https://witness.example/'), 0],
  ['nodes or a witness that cannot', withWitness(2, 'any', ''), 2],
  ['nodes and a witness that cannot be asked: no number is enough', withWitness(2, 'all', ''), 0],
])('%s', (_, text, expected) => {
  expect(nodesNeeded(policyOf(text))).toBe(expected);
});
