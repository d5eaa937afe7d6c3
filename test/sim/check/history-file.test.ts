/** The format of `vouch sim check`: what is accepted, what each mistake says, and that processes go on after unknown outcomes. */
import { describe, expect, test } from 'vitest';
import { checkHistory } from '../../../sim/check/history-file.ts';

const lines = (...events: readonly object[]): string => events.map((event) => JSON.stringify(event)).join('\n');
const event = (process: number, type: string, f: string, value?: unknown, key: string = 'x'): object => ({
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
    expect(checkHistory(history(5), 'register')).toMatchObject({
      ok: true,
      result: { verdict: 'linearizable', operations: 2, keys: 1 },
    });
    expect(checkHistory(history(6), 'register')).toMatchObject({
      ok: true,
      result: { verdict: 'violation', key: 'x', stuck: { process: 2, line: 3, returnLine: 4 } },
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

  test('the order of the log is taken as a witness, and a lying index is only a detour', () => {
    const history = (index: number): string =>
      lines(
        event(1, 'invoke', 'write', 1),
        event(2, 'invoke', 'write', 2),
        { ...event(1, 'ok', 'write', 1), index: 2 },
        { ...event(2, 'ok', 'write', 2), index: 1 },
        event(1, 'invoke', 'read'),
        { ...event(1, 'ok', 'read', 1), index },
      );
    for (const index of [2, 1, 0])
      expect(checkHistory(history(index), 'register')).toMatchObject({ result: { verdict: 'linearizable' } });
  });

  test('equal values are equal however their keys are ordered', () => {
    const history = lines(
      event(1, 'invoke', 'write', { a: 1, b: [2] }),
      event(1, 'ok', 'write', { a: 1, b: [2] }),
      event(1, 'invoke', 'read'),
      event(1, 'ok', 'read', { b: [2], a: 1 }),
    );
    expect(checkHistory(history, 'register')).toMatchObject({ result: { verdict: 'linearizable' } });
  });

  test('an ok that says another value than its invocation is refused; one that says none is not', () => {
    const write = (told: unknown): string => lines(event(1, 'invoke', 'write', 5), event(1, 'ok', 'write', told));
    expect(checkHistory(write(6), 'register')).toMatchObject({
      ok: false,
      line: 2,
      reason: expect.stringContaining('its ok says 6'),
    });
    expect(checkHistory(write(null), 'register')).toMatchObject({ ok: true });
    const put = lines(event(1, 'invoke', 'put', 'a'), event(1, 'ok', 'put', 'b'));
    expect(checkHistory(put, 'kv')).toMatchObject({ ok: false, line: 2 });
  });

  test('empty lines and line ends of Windows are no mistake', () => {
    const history = `${lines(event(1, 'invoke', 'read'), event(1, 'ok', 'read', null)).replaceAll('\n', '\r\n\r\n')}\r\n`;
    expect(checkHistory(history, 'register')).toMatchObject({ result: { verdict: 'linearizable', operations: 1 } });
  });

  test.each([
    ['nonsense', 'this is not JSON'],
    ['[1]', 'an event is a JSON object'],
    [lines(event(1, 'ok', 'read')), 'process 1 has no open operation'],
    [lines({ process: 'a' }), 'process is a whole number'],
    [lines(event(1, 'began', 'read')), 'type is invoke, ok, fail or info'],
    [lines({ ...event(1, 'invoke', 'read'), key: {} }), 'key is a text'],
    [lines({ ...event(1, 'invoke', 'read'), index: -1 }), 'index is a whole number from 0'],
    [lines(event(1, 'invoke', 'write', undefined)), 'a write has a value'],
    [lines(event(1, 'invoke', 'cas', 5)), 'the value of a cas is [from, to]'],
    [lines(event(1, 'invoke', 'append', 'a')), 'a register has read, write and cas, not "append"'],
  ])('%s is refused with the line and the reason', (text, reason) => {
    expect(checkHistory(text, 'register')).toEqual({ ok: false, line: 1, reason });
  });

  test.each([
    ['register', 'read', undefined, 'a read that is ok says what it read, in "value"'],
    ['kv', 'get', {}, 'a get that is ok says what it read: "value" is a text, "" or null for nothing'],
    ['ledger', 'check', 'yes', 'a check that is ok says true or false, in "value"'],
  ] as const)('%s: a %s that returns %j is refused on its line', (model, f, value, reason) => {
    const history = lines(event(1, 'invoke', f), event(1, 'ok', f, value));
    expect(checkHistory(history, model)).toEqual({ ok: false, line: 2, reason });
  });

  test('a completion of something else is refused with both lines', () => {
    const history = lines(event(1, 'invoke', 'read', null, 'x'), event(1, 'ok', 'read', null, 'y'));
    const reason = 'process 1 invoked read of key "x" on line 1; this completes read of key "y"';
    expect(checkHistory(history, 'register')).toEqual({ ok: false, line: 2, reason });
  });

  test('a process that invokes twice is refused on its second line', () => {
    const history = lines(event(1, 'invoke', 'read'), event(1, 'invoke', 'read'));
    expect(checkHistory(history, 'register')).toMatchObject({ ok: false, line: 2 });
  });
});
