/** What is refused of authorization models, and of tuples that do not fit one, before anything is appended. */
import { writeProblem } from '../authz/admit.ts';
import type { Conditions } from '../authz/condition.ts';
import type { ClientResult } from '../client/protocol.ts';
import type { OrganizationId } from '../ids.ts';
import { parseModel } from '../model/parse.ts';
import { modelProblem } from '../model/validate.ts';
import { modelAt } from './models.ts';
import { errorResult } from './results.ts';
import type { Transaction } from './transaction.ts';
import type { Vault } from './vault.ts';
import { VaultView } from './vault-view.ts';

/** Why a model that a transaction writes makes no sense. Its text is that of a JSON object (admission.ts). */
export function writtenModelRefusal({ operations }: Transaction, conditions: Conditions): ClientResult | undefined {
  for (const operation of operations) {
    if (operation.op !== 'writeModel') continue;
    const parsed = parseModel(JSON.parse(operation.model));
    const problem = parsed.ok ? modelProblem(parsed.value, conditions) : parsed.reason;
    if (problem !== undefined) return errorResult('invalid_model', problem);
  }
  return undefined;
}

/** What of a transaction is to fit what. */
export interface Fit {
  readonly organization: OrganizationId;
  readonly transaction: Transaction;
  /** Id of the model; empty: the newest, if there is one. */
  readonly model: string;
  readonly conditions: Conditions;
}

/**
 * Why tuples that a transaction writes do not fit a model of the vault as it is; undefined also where the vault is not there, which apply
 * says. A tuple that is deleted fits: a newer model may have no place for it.
 */
export function unfitness(
  vault: Vault | undefined,
  { organization, transaction, model: id, conditions }: Fit,
): ClientResult | undefined {
  if (vault === undefined || vault.organization !== organization) return undefined;
  const compiled = modelAt(new VaultView(vault, vault.height), id);
  if (compiled === undefined && id === '') return undefined;
  if (compiled === undefined) return errorResult('model_missing', `No authorization model of this vault has the id ${id}.`);
  for (const operation of transaction.operations) {
    if (operation.op !== 'writeTuple') continue;
    const { tuple, condition } = operation;
    const problem = writeProblem(compiled.model, conditions, { tuple, condition });
    if (problem !== undefined) return errorResult('invalid_tuple', problem.message);
  }
  return undefined;
}
