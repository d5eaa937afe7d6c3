/** The organizations and vaults a run works on, and the client that creates them before anything else happens. */
import type { OperationOutcome } from '../../core/client/operation.ts';
import type { ClientResult, VaultEntry } from '../../core/client/protocol.ts';
import type { Behaviour, Plan } from './client.ts';

export interface Layout {
  readonly vaults: readonly VaultEntry[];
}

const TIMEOUT_MICROS = 10_000_000;

function nameOf(organization: number): string {
  return `acme-${organization + 1}`;
}

/** Creates the organizations and their vaults, trying again until all are there. */
export class Setup implements Behaviour {
  private readonly vaultCount: number;
  /** Voters of each group that is made, one for an organization. */
  private readonly placed: readonly number[];
  private readonly reserved: VaultEntry[] = [];
  private created: number = 0;
  private organizations: number = 0;
  /** Set once everything is there. */
  layout: Layout | undefined = undefined;

  constructor(vaultCount: number, placed: readonly number[]) {
    this.vaultCount = vaultCount;
    this.placed = placed;
  }

  think(): number {
    return 0;
  }

  next(): Plan | undefined {
    if (this.layout !== undefined) return undefined;
    if (this.organizations <= this.placed.length) {
      const replicas = this.placed[this.organizations];
      const placement = replicas === undefined ? undefined : ({ kind: 'new', replicas } as const);
      const body = { kind: 'createOrganization', name: nameOf(this.organizations), placement } as const;
      return this.plan({ kind: 'directory', body }, () => {
        this.organizations += 1;
      });
    }
    if (this.reserved.length < this.vaultCount) {
      const name = `vault-${this.reserved.length + 1}`;
      const body = {
        kind: 'reserveVault',
        organization: nameOf(this.reserved.length % this.organizations),
        name,
        allowExisting: true,
      } as const;
      return this.plan({ kind: 'directory', body }, (answer) => {
        if (answer.kind === 'vault') this.reserved.push(answer.vault);
      });
    }
    const vault = this.reserved[this.created] as VaultEntry;
    const { group, organization, id } = vault;
    return this.plan({ kind: 'createVault', group, organization, vault: id }, () => this.vaultCreated());
  }

  private vaultCreated(): void {
    this.created += 1;
    if (this.created === this.vaultCount) this.layout = { vaults: this.reserved };
  }

  private plan(request: Plan['request'], done: (answer: ClientResult) => void): Plan {
    return {
      request,
      route: { kind: 'leader' },
      timeoutMicros: TIMEOUT_MICROS,
      done: (outcome: OperationOutcome) => {
        if (outcome.ok) done(outcome.answer);
        else if (outcome.code === 'vault_exists') this.vaultCreated();
      },
    };
  }
}
