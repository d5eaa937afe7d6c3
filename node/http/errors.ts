/**
 * Error answers of the HTTP gateway: `{code, message}` with OpenFGA's names where OpenFGA has one.
 * Numbers in comments are OpenFGA's; 400 for 2000 to 3499, 404 for 5000 and up. Documented in docs/reference/errors.md.
 * Source: openfga/api, errors_ignore.proto; 50-authorization, "HTTP".
 */
import type { AuthzError } from '../../core/authz/reading.ts';
import type { ClientErrorCode } from '../../core/client/protocol.ts';
import type { RejectCode } from '../../core/state/transaction.ts';

/** Every code an error answer can carry. Callers switch on it, never on the message. */
export type HttpErrorCode =
  | 'validation_error' // 2000
  | 'authorization_model_not_found' // 2001
  | 'authorization_model_resolution_too_complex' // 2002
  | 'type_not_found' // 2021
  | 'invalid_tuple' // 2027
  | 'relation_not_found' // 2022
  | 'latest_authorization_model_not_found' // 2020
  | 'invalid_authorization_model' // 2056
  | 'cannot_allow_duplicate_tuples_in_one_request' // 2004
  | 'invalid_continuation_token' // 2007
  | 'write_failed_due_to_invalid_input' // 2017
  | 'invalid_write_input' // 2003
  | 'exceeded_entity_limit' // 2053
  | 'already_exists' // 4005
  | 'internal_error' // 4000
  | 'deadline_exceeded' // 4004
  | 'resource_exhausted' // 4006
  | 'failed_precondition' // 4007
  | 'unavailable' // 4010
  | 'undefined_endpoint' // 5000
  | 'store_id_not_found' // 5002
  | 'organization_not_found'
  | 'group_not_found'
  | 'group_quarantined'
  | 'height_not_found'
  | 'transaction_not_found'
  | 'pruned_height'
  | 'time_in_future'
  | 'proof_unavailable'
  | 'proof_too_large'
  | 'member_not_found'
  | 'payload_too_large'
  | 'unsupported_media_type'
  | 'entity_not_found'
  | 'idempotency_key_reused'
  /** Of a native transaction: why it was refused as a whole. */
  | RejectCode;

export class HttpError extends Error {
  override readonly name: string = 'HttpError';
  readonly status: number;
  readonly code: HttpErrorCode;
  /** Seconds for Retry-After; 0 for none. */
  readonly retryAfterSeconds: number;
  /** Of `pruned_height`: the oldest height that can be read. */
  readonly oldestHeight: number | undefined;
  /** What the answer says beside code and message. */
  readonly extra: Readonly<Record<string, unknown>>;
  constructor(
    status: number,
    code: HttpErrorCode,
    message: string,
    retryAfterSeconds: number = 0,
    oldestHeight?: number,
    extra: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryAfterSeconds = retryAfterSeconds;
    this.oldestHeight = oldestHeight;
    this.extra = extra;
  }
}

/** An election takes well under a second. */
const RETRY_AFTER_SECONDS = 1;

const OF_CLIENT: Readonly<Record<ClientErrorCode, readonly [status: number, code: HttpErrorCode]>> = {
  invalid_argument: [400, 'validation_error'],
  vault_missing: [404, 'store_id_not_found'],
  vault_deleted: [404, 'store_id_not_found'],
  vault_exists: [400, 'already_exists'],
  organization_missing: [404, 'organization_not_found'],
  organization_exists: [400, 'already_exists'],
  height_missing: [404, 'height_not_found'],
  transaction_missing: [404, 'transaction_not_found'],
  pruned_height: [410, 'pruned_height'],
  time_in_future: [400, 'time_in_future'],
  model_missing: [400, 'authorization_model_not_found'],
  no_model: [400, 'latest_authorization_model_not_found'],
  invalid_model: [400, 'invalid_authorization_model'],
  invalid_tuple: [400, 'validation_error'],
  proof_unavailable: [400, 'proof_unavailable'],
  proof_too_large: [400, 'proof_too_large'],
  not_initialised: [503, 'unavailable'],
  not_leader: [503, 'unavailable'],
  unavailable: [503, 'unavailable'],
  quarantined: [503, 'unavailable'],
  vault_diverged: [503, 'unavailable'],
  overloaded: [503, 'resource_exhausted'],
  timeout: [504, 'deadline_exceeded'],
  unknown_outcome: [504, 'deadline_exceeded'],
  session_expired: [500, 'internal_error'],
  sequence_stale: [500, 'internal_error'],
  sequence_reused: [500, 'internal_error'],
  group_missing: [404, 'group_not_found'],
  member_missing: [404, 'member_not_found'],
  member_exists: [400, 'already_exists'],
  member_removed: [400, 'failed_precondition'],
  address_taken: [400, 'failed_precondition'],
  no_voter_left: [400, 'failed_precondition'],
  members_full: [400, 'failed_precondition'],
  not_a_voter: [400, 'failed_precondition'],
  transfer_failed: [503, 'unavailable'],
  too_few_voters: [400, 'failed_precondition'],
  invalid_contextual_tuple: [400, 'invalid_tuple'],
  type_missing: [400, 'type_not_found'],
  relation_missing: [400, 'relation_not_found'],
  condition_failed: [400, 'validation_error'],
  too_complex: [400, 'authorization_model_resolution_too_complex'],
  groups_full: [400, 'failed_precondition'],
};

/** The error answer for a failed client request. 503 says that nothing was appended; 504 that nobody knows. */
export function fromClientError(error: {
  readonly code: ClientErrorCode;
  readonly message: string;
  readonly oldest?: number;
}): HttpError {
  const [status, code] = OF_CLIENT[error.code];
  return new HttpError(status, code, error.message, status === 503 ? RETRY_AFTER_SECONDS : 0, error.oldest);
}

const OF_AUTHZ: Readonly<Record<AuthzError['code'], HttpErrorCode>> = {
  invalid: 'validation_error',
  condition_failed: 'validation_error',
  too_complex: 'authorization_model_resolution_too_complex',
  type_missing: 'type_not_found',
  relation_missing: 'relation_not_found',
  invalid_tuple: 'validation_error',
  invalid_contextual_tuple: 'invalid_tuple',
  incomplete: 'proof_unavailable',
};

/** The error answer where a question has no verdict. */
export function fromAuthzError({ code, message }: AuthzError): HttpError {
  return new HttpError(400, OF_AUTHZ[code], message);
}

const REJECTED: Readonly<Record<RejectCode, string>> = {
  tuple_exists: 'cannot write a tuple which already exists',
  tuple_missing: 'cannot delete a tuple which does not exist',
  tuple_condition_differs: 'cannot write a tuple which already exists with another condition',
  entity_exists: 'the entity already exists',
  entity_missing: 'the entity does not exist',
  version_differs: 'the entity has another version',
  value_differs: 'the entity has another value',
};

/** The error answer for a transaction refused at apply: nothing of it was written. */
export function fromRejection(code: RejectCode, subjectText: string): HttpError {
  return new HttpError(
    400,
    'write_failed_due_to_invalid_input',
    `${REJECTED[code]}: ${subjectText}. Nothing of this request was written.`,
  );
}

/** The same for a native transaction: 412, with the reason as its code and the operation's index beside it. */
export function fromUnmet(code: RejectCode, operation: number, subjectText: string): HttpError {
  const message = `Operation ${operation} could not be applied, so none was: ${REJECTED[code]}: ${subjectText}.`;
  return new HttpError(412, code, message, 0, undefined, { operation });
}

interface FastifyLikeError {
  readonly code?: string;
  readonly statusCode?: number;
  readonly message: string;
  readonly validation?: unknown;
}

/** What fastify itself refuses (schema, body size, JSON, media type), in our shape; undefined for anything unexpected. */
export function fromFastify(error: FastifyLikeError): HttpError | undefined {
  if (error.validation !== undefined) return new HttpError(400, 'validation_error', error.message);
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new HttpError(413, 'payload_too_large', 'The request body is larger than this server accepts (1 MiB).');
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new HttpError(415, 'unsupported_media_type', 'Send the body as application/json.');
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
      return new HttpError(400, 'validation_error', 'The request body is empty; a JSON object is expected.');
    default:
      if (error.statusCode === 400)
        return new HttpError(400, 'validation_error', `The request body is not valid JSON: ${error.message}`);
      return undefined;
  }
}
