/**
 * Shapes of the OpenFGA requests that are served. They fix types and presence only: characters and lengths are judged once,
 * by admission in core, so that HTTP, SDK and CLI refuse the same things in the same words. Unknown fields are ignored.
 */
import { type TSchema, Type } from 'typebox';
import { GROUPS_MAX } from '../../core/limits.ts';
import { REPLICAS_MAX } from '../../core/state/placed-group.ts';

const TupleKey = Type.Object({
  user: Type.String(),
  relation: Type.String(),
  object: Type.String(),
});

const ConditionalTupleKey = Type.Object({
  user: Type.String(),
  relation: Type.String(),
  object: Type.String(),
  condition: Type.Optional(
    Type.Union([
      Type.Null(),
      Type.Object({ name: Type.String(), context: Type.Optional(Type.Object({}, { additionalProperties: true })) }),
    ]),
  ),
});

/** Every answer is linearizable, whichever is asked for; weaker ones by Vouch-Consistency alone. */
const ConsistencyPreference = Type.Optional(Type.String({ enum: ['UNSPECIFIED', 'MINIMIZE_LATENCY', 'HIGHER_CONSISTENCY'] }));
const ModelId = Type.Optional(Type.String());
const AnyObject = Type.Object({}, { additionalProperties: true });
const Context = Type.Optional(Type.Union([Type.Null(), AnyObject]));
const ContextualTuples = Type.Optional(Type.Union([Type.Null(), Type.Object({ tuple_keys: Type.Array(ConditionalTupleKey) })]));

/** retention is ours. */
export const CreateStoreBody: TSchema = Type.Object({
  name: Type.String({ minLength: 1 }),
  retention: Type.Optional(Type.String()),
});

export const RetentionBody: TSchema = Type.Object({ retention: Type.String() });

export const ListStoresQuery: TSchema = Type.Object({
  page_size: Type.Optional(Type.String({ pattern: '^[0-9]{1,3}$' })),
  continuation_token: Type.Optional(Type.String()),
  name: Type.Optional(Type.String()),
});

export const WriteBody: TSchema = Type.Object({
  writes: Type.Optional(
    Type.Object({
      tuple_keys: Type.Array(ConditionalTupleKey, { minItems: 1 }),
      on_duplicate: Type.Optional(Type.String({ enum: ['error', 'ignore'] })),
    }),
  ),
  deletes: Type.Optional(
    Type.Object({
      tuple_keys: Type.Array(TupleKey, { minItems: 1 }),
      on_missing: Type.Optional(Type.String({ enum: ['error', 'ignore'] })),
    }),
  ),
  authorization_model_id: Type.Optional(Type.String()),
});

export const ReadBody: TSchema = Type.Object({
  tuple_key: Type.Optional(
    Type.Object({
      user: Type.Optional(Type.String()),
      relation: Type.Optional(Type.String()),
      object: Type.Optional(Type.String()),
    }),
  ),
  page_size: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
  continuation_token: Type.Optional(Type.String()),
  consistency: ConsistencyPreference,
});

export const CheckBody: TSchema = Type.Object({
  tuple_key: TupleKey,
  contextual_tuples: ContextualTuples,
  authorization_model_id: ModelId,
  context: Context,
  consistency: ConsistencyPreference,
});

export const BatchCheckBody: TSchema = Type.Object({
  checks: Type.Array(
    Type.Object({ tuple_key: TupleKey, contextual_tuples: ContextualTuples, context: Context, correlation_id: Type.String() }),
  ),
  authorization_model_id: ModelId,
  consistency: ConsistencyPreference,
});

export const ExpandBody: TSchema = Type.Object({
  tuple_key: Type.Object({ relation: Type.String(), object: Type.String() }),
  authorization_model_id: ModelId,
  contextual_tuples: ContextualTuples,
  consistency: ConsistencyPreference,
});

export const ListObjectsBody: TSchema = Type.Object({
  type: Type.String(),
  relation: Type.String(),
  user: Type.String(),
  authorization_model_id: ModelId,
  contextual_tuples: ContextualTuples,
  context: Context,
  consistency: ConsistencyPreference,
});

export const ListUsersBody: TSchema = Type.Object({
  object: Type.Object({ type: Type.String(), id: Type.String() }),
  relation: Type.String(),
  user_filters: Type.Array(Type.Object({ type: Type.String(), relation: Type.Optional(Type.String()) }), { minItems: 1 }),
  authorization_model_id: ModelId,
  contextual_tuples: Type.Optional(Type.Union([Type.Null(), Type.Array(ConditionalTupleKey)])),
  context: Context,
  consistency: ConsistencyPreference,
});

/** What a model must hold, its own reader says. */
export const WriteModelBody: TSchema = Type.Object({
  schema_version: Type.String(),
  type_definitions: Type.Array(AnyObject),
  conditions: Type.Optional(AnyObject),
});

export const AssertionsBody: TSchema = Type.Object({
  assertions: Type.Array(
    Type.Object({
      tuple_key: TupleKey,
      expectation: Type.Boolean(),
      contextual_tuples: Type.Optional(Type.Array(ConditionalTupleKey)),
      context: Context,
    }),
  ),
});

const PageSize = Type.Optional(Type.String({ pattern: '^[0-9]{1,3}$' }));

export const PageQuery: TSchema = Type.Object({ page_size: PageSize, continuation_token: Type.Optional(Type.String()) });

export const ChangesQuery: TSchema = Type.Object({
  type: Type.Optional(Type.String()),
  page_size: PageSize,
  continuation_token: Type.Optional(Type.String()),
  start_time: Type.Optional(Type.String()),
});

export const CreateOrganizationBody: TSchema = Type.Object({
  name: Type.String({ minLength: 1 }),
  group: Type.Optional(Type.Union([Type.Literal('new'), Type.Integer({ minimum: 1, maximum: 0xffff_ffff })])),
  replicas: Type.Optional(Type.Integer({ minimum: 1, maximum: REPLICAS_MAX })),
});

const MemberRoleName = Type.String({ enum: ['voter', 'learner'] });

export const AddMemberBody: TSchema = Type.Object({
  id: Type.String(),
  address: Type.String(),
  role: Type.Optional(MemberRoleName),
});

/** Its bounds are judged by admission, as everywhere. */
export const PriorityBody: TSchema = Type.Object({ priority: Type.Integer() });

export const ReplaceMemberBody: TSchema = Type.Object({ by: Type.String(), address: Type.Optional(Type.String()) });

export const TransferBody: TSchema = Type.Object({
  group: Type.Optional(Type.Integer({ minimum: 0, maximum: 0xffff_ffff })),
  to: Type.Optional(Type.String()),
});

export const InitBody: TSchema = Type.Object({
  expect: Type.Optional(Type.Integer({ minimum: 1, maximum: 64 })),
  groups: Type.Optional(Type.Integer({ minimum: 1, maximum: GROUPS_MAX - 1 })),
  timeout_ms: Type.Optional(Type.Integer({ minimum: 0, maximum: 120_000 })),
});
