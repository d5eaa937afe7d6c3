/** The node behind a gateway whose routes under test ask nothing of it. */
import type { NodeStatus } from '../../../core/client/protocol.ts';
import type { NodeControl } from '../../../node/control.ts';

export function idleControl(status: NodeStatus): NodeControl {
  return {
    status: () => status,
    links: () => [],
    notReady: () => [],
    init: async () => ({ ok: false, code: 'too_few_nodes', message: '' }),
    vaults: { of: () => undefined, unwell: () => [], recover: () => undefined },
    drain: async () => ({ handed_over: [], kept: [] }),
    backup: {
      cluster: () => Promise.reject(new Error('not asked')),
      group: () => Promise.reject(new Error('not asked')),
      isEncrypted: false,
    },
  };
}
