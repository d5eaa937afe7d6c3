/**
 * Paths of 40-commitment with their components remembered. Why: relations and most subjects and resources come again and
 * again, a component is a SHA-256 (400 ns), and a read needs one just to know the bucket. One cache serves a whole group.
 * It holds nothing that decides: a miss recomputes.
 */
import { writeUtf8 } from '../bytes/text.ts';
import type { Hasher } from '../capability.ts';
import { ENTITY_KEY_BYTES_MAX } from '../limits.ts';
import { modelPath, PathTag, REVERSE_PATH_BYTES, subjectKind, TUPLE_PATH_BYTES } from '../merkle/path.ts';
import type { TupleKey } from './transaction.ts';

/** Components in one generation of one tag. Why 8192: a few megabytes a group in all. */
const GENERATION_MAX = 8192;
/** Room for one preimage: the longest name that admission lets through, in UTF-8, behind its tag. */
const PREIMAGE_BYTES = 1 + 4 * ENTITY_KEY_BYTES_MAX;

/** Digests by text, in two generations: a full one becomes the old one, what is used again moves on, the rest goes at once. */
class Generations {
  private young: Map<string, Uint8Array> = new Map();
  private old: Map<string, Uint8Array> = new Map();

  get(text: string): Uint8Array | undefined {
    const found = this.young.get(text);
    if (found !== undefined) return found;
    const aged = this.old.get(text);
    if (aged !== undefined) this.set(text, aged);
    return aged;
  }

  set(text: string, digest: Uint8Array): void {
    if (this.young.size >= GENERATION_MAX) {
      this.old = this.young;
      this.young = new Map();
    }
    this.young.set(text, digest);
  }
}

export class PathCache {
  private readonly hasher: Hasher;
  private readonly preimage: Uint8Array = new Uint8Array(PREIMAGE_BYTES);
  private readonly tuplePath: Uint8Array = new Uint8Array(TUPLE_PATH_BYTES);
  private readonly reversePath: Uint8Array = new Uint8Array(REVERSE_PATH_BYTES);
  private readonly entities: Generations;
  private readonly resources: Generations;
  private readonly relations: Generations;
  private readonly subjects: Generations;
  private readonly reverseSubjects: Generations;
  private readonly reverseRelations: Generations;
  private readonly reverseResources: Generations;

  /** @param beside another cache whose memory is shared; what either returns stays valid while the other is asked. */
  constructor(hasher: Hasher, beside?: PathCache) {
    this.hasher = hasher;
    this.entities = beside?.entities ?? new Generations();
    this.resources = beside?.resources ?? new Generations();
    this.relations = beside?.relations ?? new Generations();
    this.subjects = beside?.subjects ?? new Generations();
    this.reverseSubjects = beside?.reverseSubjects ?? new Generations();
    this.reverseRelations = beside?.reverseRelations ?? new Generations();
    this.reverseResources = beside?.reverseResources ?? new Generations();
  }

  /** A cache of the same memory with scratch of its own. */
  beside(): PathCache {
    return new PathCache(this.hasher, this);
  }

  /** Bucket of a resource's tuples. */
  resourceBucket(resource: string): number {
    return this.remembered(this.resources, PathTag.resource, resource)[0] as number;
  }

  /** Bucket of a subject's reverse leaves. */
  subjectBucket(subject: string): number {
    return this.remembered(this.reverseSubjects, PathTag.reverseSubject, subject)[0] as number;
  }

  entityBucket(key: string): number {
    return this.entity(key)[0] as number;
  }

  /** As tuplePath of core/merkle/path.ts. Valid until the next tuple is asked for: trees copy what they keep. */
  tuple(tuple: TupleKey): Uint8Array {
    const path = this.tuplePath;
    path.set(this.remembered(this.resources, PathTag.resource, tuple.resource), 0);
    path.set(this.remembered(this.relations, PathTag.relation, tuple.relation), 32);
    path[64] = subjectKind(tuple.subject);
    path.set(this.remembered(this.subjects, PathTag.subject, tuple.subject), 65);
    return path;
  }

  /** As reversePath of core/merkle/path.ts. Valid until the next reverse is asked for. */
  reverse(tuple: TupleKey): Uint8Array {
    const path = this.reversePath;
    path.set(this.remembered(this.reverseSubjects, PathTag.reverseSubject, tuple.subject), 0);
    path.set(this.remembered(this.reverseRelations, PathTag.reverseRelation, tuple.relation), 32);
    path.set(this.remembered(this.reverseResources, PathTag.reverseResource, tuple.resource), 64);
    return path;
  }

  /** As modelPath of core/merkle/path.ts. The caller's own: models are few, and written once. */
  model(id: string): Uint8Array {
    return modelPath(this.hasher, id);
  }

  /** As entityPath of core/merkle/path.ts. A shared digest: not to be modified. A write asks three times for the one of its key. */
  entity(key: string): Uint8Array {
    return this.remembered(this.entities, PathTag.entity, key);
  }

  private component(tag: number, text: string, out: Uint8Array): void {
    this.preimage[0] = tag;
    this.hasher.digest(this.preimage, 0, writeUtf8(text, this.preimage, 1), out, 0);
  }

  /** A shared digest: not to be modified. */
  private remembered(known: Generations, tag: number, text: string): Uint8Array {
    let digest = known.get(text);
    if (digest === undefined) {
      digest = new Uint8Array(32);
      this.component(tag, text, digest);
      known.set(text, digest);
    }
    return digest;
  }
}
