/**
 * Authorization queries and their answers, behind the number of their kind (client-request.ts, client-result.ts).
 *
 *   query   check        text model, list of {tuple, own}
 *           listObjects  text model, text type, text relation, text subject, own
 *           listUsers    text model, text resource, text relation, list of {text type, text relation}, own
 *           expand       text model, text resource, text relation, list of contextual
 *   answer  check        text model, list of verdict, anchor, blob proof
 *           lists        text model, list of text, anchor, blob proof
 *           expand       text model, tree (expand-fields.ts), anchor
 *   own      list of contextual, text context
 *   contextual  tuple, text condition name, text condition context; both empty = none
 *   verdict  u8 0 denied, 1 allowed, 2 error {u8 code, text message}
 */
import { unreachable } from '../assert.ts';
import type { AuthzErrorCode, ReadTuple } from '../authz/reading.ts';
import type { Reader } from '../bytes/reader.ts';
import type { Writer } from '../bytes/writer.ts';
import type { AuthzContext, AuthzQuery, AuthzResult, CheckQuestion, CheckVerdict } from '../client/authz-protocol.ts';
import { CONTEXT_BYTES_MAX } from '../limits.ts';
import { PROOF_BYTES_MAX } from '../proof/format.ts';
import {
  codeTable,
  readAnchor,
  readCode,
  readList,
  readText,
  readTuple,
  writeAnchor,
  writeList,
  writeTuple,
} from './client-fields.ts';
import { readExpandTree, writeExpandTree } from './expand-fields.ts';

const ERROR = codeTable<AuthzErrorCode>({
  invalid: 1,
  condition_failed: 2,
  too_complex: 3,
  type_missing: 4,
  relation_missing: 5,
  invalid_contextual_tuple: 6,
  incomplete: 7,
  invalid_tuple: 8,
});
/** A tuple of three empty texts, and two more. */
const CONTEXTUAL_BYTES_MIN = 5 * 4;
const CHECK_BYTES_MIN = 3 * 4 + 8;
const FILTER_BYTES_MIN = 8;
const TEXT_BYTES_MIN = 4;

function writeOwn(writer: Writer, { contextual, context }: AuthzContext): void {
  writeList(writer, contextual, writeContextual);
  writer.text(context);
}

function writeContextual(writer: Writer, { tuple, condition }: ReadTuple): void {
  writeTuple(writer, tuple);
  writer.text(condition?.name ?? '');
  writer.text(condition?.context ?? '');
}

function readOwn(reader: Reader): AuthzContext {
  const contextual = readList(reader, CONTEXTUAL_BYTES_MIN, readContextual);
  return { contextual, context: reader.text(CONTEXT_BYTES_MAX) };
}

function readContextual(reader: Reader): ReadTuple {
  const tuple = readTuple(reader);
  const name = readText(reader);
  const context = reader.text(CONTEXT_BYTES_MAX);
  if ((name === '') !== (context === '')) reader.fail('bad_value');
  return { tuple, condition: name === '' ? undefined : { name, context } };
}

export function writeAuthzQuery(writer: Writer, query: AuthzQuery): void {
  writer.text(query.model);
  switch (query.kind) {
    case 'check':
      return writeList(writer, query.checks, (out, check) => {
        writeTuple(out, check.tuple);
        writeOwn(out, check);
      });
    case 'listObjects':
      writer.text(query.type);
      writer.text(query.relation);
      writer.text(query.subject);
      return writeOwn(writer, query);
    case 'listUsers':
      writer.text(query.resource);
      writer.text(query.relation);
      writeList(writer, query.filters, (out, { type, relation }) => {
        out.text(type);
        out.text(relation);
      });
      return writeOwn(writer, query);
    case 'expand':
      writer.text(query.resource);
      writer.text(query.relation);
      return writeList(writer, query.contextual, writeContextual);
    default:
      return unreachable(query);
  }
}

export function readAuthzQuery(reader: Reader, kind: AuthzQuery['kind']): AuthzQuery {
  const model = readText(reader);
  switch (kind) {
    case 'check':
      return { kind, model, checks: readList(reader, CHECK_BYTES_MIN, readCheck) };
    case 'listObjects': {
      const [type, relation, subject] = [readText(reader), readText(reader), readText(reader)];
      return { kind, model, type, relation, subject, ...readOwn(reader) };
    }
    case 'listUsers': {
      const [resource, relation] = [readText(reader), readText(reader)];
      const filters = readList(reader, FILTER_BYTES_MIN, readFilter);
      return { kind, model, resource, relation, filters, ...readOwn(reader) };
    }
    case 'expand': {
      const [resource, relation] = [readText(reader), readText(reader)];
      return { kind, model, resource, relation, contextual: readList(reader, CONTEXTUAL_BYTES_MIN, readContextual) };
    }
    default:
      return unreachable(kind);
  }
}

function readCheck(reader: Reader): CheckQuestion {
  const tuple = readTuple(reader);
  return { tuple, ...readOwn(reader) };
}

function readFilter(reader: Reader): { readonly type: string; readonly relation: string } {
  const type = readText(reader);
  return { type, relation: readText(reader) };
}

export function writeAuthzResult(writer: Writer, result: AuthzResult): void {
  writer.text(result.model);
  if (result.kind === 'expand') {
    writeExpandTree(writer, result.tree);
    return writeAnchor(writer, result.anchor);
  }
  if (result.kind === 'check') writeList(writer, result.verdicts, writeVerdict);
  else writeList(writer, result.found, (out, text) => out.text(text));
  writeAnchor(writer, result.anchor);
  writer.blob(result.proof);
}

/** Everything in it is a copy. */
export function readAuthzResult(reader: Reader, kind: AuthzResult['kind']): AuthzResult {
  const model = readText(reader);
  if (kind === 'expand') {
    const tree = readExpandTree(reader);
    return { kind, model, tree, anchor: readAnchor(reader) };
  }
  if (kind === 'check') {
    const verdicts = readList(reader, 1, readVerdict);
    const anchor = readAnchor(reader);
    return { kind, model, verdicts, anchor, proof: reader.blobCopy(PROOF_BYTES_MAX) };
  }
  const found = readList(reader, TEXT_BYTES_MIN, readText);
  const anchor = readAnchor(reader);
  return { kind, model, found, anchor, proof: reader.blobCopy(PROOF_BYTES_MAX) };
}

function writeVerdict(writer: Writer, verdict: CheckVerdict): void {
  if (verdict.ok) return writer.u8(verdict.allowed ? 1 : 0);
  writer.u8(2);
  writer.u8(ERROR.numbers[verdict.error.code]);
  writer.text(verdict.error.message);
}

function readVerdict(reader: Reader): CheckVerdict {
  const kind = reader.u8();
  if (kind < 2) return { ok: true, allowed: kind === 1 };
  if (kind > 2) reader.fail('bad_tag');
  const code = readCode(reader, ERROR, 'invalid');
  return { ok: false, error: { code, message: readText(reader) } };
}
