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
});

export const CheckBody: TSchema = Type.Object({
  tuple_key: TupleKey,
  contextual_tuples: Type.Optional(Type.Object({ tuple_keys: Type.Array(ConditionalTupleKey) })),
  authorization_model_id: Type.Optional(Type.String()),
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
