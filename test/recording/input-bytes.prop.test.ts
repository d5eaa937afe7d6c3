/** Inputs on tapes: of every kind, what was written is read, and no bytes make the reader throw. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Reader } from '../../core/bytes/reader.ts';
import { Writer } from '../../core/bytes/writer.ts';
import type { ClientRequest } from '../../core/client/protocol.ts';
import type { InputBody } from '../../core/effect.ts';
import type { ClusterId, RequestId } from '../../core/ids.ts';
import { readInput, writeInput } from '../../core/recording/input-bytes.ts';
import { foundingManifest, type Manifest } from '../../core/replica/manifest.ts';
import { request } from '../codec/arbitraries.ts';
import { branded, bytes, group, nodeId, u64, vault } from '../codec/field-arbitraries.ts';
import { propertyRuns } from '../support/property.ts';

const id = branded<RequestId>(u64);
const manifest: fc.Arbitrary<Manifest> = fc.uniqueArray(nodeId, { minLength: 1, maxLength: 5 }).map((ids) => {
  const voters = ids.toSorted();
  const founders = voters.map((each, i) => ({ id: each, address: `127.0.0.1:${7400 + i}` }));
  return foundingManifest({ cluster: 'c'.repeat(32) as ClusterId, founders, groups: [{ group: 0 as never, voters }] });
});

/** One of each kind; a kind that is missing here does not compile. */
const BY_KIND: { readonly [K in InputBody['kind']]: fc.Arbitrary<Extract<InputBody, { kind: K }>> } = {
  frame: fc.record({ kind: fc.constant('frame' as const), from: nodeId, bytes }),
  deadline: fc.constant({ kind: 'deadline' as const }),
  persisted: fc.record({ kind: fc.constant('persisted' as const), seq: branded(u64) }),
  persistFailed: fc.record({
    kind: fc.constant('persistFailed' as const),
    seq: branded(u64),
    code: fc.constantFrom('EIO', 'ENOSPC'),
  }),
  request: fc.record({ kind: fc.constant('request' as const), id, body: request }),
  export: fc.record({ kind: fc.constant('export' as const), id, group, ask: fc.constantFrom('begin', 'more', 'end') }),
  bootstrap: fc.record({ kind: fc.constant('bootstrap' as const), manifest }),
  recoverVault: fc.record({ kind: fc.constant('recoverVault' as const), group, vault }),
  peer: fc.record({ kind: fc.constant('peer' as const), peer: nodeId, state: fc.constantFrom('up', 'down') }),
};

function written(input: InputBody): Uint8Array {
  const out = new Writer();
  writeInput(out, input);
  return out.finish();
}

for (const [kind, arbitrary] of Object.entries(BY_KIND) as [string, fc.Arbitrary<InputBody>][]) {
  propertyRuns(kind === 'request' ? 400 : 60, `an input of kind ${kind} is read as it was written`, arbitrary, (input) => {
    const reader = new Reader(written(input));
    expect(reader.finish(readInput(reader))).toEqual({ ok: true, value: input });
  });
}

propertyRuns(500, 'no bytes make the reader throw', fc.uint8Array({ maxLength: 120 }), (noise) => {
  readInput(new Reader(noise));
});

test('a request that the wire has no form for is kept as it was: a core is given it, and refuses it', () => {
  const body: ClientRequest = { kind: 'lookupVault', organization: 'a\ud800', name: '', id: '', consistency: 'linearizable' };
  const input: InputBody = { kind: 'request', id: 7 as RequestId, body };
  const reader = new Reader(written(input));
  expect(reader.finish(readInput(reader))).toEqual({ ok: true, value: input });
});
