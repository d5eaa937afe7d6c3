/** HOST:PORT, and which of them only this machine can reach. */
import { expect, test } from 'vitest';
import { formatAddress, isLoopback, parseAddress } from '../../../node/config/address.ts';

test.each(['127.0.0.1:7400', 'localhost:1', '[::1]:65535', 'node-1.example.org:80', '10.0.0.1:0'])(
  '%s survives a round trip',
  (text) => {
    const address = parseAddress(text);
    expect(address && formatAddress(address)).toBe(text);
  },
);

test.each(['', '7400', ':7400', '127.0.0.1', '127.0.0.1:', '127.0.0.1:65536', '127.0.0.1:-1', '::1:7400', 'a b:1', 'http://a:1'])(
  '%j is no address',
  (text) => expect(parseAddress(text)).toBeUndefined(),
);

test('only names that cannot mean another machine are loopback', () => {
  expect(['127.0.0.1', '127.255.0.9', '::1', 'localhost'].every(isLoopback)).toBe(true);
  expect(['0.0.0.0', '::', '10.0.0.1', '127.0.0.1.example.org', 'localhost.example.org', '128.0.0.1'].some(isLoopback)).toBe(
    false,
  );
});
