/**
 * `GET /v1/backup`: everything the cluster holds, as one stream (core/backup/format.ts). `GET /v1/backup/groups/GROUP`: one
 * group's part of it, for nodes that have no replica of the group. The client sets the pace: a piece is made when the last is gone.
 */
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { GroupId } from '../../core/ids.ts';
import type { OpenedStream } from '../backup/cluster-stream.ts';
import type { NodeControl } from '../control.ts';
import { HttpError } from './errors.ts';

/** Set where the node keeps its files encrypted: what it sends is in clear all the same. */
export const ENCRYPTED_HEADER = 'vouch-encrypted-at-rest';

/** A HEAD would begin one and throw it away. */
const NO_HEAD = { exposeHeadRoute: false };

export function addBackupRoutes(app: FastifyInstance, control: Pick<NodeControl, 'backup'>): void {
  app.get('/v1/backup', NO_HEAD, async (_request, reply) => {
    const opened = await control.backup.cluster();
    if (control.backup.isEncrypted) reply.header(ENCRYPTED_HEADER, '1');
    return send(reply, opened);
  });
  app.get('/v1/backup/groups/:group', NO_HEAD, async (request, reply) => {
    const { group } = request.params as { readonly group: string };
    if (!/^(?:0|[1-9][0-9]{0,9})$/.test(group) || Number(group) > 0xffff_ffff) {
      throw new HttpError(400, 'validation_error', `A group is a whole number from 0, not ${JSON.stringify(group)}.`);
    }
    return send(reply, await control.backup.group(Number(group) as GroupId));
  });
}

function send(reply: FastifyReply, { stream }: OpenedStream): FastifyReply {
  reply.type('application/octet-stream').header('cache-control', 'no-store');
  return reply.send(Readable.from(stream, { objectMode: false }));
}
