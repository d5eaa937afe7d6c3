/**
 * What a relation consists of (core/authz/expand.ts), as one list of nodes, each behind the ones that it holds. Why not nested: what
 * comes from outside must not decide how deep a reader calls itself.
 *
 *   node  u8 1 users {text name, list of text} · 2 computed {text name, text userset} · 3 tupleToUserset {text name, text tupleset, list of text}
 *         4 union, 5 intersection {text name, u32 nodes before this one} · 6 difference {text name}: base and subtract before this one
 */
import { unreachable } from '../assert.ts';
import type { ExpandTree } from '../authz/expand.ts';
import type { Reader } from '../bytes/reader.ts';
import type { Writer } from '../bytes/writer.ts';
import { codeTable, readCode, readList, readText, writeList } from './client-fields.ts';

const KIND = codeTable<ExpandTree['kind']>({
  users: 1,
  computed: 2,
  tupleToUserset: 3,
  union: 4,
  intersection: 5,
  difference: 6,
});
const NODE_BYTES_MIN = 5;
const TEXT_BYTES_MIN = 4;
const NOTHING: ExpandTree = { kind: 'users', name: '', users: [] };

export function writeExpandTree(writer: Writer, tree: ExpandTree): void {
  const nodes: ExpandTree[] = [];
  flatten(tree, nodes);
  writeList(writer, nodes, writeNode);
}

/** Children in order, then the node itself. */
function flatten(tree: ExpandTree, out: ExpandTree[]): void {
  if (tree.kind === 'union' || tree.kind === 'intersection') for (const node of tree.nodes) flatten(node, out);
  if (tree.kind === 'difference') {
    flatten(tree.base, out);
    flatten(tree.subtract, out);
  }
  out.push(tree);
}

function writeNode(writer: Writer, node: ExpandTree): void {
  const text = (out: Writer, value: string): void => out.text(value);
  writer.u8(KIND.numbers[node.kind]);
  writer.text(node.name);
  switch (node.kind) {
    case 'users':
      return writeList(writer, node.users, text);
    case 'computed':
      return writer.text(node.userset);
    case 'tupleToUserset':
      writer.text(node.tupleset);
      return writeList(writer, node.computed, text);
    case 'union':
    case 'intersection':
      return writer.u32(node.nodes.length);
    case 'difference':
      return;
    default:
      return unreachable(node);
  }
}

/** Where the reader has failed the value means nothing. */
export function readExpandTree(reader: Reader): ExpandTree {
  const open: ExpandTree[] = [];
  readList(reader, NODE_BYTES_MIN, (from) => void open.push(readNode(from, open)));
  const [tree] = open;
  if (tree === undefined || open.length !== 1) reader.fail('bad_value');
  return tree ?? NOTHING;
}

/** @param open nodes that no other holds so far; those of this one are taken out of it */
function readNode(reader: Reader, open: ExpandTree[]): ExpandTree {
  const kind = readCode(reader, KIND, 'users');
  const name = readText(reader);
  switch (kind) {
    case 'users':
      return { kind, name, users: readList(reader, TEXT_BYTES_MIN, readText) };
    case 'computed':
      return { kind, name, userset: readText(reader) };
    case 'tupleToUserset': {
      const tupleset = readText(reader);
      return { kind, name, tupleset, computed: readList(reader, TEXT_BYTES_MIN, readText) };
    }
    case 'union':
    case 'intersection': {
      const count = reader.u32();
      if (count > open.length) reader.fail('bad_value');
      return { kind, name, nodes: open.splice(Math.max(0, open.length - count)) };
    }
    case 'difference': {
      const [base, subtract] = open.splice(Math.max(0, open.length - 2));
      if (base === undefined || subtract === undefined) reader.fail('bad_value');
      return { kind, name, base: base ?? NOTHING, subtract: subtract ?? NOTHING };
    }
    default:
      return unreachable(kind);
  }
}
