/**
 * The sequential models of `vouch sim check`: registers, key-value with append, and the ledger's tuples.
 * Values travel as JSON text, so equality is equality of text.
 */
import { ExactForesight, GrowingForesight } from './foresight.ts';
import type { Model, Outcome } from './model.ts';

/** One operation on one object. value: JSON text of what was written or read; from: of a cas. */
export type RegisterInput =
  | { readonly f: 'read'; readonly value: string }
  | { readonly f: 'write'; readonly value: string }
  | { readonly f: 'cas'; readonly from: string; readonly to: string };

const NULL_STATE = 'null';

/** `register` and `cas-register`: initially null; a cas that failed says that the state was not `from`. */
export const registerModel: Model<RegisterInput> = {
  initial: NULL_STATE,
  apply(state: string, input: RegisterInput, outcome: Outcome): string | undefined {
    switch (input.f) {
      case 'read':
        return outcome === 'ok' && state !== input.value ? undefined : state;
      case 'write':
        return outcome === 'fail' ? state : input.value;
      case 'cas':
        if (outcome === 'fail') return state === input.from ? undefined : state;
        return state === input.from ? input.to : undefined;
    }
  },
  observes: (input: RegisterInput, outcome: Outcome): boolean => input.f === 'read' || outcome === 'fail',
  foresee: (history) =>
    new ExactForesight(
      history,
      (input, outcome) => {
        if (outcome === 'fail') return undefined;
        return input.f === 'read' ? input.value : input.f === 'cas' ? input.from : undefined;
      },
      (input, outcome) => {
        if (outcome === 'fail') return undefined;
        return input.f === 'write' ? input.value : input.f === 'cas' ? input.to : undefined;
      },
    ),
};

/** Plain texts here, not JSON: `append` concatenates. */
export type KeyValueInput =
  | { readonly f: 'get'; readonly value: string }
  | { readonly f: 'put'; readonly value: string }
  | { readonly f: 'append'; readonly value: string };

/** `kv` of one key: initially empty. */
export const keyValueModel: Model<KeyValueInput> = {
  initial: '',
  apply(state: string, input: KeyValueInput, outcome: Outcome): string | undefined {
    if (input.f === 'get') return outcome === 'ok' && state !== input.value ? undefined : state;
    if (outcome === 'fail') return state;
    return input.f === 'put' ? input.value : state + input.value;
  },
  observes: (input: KeyValueInput, outcome: Outcome): boolean => input.f === 'get' || outcome === 'fail',
  foresee: (history) =>
    new GrowingForesight(
      history,
      (input) => (input.f === 'get' ? input.value : undefined),
      (input, outcome) => input.f === 'put' && outcome !== 'fail',
    ),
};

export type LedgerInput = { readonly f: 'grant' } | { readonly f: 'revoke' } | { readonly f: 'check'; readonly value: boolean };

/** `ledger` of one tuple: absent at first. */
export const ledgerModel: Model<LedgerInput> = {
  initial: 'absent',
  apply(state: string, input: LedgerInput, outcome: Outcome): string | undefined {
    if (input.f === 'check') return outcome === 'ok' && (state === 'present') !== input.value ? undefined : state;
    if (outcome === 'fail') return state;
    return input.f === 'grant' ? 'present' : 'absent';
  },
  observes: (input: LedgerInput, outcome: Outcome): boolean => input.f === 'check' || outcome === 'fail',
};
