/** Known bugs of the log on disk, as replacements in core/wal and core/replica. */
import type { Mutant } from './mutant.ts';

export const STORAGE_MUTANTS: readonly Mutant[] = [
  {
    id: 'D1',
    title: 'no directory sync after a new segment is made',
    file: 'core/wal/wal.ts',
    find: "    { op: 'sync', file },\n    { op: 'syncDirectory' },\n",
    replace: "    { op: 'sync', file },\n",
  },
  {
    id: 'D2',
    title: 'a torn tail is not cut before appending',
    file: 'core/wal/recover.ts',
    find: '  cut(last.file, { from: walk.end, to: walk.end + tornBytes }, repairs);\n',
    replace: '  if (tornBytes < 0) cut(last.file, { from: 0, to: 0 }, repairs);\n',
  },
  {
    id: 'D3',
    title: 'damage in the middle is treated as a torn tail',
    file: 'core/wal/recover.ts',
    find: '    if (!whole && next > watermark) break;',
    replace: '    if (!whole && next > 0 * watermark) break;',
  },
  {
    id: 'D4',
    title: 'a sync that failed is believed',
    file: 'core/replica/replica.ts',
    find: "      case 'persistFailed':\n",
    replace: "      case 'persistFailed':\n        return this.persisted(input.seq);\n",
  },
  {
    id: 'D5',
    title: 'a checksum without position: a misdirected write is accepted',
    file: 'core/wal/record.ts',
    find: '  return crc32c(position);',
    replace: '  position.fill(0);\n  return crc32c(position);',
  },
  {
    id: 'D6',
    title: 'the hard state of another group is recovered',
    file: 'core/wal/chain.ts',
    find: '    const contradiction = group.apply(record, scan.id);',
    replace:
      "    if (record.kind === 'hardState') for (const other of this.groups.values()) other.hardState = record.hardState;\n    const contradiction = group.apply(record, scan.id);",
  },
  {
    id: 'D9',
    title: 'the truncate record is missing',
    file: 'core/replica/group.ts',
    find: "      if (ready.truncateFrom !== undefined) records.push({ kind: 'truncate', group: this.id, from: ready.truncateFrom });\n",
    replace: '',
  },
  {
    id: 'D10',
    title: 'a plan does not end in a sync',
    file: 'core/wal/wal.ts',
    find: "    this.write(run, ops);\n    ops.push({ op: 'sync', file: this.file });\n    return ops;",
    replace: '    this.write(run, ops);\n    return ops;',
  },
  {
    id: 'D11',
    title: 'a message that waits for the disk travels in a frame that leaves',
    file: 'core/codec/outbox.ts',
    find: '      if (send.after > durableSeq) {\n',
    replace: '      if (send.after > durableSeq && envelopes.length === 0) {\n',
  },
  {
    id: 'C7',
    title: 'a node whose log was wiped votes again under the identity that it has kept',
    file: 'core/replica/directory.ts',
    find: '  if (!fresh) return undefined;\n',
    replace: '  if (fresh || !fresh) return undefined;\n',
  },
];
