/** `/v1/vaults`, `/v1/stores/ID/status`, `/v1/stores/ID/recover`: whether this node's copies of vaults are what a majority has. */
import type { FastifyInstance } from 'fastify';
import type { NodeControl } from '../control.ts';
import type { Ledger } from '../ledger.ts';
import type { VaultCopy } from '../vault-health.ts';
import { HttpError } from './errors.ts';
import { storeOf } from './request.ts';

export interface VaultHealthJson {
  readonly id: string;
  readonly group: number;
  readonly height: number;
  readonly block_hash: string;
  readonly state: VaultCopy['health']['state'];
  /** The height at which another block than the majority's was found. */
  readonly since_height?: number;
  readonly attempt?: number;
}

function healthJson({ vault, group, height, blockHash, health }: VaultCopy): VaultHealthJson {
  return {
    id: vault,
    group,
    height,
    block_hash: blockHash,
    state: health.state,
    ...('since' in health ? { since_height: health.since } : {}),
    ...('attempt' in health ? { attempt: health.attempt } : {}),
  };
}

export function addVaultHealthRoutes(
  app: FastifyInstance,
  control: Pick<NodeControl, 'vaults' | 'status'>,
  ledger: Ledger,
): void {
  const copyOf = async (request: Parameters<typeof storeOf>[1]): Promise<VaultCopy> => {
    const { id, group } = await storeOf(ledger, request);
    const copy = control.vaults.of(group, id);
    if (copy !== undefined) return copy;
    throw new HttpError(
      404,
      'group_not_found',
      `This node serves no replica of group ${group}, which has the store: ask another one.`,
    );
  };
  app.get('/v1/vaults', async () => ({ node: control.status().node, unwell: control.vaults.unwell().map(healthJson) }));
  app.get('/v1/stores/:store/status', async (request) => ({
    node: control.status().node,
    ...healthJson(await copyOf(request)),
  }));
  app.post('/v1/stores/:store/recover', async (request, reply) => {
    const { vault, group, health } = await copyOf(request);
    if (health.state === 'healthy' || health.state === 'disputed') {
      throw new HttpError(400, 'failed_precondition', `The vault is ${health.state} on this node: there is nothing to rebuild.`);
    }
    control.vaults.recover(group, vault);
    reply.code(202);
    return { node: control.status().node, id: vault, state: 'recovering' };
  });
}
