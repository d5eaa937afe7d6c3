/**
 * What of an expression's syntax is let through to evaluation, and a count of what its evaluation does.
 *
 * Only functions of CEL's standard that have one result on every machine are known. Three of them the library does in its own way (texts
 * read as local time, backtracking patterns), so a call of them is led to ours, which stands beside it under the name with an underscore.
 *
 * An expression without a loop does less than its 512 bytes times its context. One with a loop (all, exists, map ...) pays for each node
 * that is evaluated and for the size of what comes out of it; a search for a pattern is paid for in either.
 */
import { CONDITION_COST_MAX } from '../limits.ts';
import { offsetMinutesOf } from './values/time.ts';

/** A node of the library's syntax tree, as far as it is looked at here. */
export interface SyntaxNode {
  readonly op: string;
  readonly args: unknown;
  readonly meta: {
    readonly evaluate: Evaluate;
    readonly alternate?: SyntaxNode;
    readonly macro?: { readonly evaluate: Evaluate };
  };
}

type Evaluate = (evaluator: unknown, node: unknown, context: unknown) => unknown;

const FUNCTIONS: ReadonlySet<string> = new Set(
  'double duration dyn has int ipaddress size string timestamp type uint bool'.split(' '),
);
const METHODS: ReadonlySet<string> = new Set([
  ...'all exists exists_one filter map size contains startsWith endsWith matches in_cidr'.split(' '),
  ...'getDate getDayOfMonth getDayOfWeek getDayOfYear getFullYear getMonth'.split(' '),
  ...'getHours getMinutes getSeconds getMilliseconds'.split(' '),
]);
const OURS: ReadonlySet<string> = new Set(['timestamp', 'duration', 'matches']);

/** Name of the function that is called instead. */
function replacementOf(name: string): string {
  return OURS.has(name) ? `${name}_` : name;
}

/** The library's words about a call, in which the name is as it was written. */
export function unreplaced(message: string): string {
  return message.replace(/(timestamp|duration|matches)_\(/g, '$1(');
}

function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && 'op' in value && 'args' in value && 'meta' in value;
}

/** Every node of a tree, what macros were expanded to included; bounded by the length of the expression. */
export function nodesOf(root: SyntaxNode): readonly SyntaxNode[] {
  const nodes = new Set<SyntaxNode>();
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) return value.forEach(visit);
    if (isNode(value)) {
      if (nodes.has(value)) return;
      nodes.add(value);
      visit(value.args);
      visit(value.meta.alternate);
    } else if (typeof value === 'object' && value !== null && 'iterable' in value && 'step' in value && 'init' in value) {
      visit([value.iterable, value.init, value.step]);
    }
  };
  visit(root);
  return [...nodes];
}

/** Leads calls to our functions. @returns why the expression is refused */
export function admitSyntax(nodes: readonly SyntaxNode[]): string | undefined {
  for (const { op, args } of nodes) {
    if (op === 'value' && args instanceof Uint8Array) return 'byte strings are not supported';
    if ((op !== 'call' && op !== 'rcall') || !Array.isArray(args)) continue;
    const name = String(args[0]);
    if (!(op === 'call' ? FUNCTIONS : METHODS).has(name)) return `undeclared reference to '${name}'`;
    const zone = name.startsWith('get') ? literalOf(args[2]) : undefined;
    if (zone !== undefined && offsetMinutesOf(zone) === undefined) return unknownZone(zone);
    args[0] = replacementOf(name);
  }
  return undefined;
}

/** What is told of a zone by name: its offset is in tables that differ from one machine to the next. */
export function unknownZone(zone: string): string {
  return `the time zone '${zone}' is not known: only offsets such as '+02:00' are`;
}

/** The text that a call has as its only argument, written out. */
function literalOf(callArguments: unknown): string | undefined {
  const [node] = Array.isArray(callArguments) ? callArguments : [];
  return isNode(node) && node.op === 'value' && typeof node.args === 'string' ? node.args : undefined;
}

const EXHAUSTED: Error = new RangeError('the cost limit is exceeded');

/** What one evaluation may still do. */
export class Meter {
  private left: number = CONDITION_COST_MAX;

  get isExhausted(): boolean {
    return this.left < 0;
  }

  fill(): void {
    this.left = CONDITION_COST_MAX;
  }

  /** Has every evaluation of these nodes be paid for; the tree is checked already. */
  watch(nodes: readonly SyntaxNode[]): void {
    if (!nodes.some(({ op }) => op === 'comprehension')) return;
    for (const node of nodes) {
      const inner = evaluationOf(node);
      const paid: Evaluate = (evaluator, _, context) => {
        this.pay(1);
        const result = inner(evaluator, context);
        this.payFor(result);
        return result;
      };
      Object.defineProperty(node, 'evaluate', { value: paid });
    }
  }

  /** Throws, and goes on to do so: the language hides an error of one side of `||` behind the other. */
  pay(cost: number): void {
    this.left -= cost;
    if (this.left < 0) throw EXHAUSTED;
  }

  private payFor(result: unknown): void {
    if (typeof result === 'string') this.pay(result.length >> 3);
    else if (Array.isArray(result)) {
      this.pay(result.length);
      result.forEach((item) => {
        this.payFor(item);
      });
    } else if (result instanceof Map) {
      this.pay(result.size);
      for (const item of result.values()) this.payFor(item);
    }
  }
}

/** What the library would do for the node from its first evaluation on. */
function evaluationOf(node: SyntaxNode): (evaluator: unknown, context: unknown) => unknown {
  const { alternate, macro } = node.meta;
  if (alternate !== undefined) {
    const run = alternate as unknown as { evaluate: Evaluate };
    return (evaluator, context) => run.evaluate(evaluator, alternate, context);
  }
  if (macro !== undefined) return (evaluator, context) => macro.evaluate(evaluator, macro, context);
  // The library sets it while it checks, so it is read late.
  return (evaluator, context) => node.meta.evaluate(evaluator, node, context);
}
