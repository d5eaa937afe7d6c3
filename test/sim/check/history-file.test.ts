/** The format of `vouch sim check`: what is accepted, what each mistake says, and that processes go on after unknown outcomes. */
import { describe, expect, test } from 'vitest';
import { checkHistory } from '../../../sim/check/history-file.ts';

const lines = (...events: readonly object[]): string => events.map((event) => JSON.stringify(event)).join('\n');
const event = (process: number, type: string, f: string, value: unknown = null, key: string = 'x'): object => ({
  process,
  type,
  f,
  key,
  value,
});

describe('checkHistory', () => {
  test('a read of what was written is linearizable, of what was never written a violation', () => {
    const history = (read: number): string =>
      lines(event(1, 'invoke', 'write', 5), event(1, 'ok', 'write', 5), event(2, 'invoke', 'read'), event(2, 'ok', 'read', read));
    expect(checkHistory(history(5), 'register')).toEqual({ ok: true, result: { verdict: 'linearizable', operations: 2 } });
    expect(checkHistory(history(6), 'register')).toMatchObject({
      ok: true,
      result: { verdict: 'violation', key: 'x', stuck: { process: 2, line: 3 } },
    });
  });

  test('an unknown write may take effect after its process has gone on', () => {
    const history = lines(
      event(1, 'invoke', 'write', 5),
      event(1, 'info', 'write', 5),
      event(1, 'invoke', 'read'),
      event(1, 'ok', 'read', null),
      event(1, 'invoke', 'read'),
      event(1, 'ok', 'read', 5),
    );
    expect(checkHistory(history, 'register')).toMatchObject({ result: { verdict: 'linearizable' } });
  });

  test('a failed cas says that the state was another', () => {
    const history = lines(event(1, 'invoke', 'cas', [null, 1]), event(1, 'fail', 'cas', [null, 1]));
    expect(checkHistory(history, 'cas-register')).toMatchObject({ result: { verdict: 'violation' } });
  });

  test('kv appends concatenate', () => {
    const history = lines(
      event(1, 'invoke', 'put', 'a'),
      event(1, 'ok', 'put', 'a'),
      event(1, 'invoke', 'append', 'b'),
      event(1, 'ok', 'append', 'b'),
      event(1, 'invoke', 'get'),
      event(1, 'ok', 'get', 'ab'),
    );
    expect(checkHistory(history, 'kv')).toMatchObject({ result: { verdict: 'linearizable' } });
  });

  test('a check that denies after a grant was acknowledged is a violation of the ledger', () => {
    const history = lines(
      event(1, 'invoke', 'grant', null, 'doc:1#viewer@user:anne'),
      event(1, 'ok', 'grant', null, 'doc:1#viewer@user:anne'),
      event(2, 'invoke', 'check', null, 'doc:1#viewer@user:anne'),
      event(2, 'ok', 'check', false, 'doc:1#viewer@user:anne'),
    );
    expect(checkHistory(history, 'ledger')).toMatchObject({ result: { verdict: 'violation' } });
  });

  test.each([
    ['nonsense', 'this is not JSON'],
    [lines(event(1, 'ok', 'read')), 'process 1 has no open operation'],
    [lines({ process: 'a' }), 'process is a whole number'],
    [lines(event(1, 'began', 'read')), 'type is invoke, ok, fail or info'],
  ])('%s is refused with the line and the reason', (text, reason) => {
    expect(checkHistory(text, 'register')).toEqual({ ok: false, line: 1, reason });
  });

  test('a process that invokes twice is refused on its second line', () => {
    const history = lines(event(1, 'invoke', 'read'), event(1, 'invoke', 'read'));
    expect(checkHistory(history, 'register')).toMatchObject({ ok: false, line: 2 });
  });

  test('an operation the model does not have is refused', () => {
    expect(checkHistory(lines(event(1, 'invoke', 'append', 'a')), 'register')).toMatchObject({ ok: false });
  });
});
