/**
 * What is asked in the authorization benchmarks: a company's drive. Documents lie in folders that lie in folders, which are shared with
 * groups; half of the questions are answered by one tuple, half over four hops, and as many are denied as allowed.
 */
import type { CheckQuestion } from '../../core/client/authz-protocol.ts';
import type { TupleKey } from '../../core/state/transaction.ts';

/** In OpenFGA's JSON. */
export const MODEL: { readonly schema_version: string; readonly type_definitions: readonly unknown[] } = {
  schema_version: '1.1',
  type_definitions: [
    { type: 'user' },
    {
      type: 'group',
      relations: { member: { this: {} } },
      metadata: {
        relations: { member: { directly_related_user_types: [{ type: 'user' }, { type: 'group', relation: 'member' }] } },
      },
    },
    {
      type: 'folder',
      relations: {
        parent: { this: {} },
        viewer: {
          union: {
            child: [
              { this: {} },
              { tupleToUserset: { tupleset: { relation: 'parent' }, computedUserset: { relation: 'viewer' } } },
            ],
          },
        },
      },
      metadata: {
        relations: {
          parent: { directly_related_user_types: [{ type: 'folder' }] },
          viewer: { directly_related_user_types: [{ type: 'user' }, { type: 'group', relation: 'member' }] },
        },
      },
    },
    {
      type: 'document',
      relations: {
        parent: { this: {} },
        owner: { this: {} },
        viewer: {
          union: {
            child: [
              { this: {} },
              { computedUserset: { relation: 'owner' } },
              { tupleToUserset: { tupleset: { relation: 'parent' }, computedUserset: { relation: 'viewer' } } },
            ],
          },
        },
      },
      metadata: {
        relations: {
          parent: { directly_related_user_types: [{ type: 'folder' }] },
          owner: { directly_related_user_types: [{ type: 'user' }] },
          viewer: { directly_related_user_types: [{ type: 'user' }] },
        },
      },
    },
  ],
};

const USERS_PER_GROUP = 20;
const DOCUMENTS_PER_FOLDER = 50;

/**
 * Tuples of a world with about that many: document -> folder -> folder -> group#member -> group#member -> user.
 * Five tuples lie on such a way, and it is four hops from the document's parent to the inner group.
 */
export function tuplesOf(count: number): readonly TupleKey[] {
  const tuples: TupleKey[] = [];
  for (let folder = 0; tuples.length < count; folder += 1) {
    const team = folder;
    tuples.push({ resource: `folder:f${folder}`, relation: 'parent', subject: `folder:top${folder}` });
    tuples.push({ resource: `folder:top${folder}`, relation: 'viewer', subject: `group:outer${team}#member` });
    tuples.push({ resource: `group:outer${team}`, relation: 'member', subject: `group:inner${team}#member` });
    for (let user = 0; user < USERS_PER_GROUP; user += 1) {
      tuples.push({ resource: `group:inner${team}`, relation: 'member', subject: `user:u${team}-${user}` });
    }
    for (let document = 0; document < DOCUMENTS_PER_FOLDER; document += 1) {
      const resource = `document:d${folder}-${document}`;
      tuples.push({ resource, relation: 'parent', subject: `folder:f${folder}` });
      tuples.push({ resource, relation: 'viewer', subject: `user:direct${document}` });
    }
  }
  return tuples;
}

/** Folders of such a world. */
export function foldersOf(count: number): number {
  return Math.ceil(count / (3 + USERS_PER_GROUP + 2 * DOCUMENTS_PER_FOLDER));
}

function question(resource: string, subject: string): CheckQuestion {
  return { tuple: { resource, relation: 'viewer', subject }, contextual: [], context: '{}' };
}

/** One tuple decides: allowed for every document. */
export function directCheck(number: number, folders: number): CheckQuestion {
  const document = number % DOCUMENTS_PER_FOLDER;
  return question(`document:d${(number * 7919) % folders}-${document}`, `user:direct${document}`);
}

/** Over the folder, its parent, the outer and the inner group. */
export function fourHopCheck(number: number, folders: number): CheckQuestion {
  const folder = (number * 7919) % folders;
  return question(`document:d${folder}-${number % DOCUMENTS_PER_FOLDER}`, `user:u${folder}-${number % USERS_PER_GROUP}`);
}

/** Somebody of another team: everything has to be looked at. */
export function deniedCheck(number: number, folders: number): CheckQuestion {
  const folder = (number * 7919) % folders;
  return question(`document:d${folder}-${number % DOCUMENTS_PER_FOLDER}`, `user:u${(folder + 1) % folders}-0`);
}
