/** Answers to several questions for the independent verifier, from the same document alone. */
import { checkAnchor, checkHeader, FORMS, readAnchored, readFields } from './answer.mjs';
import { demand, entityPath, equal, guarded, prove, reversePath, tuplePath } from './verify.mjs';

const RANGES = ['wildcard', 'userset', 'plain'];
const TUPLE = { user: 'text', relation: 'text', object: 'text' };
/** A question: its fields, those that may be left out, where it leads, what was found, and of which entry a leaf may be. */
const QUESTIONS = {
  tuple: {
    fields: TUPLE,
    target: ({ user, relation, object }) => tuplePath({ resource: object, relation, subject: user }),
    found: 'verdict',
    entry: 1,
  },
  subjects: {
    fields: { object: 'text', relation: 'text' },
    optional: ['kind', (kind) => RANGES.includes(kind)],
    target: ({ object, relation, kind }) => {
      const relationEnd = tuplePath({ resource: object, relation, subject: '' }).subarray(0, 64);
      return kind === undefined ? relationEnd : Buffer.concat([relationEnd, Buffer.from([RANGES.indexOf(kind)])]);
    },
    found: 'tuples',
    entry: 1,
  },
  resource: {
    fields: { object: 'text' },
    target: ({ object }) => tuplePath({ resource: object, relation: '', subject: '' }).subarray(0, 32),
    found: 'tuples',
    entry: 1,
  },
  grants: {
    fields: { user: 'text' },
    optional: ['relation', (relation) => FORMS.text(relation) !== undefined && relation !== ''],
    target: ({ user, relation }) =>
      reversePath({ resource: '', relation: relation ?? '', subject: user }).subarray(0, relation === undefined ? 32 : 64),
    found: 'tuples',
    entry: 2,
  },
  entity: { fields: { key: 'text' }, target: ({ key }) => entityPath(key), found: 'value', entry: 3 },
};
const ABOUT = { v: 'one', org: 'ulid', store: 'ulid', height: 'height' };

function readStatement(json) {
  const about = readFields(json, ABOUT, true);
  const kinds = Object.keys(QUESTIONS).filter((kind) => Object.hasOwn(json, kind));
  demand(kinds.length === 1, 'shape', 'not exactly one question');
  const [kind] = kinds;
  const { fields, optional, found } = QUESTIONS[kind];
  const asked = json[kind];
  readFields(asked, fields, true);
  const names = [...Object.keys(fields), ...(optional ? [optional[0]] : [])];
  demand(
    Object.keys(asked).every((name) => names.includes(name)),
    'shape',
    'an unknown field of the question',
  );
  if (optional && Object.hasOwn(asked, optional[0])) demand(optional[1](asked[optional[0]]), 'shape', optional[0]);
  demand(Object.hasOwn(json, found), 'shape', found);
  const known = [...Object.keys(ABOUT), kind, found];
  demand(
    Object.keys(json).every((name) => known.includes(name)),
    'shape',
    'an unknown field of the statement',
  );
  return { ...about, kind, asked, claimed: json[found] };
}

/** Whether two values of parsed JSON are the same. */
function same(a, b) {
  if (typeof a !== 'object' || a === null || typeof b !== 'object' || b === null) return a === b;
  const names = Object.keys(a);
  if (Array.isArray(a) !== Array.isArray(b) || names.length !== Object.keys(b).length) return false;
  return names.every((name) => Object.hasOwn(b, name) && same(a[name], b[name]));
}

/** What a statement has to say of the leaves that are shown for it. */
function findingOf(kind, leaves, time) {
  demand(
    leaves.every(({ entry }) => entry === QUESTIONS[kind].entry),
    'targets',
    'a leaf of another kind',
  );
  const live = leaves.filter(({ expiresAt }) => expiresAt === 0n || time < expiresAt);
  if (kind === 'tuple') return live.length > 0 ? 'allow' : 'deny';
  if (kind === 'entity') return live.length > 0 ? live[0].held.toString('base64') : null;
  return live.map(({ held }) => ({ user: held.subject, relation: held.relation, object: held.resource }));
}

/** The same, where a refusal is thrown. */
export function checkStatements(json, expected) {
  const answer = readAnchored(json);
  demand(Array.isArray(json.statements) && json.statements.length > 0, 'shape', 'statements');
  const statements = json.statements.map(readStatement);
  const header = checkHeader(answer);
  for (const { org, store, height } of statements) {
    demand(equal(org.bytes, header.organization) && equal(store.bytes, header.vault), 'statement', 'org or store');
    demand(BigInt(height) === header.height, 'statement', 'height');
    demand((expected.organization ?? org.text) === org.text, 'statement', 'another organization');
    demand((expected.store ?? store.text) === store.text, 'statement', 'another store');
  }
  const asked = statements.map((statement) => ({ [statement.kind]: statement.asked }));
  demand(expected.questions === undefined || same(asked, expected.questions), 'statement', 'other questions');
  const anchored = checkAnchor(answer, expected);
  const grants = statements.some(({ kind }) => kind === 'grants');
  demand(!grants || header.reverse, 'statement', 'grants without the reverse flag');
  const targets = statements.map((statement) => QUESTIONS[statement.kind].target(statement.asked));
  const results = prove({ treeRoot: header.treeRoot, targets, proof: answer.proof, maxVersion: header.height });
  const findings = statements.map(({ kind }, i) => findingOf(kind, results[i], header.time));
  const claims = statements.map(({ claimed }) => claimed);
  demand(same(claims, findings), 'verdict', 'not what is proven');
  return { anchored, findings, height: answer.height };
}
/** Answers with `statements`, parsed from JSON. @param expected.questions as they stand in statements */
export const verifyStatements = (answer, expected = {}) => guarded(() => checkStatements(answer, expected));
