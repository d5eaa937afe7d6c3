/**
 * An authorization model: which relations objects of each type have, and how a relation follows from tuples and from others.
 * Immutable; the JSON it is read from (parse.ts) stands in the vault's state under the model's id.
 * Source: OpenFGA, modelling language 1.1; Pang et al. 2019 (Zanzibar), 2.3.
 */

/** How the users of a relation follow. Source: openfga/api, Userset. */
export type Rewrite =
  /** From tuples of the relation itself, by its direct types. */
  | { readonly kind: 'this' }
  /** Those of another relation of the same object. */
  | { readonly kind: 'computed'; readonly relation: string }
  /** Those of a relation of each object that a tuple of `tupleset` names. */
  | { readonly kind: 'tupleToUserset'; readonly tupleset: string; readonly computed: string }
  | { readonly kind: 'union'; readonly children: readonly Rewrite[] }
  | { readonly kind: 'intersection'; readonly children: readonly Rewrite[] }
  | { readonly kind: 'exclusion'; readonly base: Rewrite; readonly subtract: Rewrite };

/** Whom a tuple of a relation may name: `type:id`, `type:*` (wildcard) or `type:id#relation`, perhaps under a condition. */
export interface DirectType {
  readonly type: string;
  /** Empty: not a userset. */
  readonly relation: string;
  readonly wildcard: boolean;
  /** Empty: without one. */
  readonly condition: string;
}

export interface Relation {
  readonly name: string;
  readonly rewrite: Rewrite;
  /** Empty where the rewrite has no `this`. */
  readonly directTypes: readonly DirectType[];
}

export interface TypeDefinition {
  readonly name: string;
  readonly relations: ReadonlyMap<string, Relation>;
}

/** Types of condition parameters. Source: openfga/api, ConditionParamTypeRef. */
export type ScalarType = 'any' | 'bool' | 'string' | 'int' | 'uint' | 'double' | 'duration' | 'timestamp' | 'ipaddress';

export interface ParameterType {
  readonly name: ScalarType | 'list' | 'map';
  /** Of list and map: what it holds; keys of maps are texts. */
  readonly of: ParameterType | undefined;
}

export interface Condition {
  readonly name: string;
  /** CEL. */
  readonly expression: string;
  /** In the order of their names. */
  readonly parameters: ReadonlyMap<string, ParameterType>;
}

export interface Model {
  readonly types: ReadonlyMap<string, TypeDefinition>;
  readonly conditions: ReadonlyMap<string, Condition>;
}

/** A relation of a type; undefined where the model has none. */
export function relationOf(model: Model, type: string, relation: string): Relation | undefined {
  return model.types.get(type)?.relations.get(relation);
}
