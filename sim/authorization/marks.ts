/** What can happen to clients of the authorization workload; a test demands that seeds reach all of it. */
export const AUTHORIZATION_MARKS = [
  'authorization.allow',
  'authorization.deny',
  /** A condition had no verdict, because the question did not say enough, or the way was too long. */
  'authorization.error',
  'authorization.listed',
  'authorization.expanded',
  /** A list was read to its end, page by page. */
  'authorization.paged',
  /** Of a height before the newest block. */
  'authorization.past',
  'authorization.certificate',
  'authorization.model-written',
  'authorization.narrow-model-judged',
  /** A write that was to fit a model was executed. */
  'authorization.fitted-write-taken',
  /** One was refused, because its tuples do not fit. */
  'authorization.fitted-write-refused',
  /** A check began after its revocation was acknowledged. */
  'authorization.checked-after-revocation',
  /** A check was answered while its revocation was under way. */
  'authorization.checked-during-revocation',
] as const;
export type AuthorizationMark = (typeof AUTHORIZATION_MARKS)[number];
