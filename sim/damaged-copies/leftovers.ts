/** Files that mean nothing: what a crash or an operator left in the directory. A node opens as if they were not there. */

import { plus } from '../../core/ids.ts';
import { CLUSTER_FILE, createDirectory, IDENTITY_FILE, TEMPORARY_SUFFIX } from '../../core/replica/directory.ts';
import { decodeManifest } from '../../core/replica/manifest.ts';
import { FETCHING_SUFFIX, snapshotName, WRITING_SUFFIX } from '../../core/snapshot/file.ts';
import { entropyFrom } from '../entropy.ts';
import { CopiedDirectory, contentOf } from './copy.ts';
import { both, type Damage, type Judge, opensAs, type Scene } from './damage.ts';
import type { LivingCopy } from './opening.ts';

const GARBAGE_BYTES_MAX = 200;

export function leaveFiles(scene: Scene, clean: LivingCopy): Damage {
  const { manifest, draws } = scene;
  const { group } = manifest.groups[draws.below(manifest.groups.length)] as {
    readonly group: (typeof manifest.groups)[number]['group'];
  };
  const name = snapshotName({ group, index: plus(0 as never, 1 + draws.below(1000)) });
  const names = [
    'wal-0000000000000000',
    'wal-99999999999999999',
    'snap-9999999999-0000000000000001',
    name + WRITING_SUFFIX,
    name + FETCHING_SUFFIX,
    IDENTITY_FILE + TEMPORARY_SUFFIX,
    CLUSTER_FILE + TEMPORARY_SUFFIX,
    'lost+found',
  ];
  const files = new Map<string, Uint8Array>();
  for (const each of names) {
    if (scene.reader.size(each) !== undefined || draws.below(2) === 1) continue;
    files.set(each, new Uint8Array(draws.below(GARBAGE_BYTES_MAX)).fill(0x5a));
  }
  return { what: `files of no meaning: ${[...files.keys()].join(', ')}`, files, judge: both(opensAs(clean), goesOn(scene)) };
}

/** What stands in the way of a new manifest, or of a new identity, is taken out of it. */
function goesOn({ manifest, draws, reader }: Scene): Judge {
  return (opening) => {
    if (opening.kind === 'refused') return 'not with its groups';
    const { node } = opening;
    const news = { ...manifest, revision: plus(manifest.revision, 1) };
    node.give({ kind: 'bootstrap', manifest: news });
    node.give({ kind: 'bootstrap', manifest: news }); // told twice, it is no news
    const others = news.members.filter(({ id }) => id !== node.replica.id);
    node.give({ kind: 'bootstrap', manifest: { ...news, revision: plus(news.revision, 1), members: others } }); // of strangers
    const kept = decodeManifest(contentOf(node.directory, CLUSTER_FILE) ?? new Uint8Array(0));
    if (!kept.ok || kept.value.revision !== news.revision) return 'not with the manifest that it was told';
    const empty = new CopiedDirectory(reader, new Map(reader.list().map((name) => [name, undefined] as const)));
    if (node.directory.size(IDENTITY_FILE + TEMPORARY_SUFFIX) !== undefined) {
      empty.put(IDENTITY_FILE + TEMPORARY_SUFFIX, new Uint8Array(3));
    }
    empty.execute(createDirectory(entropyFrom(draws), empty).ops);
    return empty.list().join() === IDENTITY_FILE ? undefined : 'not with an identity';
  };
}
