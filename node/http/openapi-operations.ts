/** What each route is for, as the OpenAPI document says it: the one place where a route is described to machines. docs/reference/http.md is for people. */

export interface OperationText {
  readonly tag: 'stores' | 'models' | 'tuples' | 'questions' | 'entities' | 'chain' | 'proofs' | 'cluster' | 'probes';
  readonly summary: string;
  /** Status of success and what comes with it. */
  readonly answer: readonly [status: number, description: string];
  /** Media types of the answer that are not JSON. */
  readonly media?: readonly string[];
  /** Parameters of the query string beside those that a schema names. */
  readonly query?: readonly string[];
  /** Headers that count, beside Vouch-Organization. */
  readonly headers?: readonly (keyof typeof HEADERS)[];
}

export const HEADERS = {
  'Vouch-Organization': 'name of the organization; `default` when absent',
  'Vouch-Proof': '`1`: the answer carries its proof',
  'Vouch-Consistency': '`linearizable` (default), `bounded:MS`, `token:T` with the token of an answer, or `eventual`',
  'Vouch-At': 'a height or a time (RFC 3339): the store as it was',
  'Vouch-Actor': 'who asks; a part of the transaction and its hash',
  'Vouch-Reason': 'why; a part of the transaction and its hash',
  'Idempotency-Key': 'a repetition of the same request at this node is answered what the first was',
  'If-Match': '`*` or the version in quotes',
  'If-None-Match': '`*`',
  'Last-Event-ID': 'the height behind which to go on',
} as const;

const READ = ['Vouch-Consistency', 'Vouch-At'] as const;
const PROVEN = [...READ, 'Vouch-Proof'] as const;
const WRITE = ['Vouch-Actor', 'Vouch-Reason', 'Vouch-Proof', 'Idempotency-Key'] as const;
const NEW = ['Vouch-Consistency'] as const;
const LINES = ['application/x-ndjson'] as const;
const BYTES = ['application/octet-stream'] as const;

/** By `METHOD path`, as fastify has the path. */
export const OPERATIONS: Readonly<Record<string, OperationText>> = {
  'POST /stores': { tag: 'stores', summary: 'Create a store', answer: [201, 'the store'] },
  'GET /stores': { tag: 'stores', summary: 'List stores', answer: [200, 'a page of stores'] },
  'GET /stores/:store': { tag: 'stores', summary: 'Get a store', answer: [200, 'the store'] },
  'DELETE /stores/:store': { tag: 'stores', summary: 'Delete a store for good', answer: [204, 'deleted'] },
  'GET /v1/stores/:store/retention': { tag: 'stores', summary: 'What a store keeps of its past', answer: [200, 'the retention'] },
  'PUT /v1/stores/:store/retention': {
    tag: 'stores',
    summary: 'Set what a store keeps of its past',
    answer: [200, 'the retention, and whether it is news'],
    headers: ['Vouch-Actor', 'Vouch-Reason'],
  },
  'POST /stores/:store/authorization-models': {
    tag: 'models',
    summary: 'Write an authorization model',
    answer: [201, 'its id'],
    headers: WRITE,
  },
  'GET /stores/:store/authorization-models': {
    tag: 'models',
    summary: 'List authorization models, the newest first',
    answer: [200, 'a page of models'],
    headers: READ,
  },
  'GET /stores/:store/authorization-models/:model': {
    tag: 'models',
    summary: 'Get an authorization model',
    answer: [200, 'the model'],
    headers: PROVEN,
  },
  'PUT /stores/:store/assertions/:model': {
    tag: 'models',
    summary: 'Replace the assertions of a model',
    answer: [204, 'kept'],
    headers: ['Vouch-Actor', 'Vouch-Reason'],
  },
  'GET /stores/:store/assertions/:model': {
    tag: 'models',
    summary: 'Get the assertions of a model',
    answer: [200, 'the assertions'],
    headers: READ,
  },
  'POST /stores/:store/write': {
    tag: 'tuples',
    summary: 'Write and delete up to 100 tuples, all or none',
    answer: [200, 'where the store stands'],
    headers: WRITE,
  },
  'POST /stores/:store/read': { tag: 'tuples', summary: 'Read tuples', answer: [200, 'a page of tuples'], headers: READ },
  'GET /stores/:store/changes': {
    tag: 'tuples',
    summary: 'What was written and deleted of tuples',
    answer: [200, 'a page of changes'],
    headers: NEW,
  },
  'POST /v1/stores/:store/transactions': {
    tag: 'tuples',
    summary: 'Change tuples and entities together, in order, all or none',
    answer: [200, 'the version that was written'],
    headers: WRITE,
  },
  'POST /stores/:store/check': { tag: 'questions', summary: 'Check', answer: [200, 'allowed or not'], headers: PROVEN },
  'POST /stores/:store/batch-check': {
    tag: 'questions',
    summary: 'Up to 50 checks, judged by one block',
    answer: [200, 'each by its correlation id'],
    headers: PROVEN,
  },
  'POST /stores/:store/expand': {
    tag: 'questions',
    summary: 'What a relation consists of',
    answer: [200, 'a tree'],
    headers: READ,
  },
  'POST /stores/:store/list-objects': {
    tag: 'questions',
    summary: 'Objects of a type to which a user has a relation',
    answer: [200, 'all of them'],
    headers: PROVEN,
  },
  'POST /stores/:store/streamed-list-objects': {
    tag: 'questions',
    summary: 'The same, one a line',
    answer: [200, 'lines of {"result":{"object"}}'],
    media: LINES,
    headers: READ,
  },
  'POST /stores/:store/list-users': {
    tag: 'questions',
    summary: 'Users that have a relation to an object',
    answer: [200, 'all of them'],
    headers: PROVEN,
  },
  'GET /v1/stores/:store/entities/*': { tag: 'entities', summary: 'Get an entity', answer: [200, 'the entity'], headers: PROVEN },
  'PUT /v1/stores/:store/entities/*': {
    tag: 'entities',
    summary: 'Set an entity',
    answer: [200, 'the version that was written'],
    headers: [...WRITE, 'If-Match', 'If-None-Match'],
  },
  'DELETE /v1/stores/:store/entities/*': {
    tag: 'entities',
    summary: 'Delete an entity',
    answer: [200, 'whether there was one'],
    headers: [...WRITE, 'If-Match', 'If-None-Match'],
  },
  'GET /v1/stores/:store/blocks/:height': { tag: 'chain', summary: 'Get a block', answer: [200, 'the block'], headers: READ },
  'GET /v1/stores/:store/blocks/watch': {
    tag: 'chain',
    summary: 'Blocks as they come',
    answer: [200, 'one block a line, or an event'],
    media: [...LINES, 'text/event-stream'],
    query: ['from'],
    headers: ['Vouch-Proof', 'Last-Event-ID'],
  },
  'GET /v1/stores/:store/blocks/:height/transactions/:index/proof': {
    tag: 'chain',
    summary: 'A transaction in its block and the log',
    answer: [200, 'its inclusion'],
    query: ['size'],
    headers: NEW,
  },
  'GET /v1/stores/:store/log/inclusion': {
    tag: 'chain',
    summary: 'A block in the log',
    answer: [200, 'its inclusion'],
    query: ['height', 'size'],
    headers: NEW,
  },
  'GET /v1/stores/:store/log/consistency': {
    tag: 'chain',
    summary: 'That a log extends another',
    answer: [200, 'the proof'],
    query: ['from', 'to'],
    headers: NEW,
  },
  'GET /v1/stores/:store/log/blocks': {
    tag: 'chain',
    summary: 'A page of whole blocks',
    answer: [200, 'their bytes'],
    media: BYTES,
    query: ['from'],
    headers: NEW,
  },
  'GET /v1/stores/:store/checkpoint': {
    tag: 'proofs',
    summary: 'The newest checkpoint, signed',
    answer: [200, 'a signed note'],
    media: ['text/plain'],
    query: ['signatures'],
  },
  'POST /v1/stores/:store/proofs': {
    tag: 'proofs',
    summary: 'Several questions with one proof',
    answer: [200, 'statements and their proof'],
    headers: READ,
  },
  'POST /v1/stores/:store/ics23': {
    tag: 'proofs',
    summary: 'One leaf in the form of ICS-23',
    answer: [200, 'the export'],
    headers: READ,
  },
  'POST /v1/stores/:store/receipts': {
    tag: 'proofs',
    summary: 'A receipt under a signed checkpoint',
    answer: [200, 'the receipt'],
    query: ['signatures'],
    headers: READ,
  },
  'GET /v1/keys': { tag: 'cluster', summary: 'What nodes sign with', answer: [200, 'the keys'] },
  'POST /v1/organizations': {
    tag: 'cluster',
    summary: 'Create an organization',
    answer: [201, 'the organization; 200 where it was there'],
  },
  'GET /v1/organizations': { tag: 'cluster', summary: 'List organizations', answer: [200, 'all of them'] },
  'GET /v1/vaults': {
    tag: 'cluster',
    summary: 'Stores that are not well on this node',
    answer: [200, 'what is wrong with each'],
  },
  'GET /v1/stores/:store/status': { tag: 'cluster', summary: 'A store as this node has it', answer: [200, 'its health'] },
  'POST /v1/stores/:store/recover': { tag: 'cluster', summary: 'Rebuild a diverged store now', answer: [202, 'under way'] },
  'GET /v1/status': { tag: 'cluster', summary: 'How this node sees itself and its cluster', answer: [200, 'the status'] },
  'POST /v1/init': { tag: 'cluster', summary: 'Make a cluster, once', answer: [201, 'the cluster'] },
  'GET /v1/members': { tag: 'cluster', summary: 'List members', answer: [200, 'every node there is and was'] },
  'POST /v1/members': { tag: 'cluster', summary: 'Add a member', answer: [200, 'the member'] },
  'DELETE /v1/members/:node': { tag: 'cluster', summary: 'Remove a member', answer: [200, 'the member'] },
  'POST /v1/members/:node/promote': { tag: 'cluster', summary: 'Make a learner a voter', answer: [200, 'the member'] },
  'POST /v1/members/:node/priority': { tag: 'cluster', summary: 'Who leads rather', answer: [200, 'the member'] },
  'POST /v1/members/:node/replace': { tag: 'cluster', summary: 'Replace a member', answer: [200, 'the member that goes'] },
  'POST /v1/transfer': { tag: 'cluster', summary: 'Hand leadership over', answer: [200, 'who leads now'] },
  'POST /v1/drain': { tag: 'cluster', summary: 'Hand all leadership over', answer: [200, 'what was handed over'] },
  'GET /v1/backup': { tag: 'cluster', summary: 'A backup of the cluster', answer: [200, 'its bytes'], media: BYTES },
  'GET /v1/backup/groups/:group': {
    tag: 'cluster',
    summary: 'The snapshot of one group',
    answer: [200, 'its bytes'],
    media: BYTES,
  },
  'GET /v1/openapi.json': { tag: 'probes', summary: 'This document', answer: [200, 'OpenAPI 3.1'] },
  'GET /healthz': { tag: 'probes', summary: 'Whether the process turns', answer: [200, 'it does'] },
  'GET /startupz': { tag: 'probes', summary: 'Whether the data is open', answer: [200, 'it is'] },
  'GET /readyz': {
    tag: 'probes',
    summary: 'Whether the node is ready',
    answer: [200, 'it is; 503 with reasons where it is not'],
  },
  'GET /metrics': { tag: 'probes', summary: 'Metrics', answer: [200, 'Prometheus'], media: ['text/plain'] },
};
