/** Kinds of messages as a reader tells them apart: one colour and one filter each. */
import type { MessageWords } from '../record/phrase.ts';

export type Family = 'votes' | 'entries' | 'acknowledgements' | 'heartbeats' | 'reads' | 'clients';

/** In the order of the filters; a frame that carries several kinds has the colour of the first it carries. */
export const FAMILIES: readonly Family[] = ['votes', 'entries', 'acknowledgements', 'reads', 'clients', 'heartbeats'];

export function familyOf(kind: MessageWords['kind']): Family {
  switch (kind) {
    case 'preVote':
    case 'preVoteResponse':
    case 'requestVote':
    case 'requestVoteResponse':
    case 'timeoutNow':
      return 'votes';
    case 'appendEntries':
    case 'installSnapshot':
    case 'snapshotPull':
    case 'snapshotChunk':
    case 'snapshotGone':
    case 'termAsked':
    case 'termTold':
    case 'stateAsked':
    case 'copyAsked':
    case 'copyOffered':
    case 'checkpointAsked':
    case 'keyOffered':
      return 'entries';
    case 'blocksTold':
    case 'blocksAsked':
    case 'blocksAnswered':
    case 'appendResponse':
    case 'checkpointSigned':
    case 'checkpointPassed':
      return 'acknowledgements';
    case 'readIndex':
    case 'readIndexResponse':
      return 'reads';
    case 'heartbeat':
    case 'heartbeatResponse':
    case 'hibernate':
    case 'wake':
    case 'alive':
    case 'sleepersAsked':
    case 'sleepers':
      return 'heartbeats';
    case 'request':
    case 'result':
    case 'unreadable':
      return 'clients';
  }
}

/** The family that a frame is drawn in. A heartbeat that carries a read round is a read. */
export function familyOfFrame(items: readonly MessageWords[]): Family {
  const families = items.map((item) => {
    const family = familyOf(item.kind);
    return family === 'heartbeats' && !item.isIdle ? 'reads' : family;
  });
  return FAMILIES.find((family) => families.includes(family)) ?? 'heartbeats';
}

/** Steps that are no messages, as they are filtered. */
export type Happening = 'state' | 'blocks' | 'operations' | 'faults';
export const HAPPENINGS: readonly Happening[] = ['state', 'blocks', 'operations', 'faults'];

/** Who goes and comes is a fault to a reader. */
export function happeningOf(kind: 'change' | 'block' | 'operation' | 'fault' | 'absence'): Happening {
  switch (kind) {
    case 'change':
      return 'state';
    case 'block':
      return 'blocks';
    case 'operation':
      return 'operations';
    case 'fault':
    case 'absence':
      return 'faults';
  }
}
