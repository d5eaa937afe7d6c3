/**
 * The checker's checker: reads the events of a history and tries every order of every subset of its operations. It shares no
 * code with sim/check, has models of its own, and is hopeless beyond a handful of operations: nothing in it is clever.
 */

/** One line of a history file, parsed. */
export interface Event {
  readonly process: number;
  readonly type: 'invoke' | 'ok' | 'fail' | 'info';
  readonly f: string;
  readonly key: string;
  readonly value: unknown;
  /** What the system says of its log; ignored here. */
  readonly index?: number;
}

interface Call {
  readonly f: string;
  readonly key: string;
  readonly asked: unknown;
  told: unknown;
  how: 'ok' | 'fail' | 'info';
  readonly begin: number;
  end: number;
}

export type Model = 'register' | 'kv' | 'ledger';

/** Contents of all keys after the call, or undefined where the call cannot have happened so. */
type Contents = Readonly<Record<string, unknown>>;

export function isLinearizableByEnumeration(model: Model, events: readonly Event[]): boolean {
  return someOrder(model, callsOf(events), {});
}

function callsOf(events: readonly Event[]): readonly Call[] {
  const calls: Call[] = [];
  const running: Record<number, Call> = {};
  events.forEach(({ process, type, f, key, value }, at) => {
    if (type === 'invoke') {
      const call: Call = { f, key, asked: value, told: undefined, how: 'info', begin: at, end: Infinity };
      calls.push(call);
      running[process] = call;
      return;
    }
    const call = running[process] as Call;
    call.how = type;
    call.told = value;
    if (type !== 'info') call.end = at;
  });
  return calls;
}

function someOrder(model: Model, left: readonly Call[], contents: Contents): boolean {
  if (left.every(({ how }) => how === 'info')) return true;
  return left.some((call) => {
    const others = left.filter((other) => other !== call);
    if (others.some((other) => other.end < call.begin)) return false;
    const after = execute(model, call, contents);
    return after !== undefined && someOrder(model, others, after);
  });
}

function execute(model: Model, call: Call, contents: Contents): Contents | undefined {
  const initially = { register: null, kv: '', ledger: false }[model];
  const present = call.key in contents ? contents[call.key] : initially;
  const becomes = (value: unknown): Contents => ({ ...contents, [call.key]: value });
  const { f, how, asked, told } = call;
  if (f === 'read' || f === 'get' || f === 'check') return how === 'ok' && told !== present ? undefined : contents;
  if (f === 'cas') {
    const [from, to] = asked as readonly [unknown, unknown];
    if (how === 'ok') return present === from ? becomes(to) : undefined;
    if (how === 'fail') return present === from ? undefined : contents;
    return present === from ? becomes(to) : contents;
  }
  if (how === 'fail') return contents;
  if (f === 'append') return becomes(`${present}${asked}`);
  if (f === 'grant' || f === 'revoke') return becomes(f === 'grant');
  return becomes(asked);
}
