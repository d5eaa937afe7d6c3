/**
 * A client of the authorization workload: it writes models and tuples, asks checks and lists of any node, now and of older blocks, with and
 * without certificates, and grants, revokes and checks the permissions that are raced for.
 */
import type { AuthzQuery, AuthzResult } from '../../core/client/authz-protocol.ts';
import type { Answer, OperationOutcome } from '../../core/client/operation.ts';
import { NEWEST, type ReadPoint, type VaultEntry } from '../../core/client/protocol.ts';
import type { Height } from '../../core/ids.ts';
import type { Operation } from '../../core/state/transaction.ts';
import type { Authorization } from '../check/clients/authorization.ts';
import type { CertificatesVerify } from '../check/clients/certificates-verify.ts';
import type { PagesAddUp } from '../check/clients/pages-add-up.ts';
import type { RevocationsHold } from '../check/clients/revocations-hold.ts';
import type { FittedQuestion, WritesFit } from '../check/clients/writes-fit.ts';
import type { Draws } from '../tape.ts';
import type { Behaviour, Plan } from '../workload/client.ts';
import { headerTime } from '../workload/header-time.ts';
import { drawOperations, drawQuery } from './asking.ts';
import type { AuthorizationMark } from './marks.ts';
import { MODEL_TEXTS, type ModelName } from './models.ts';
import { Paging } from './paging.ts';
import type { Race, Races } from './races.ts';

const TIMEOUT_MICROS = 3_000_000;
/** Questions that it asks once the cluster is whole again. */
const LAST_QUESTIONS = 12;
/** From the newest block seen: at once, soon, later. */
const EXPIRY_MICROS: readonly number[] = [1, 30, 20_000, 500_000];

/** What clients share: vaults, permissions that are raced for, and models that somebody is known to have written. */
export interface Shared {
  readonly vaults: readonly VaultEntry[];
  readonly races: Races;
  /** By vault: ids of models, and which they are. */
  readonly models: ReadonlyMap<number, Map<string, ModelName>>;
  /** Newest block that anybody was shown, by vault. */
  readonly newest: Map<number, { readonly height: number; readonly time: number }>;
}

export interface ClientOptions {
  readonly client: number;
  readonly shared: Shared;
  readonly draws: Draws;
  readonly pauseMeanMicros: number;
  /** Undefined: switched off. */
  readonly oracles: {
    readonly authorization: Authorization | undefined;
    readonly revocations: RevocationsHold | undefined;
    readonly certificates: CertificatesVerify | undefined;
    readonly fitted: WritesFit | undefined;
    readonly pages: PagesAddUp | undefined;
  };
  readonly mark: (name: AuthorizationMark) => void;
  /** Whether work goes on: else it waits until it is to part. */
  readonly isOpen: () => boolean;
}

interface WriteOptions {
  /** @param model id of the one that was written; empty: none was */
  readonly onApplied?: (model: string, time: number) => void;
  /** It was refused, or nobody knows what became of it. */
  readonly onOther?: () => void;
  /** Which model the tuples must fit; left out: none. */
  readonly fits?: string | undefined;
}

export class AuthorizationClient implements Behaviour {
  private readonly options: ClientOptions;
  private readonly draws: Draws;
  private written: number = 0;
  private left: number = Number.POSITIVE_INFINITY;
  private onDone: (() => void) | undefined = undefined;
  /** Lists that are being read, by lane. */
  private readonly reading: Map<number, Paging> = new Map();

  constructor(options: ClientOptions) {
    this.options = options;
    this.draws = options.draws;
  }

  /** The cluster is whole: it asks a last time. @param onDone called once, when it has its answers */
  part(onDone: () => void): void {
    this.onDone = onDone;
    this.left = LAST_QUESTIONS;
  }

  think(): number {
    return this.onDone === undefined ? this.draws.below(2 * this.options.pauseMeanMicros + 1) : 0;
  }

  next(lane: number, time: number): Plan | undefined {
    const { draws } = this;
    const paging = this.reading.get(lane);
    if (paging !== undefined) return this.page(lane, paging);
    if (this.onDone !== undefined)
      return this.left > 0 ? this.question(draws.below(this.options.shared.vaults.length), time) : undefined;
    if (!this.options.isOpen()) return undefined;
    const vault = draws.below(this.options.shared.vaults.length);
    const models = this.options.shared.models.get(vault);
    if (models === undefined || models.size === 0) return this.writeModel(vault, 'wide');
    switch (draws.below(24)) {
      case 0:
        return this.writeModel(vault, draws.pick(['wide', 'narrow'] as const));
      case 1:
      case 2:
      case 3:
        return this.grant(vault) ?? this.question(vault, time);
      case 4:
      case 5:
      case 6:
        return this.revoke(time) ?? this.question(vault, time);
      case 7:
      case 8:
      case 9:
      case 10:
      case 11:
        return this.write(vault);
      case 12:
        return this.page(lane, new Paging(this.options.shared.vaults[vault] as VaultEntry, draws));
      default:
        return this.question(vault, time);
    }
  }

  private question(vault: number, time: number): Plan {
    const race = this.draws.below(5) < 2 ? this.options.shared.races.watched(this.draws) : undefined;
    return race === undefined ? this.ask(vault, time) : this.checkRace(race, time);
  }

  private writeModel(vault: number, name: ModelName): Plan {
    const { shared, mark } = this.options;
    const onApplied = (model: string): void => {
      mark('authorization.model-written');
      if (model !== '') shared.models.get(vault)?.set(model, name);
    };
    return this.transact(vault, [{ op: 'writeModel', model: MODEL_TEXTS[name] }], { onApplied });
  }

  private write(vault: number): Plan {
    const { time } = this.options.shared.newest.get(vault) ?? { time: 0 };
    const expiry = (): number => (time > 0 && this.draws.below(6) === 0 ? time + this.draws.pick(EXPIRY_MICROS) : 0);
    return this.transact(vault, drawOperations(this.draws, expiry), { fits: this.drawFit(vault) });
  }

  /** Half of the writes are to fit a model: most of these the newest, others one that somebody has written. */
  private drawFit(vault: number): string | undefined {
    if (this.draws.below(2) === 0) return undefined;
    const known = [...(this.options.shared.models.get(vault)?.keys() ?? [])];
    return known.length > 0 && this.draws.below(4) === 0 ? this.draws.pick(known) : '';
  }

  private grant(vault: number): Plan | undefined {
    const { races } = this.options.shared;
    const race = races.begin(vault, this.draws);
    if (race === undefined) return undefined;
    const onApplied = (_: string, time: number): void => {
      race.grantedAt = time;
    };
    return this.transact(vault, race.grant, { onApplied, onOther: () => races.drop(race) });
  }

  private revoke(now: number): Plan | undefined {
    const race = this.options.shared.races.revocable(this.draws);
    if (race === undefined) return undefined;
    race.revokeAskedAt = Math.min(race.revokeAskedAt, now);
    race.isRevoking = true;
    const onOther = (): void => {
      race.isRevoking = false;
    };
    const onApplied = (_: string, time: number): void => {
      race.revokedAt = time;
      race.isRevoking = false;
    };
    return this.transact(race.vault, race.revoke, { onApplied, onOther });
  }

  private transact(vault: number, operations: readonly Operation[], { onApplied, onOther, fits }: WriteOptions): Plan {
    const entry = this.options.shared.vaults[vault] as VaultEntry;
    const { group, organization, id } = entry;
    this.written += 1;
    const { client, shared } = this.options;
    const since = shared.newest.get(vault)?.height ?? 0;
    const question = fits === undefined ? undefined : { vault: entry, operations, model: fits, since };
    // The reason tells transactions apart: each is executed once (exactly-once).
    const transaction = { actor: `authorization:${client}`, reason: `a${client}.${this.written}`, operations };
    return {
      request: { kind: 'transact', group, organization, vault: id, transaction, model: fits, proof: false },
      route: { kind: 'leader' },
      timeoutMicros: TIMEOUT_MICROS,
      done: (outcome, time) => {
        if (question !== undefined) this.judgeFit(question, outcome);
        if (outcome.ok && outcome.answer.kind === 'transacted' && outcome.answer.outcome.ok) {
          this.saw(vault, outcome.answer.anchor);
          onApplied?.(outcome.answer.outcome.model, time);
        } else onOther?.();
      },
    };
  }

  /** What became of a write that was to fit a model. One that changed nothing is in no block, so nobody can say by which model it was judged. */
  private judgeFit(question: FittedQuestion, outcome: OperationOutcome): void {
    const { fitted } = this.options.oracles;
    if (!outcome.ok) {
      if (outcome.code === 'invalid_tuple') fitted?.turnedDown(question);
    } else if (outcome.answer.kind === 'transacted' && outcome.answer.outcome.ok && outcome.answer.outcome.changed) {
      fitted?.taken(question, outcome.answer.outcome.height);
    }
  }

  /** A check of a permission that is raced for, always by the newest block and the wide model. */
  private checkRace(race: Race, invokedAt: number): Plan {
    const { oracles, mark, shared } = this.options;
    const wide = [...(shared.models.get(race.vault) ?? [])].filter(([, name]) => name === 'wide').map(([id]) => id);
    const model = this.draws.pick(wide);
    const query = { kind: 'check', model, checks: [{ tuple: race.question, contextual: [], context: '{}' }] } as const;
    return this.query(race.vault, query, NEWEST, (allowed, time) => {
      if (allowed === undefined) return;
      if (invokedAt > race.revokedAt) mark('authorization.checked-after-revocation');
      else if (time > race.revokeAskedAt) mark('authorization.checked-during-revocation');
      oracles.revocations?.judge(race, allowed, { invokedAt, time });
    });
  }

  private ask(vault: number, _time: number): Plan {
    const { shared } = this.options;
    const known = [...(shared.models.get(vault)?.keys() ?? [])];
    const model = known.length > 0 && this.draws.below(3) === 0 ? this.draws.pick(known) : '';
    return this.query(vault, drawQuery(this.draws, model), this.readPoint(vault), () => undefined);
  }

  private readPoint(vault: number): ReadPoint {
    const newest = this.options.shared.newest.get(vault);
    if (newest === undefined || this.draws.below(4) > 0) return NEWEST;
    return { kind: 'height', height: (1 + this.draws.below(newest.height)) as Height };
  }

  /** @param onAnswer told whether the first check allows; undefined where there is no such verdict */
  private query(
    vault: number,
    query: AuthzQuery,
    at: ReadPoint,
    onAnswer: (allowed: boolean | undefined, time: number) => void,
  ): Plan {
    const { shared, oracles, mark } = this.options;
    const entry = shared.vaults[vault] as VaultEntry;
    const { group, organization, id } = entry;
    const proof = this.draws.below(5) === 0 && query.kind !== 'expand';
    return {
      request: { kind: 'query', group, organization, vault: id, query, consistency: 'linearizable', at, proof },
      route: this.draws.below(3) === 0 ? { kind: 'leader' } : { kind: 'any' },
      timeoutMicros: TIMEOUT_MICROS,
      done: (outcome, time) => {
        const answer = outcome.ok ? outcome.answer : undefined;
        if (isAuthzResult(answer)) {
          oracles.authorization?.judge(entry, query, answer);
          if (proof) oracles.certificates?.judge(entry, query, answer);
          if (at.kind === 'height') mark('authorization.past');
          if (shared.models.get(vault)?.get(answer.model) === 'narrow') mark('authorization.narrow-model-judged');
          this.saw(vault, answer.anchor);
          const first = answer.kind === 'check' ? answer.verdicts[0] : undefined;
          onAnswer(first?.ok === true ? first.allowed : undefined, time);
          this.answered();
        }
      },
    };
  }

  /** The next page, of any node; the list is given up where one of them does not come. */
  private page(lane: number, paging: Paging): Plan {
    this.reading.set(lane, paging);
    const { group, organization, id } = paging.vault;
    const { query, at } = paging;
    return {
      request: { kind: 'query', group, organization, vault: id, query, consistency: 'linearizable', at, proof: false },
      route: { kind: 'any' },
      timeoutMicros: TIMEOUT_MICROS,
      done: (outcome) => {
        const isPage = outcome.ok && outcome.answer.kind === 'list';
        const isLast = isPage && paging.take(outcome.answer);
        if (isLast) this.options.oracles.pages?.judge(paging);
        if (isLast || !isPage) this.reading.delete(lane);
      },
    };
  }

  private answered(): void {
    if (this.onDone === undefined || this.left === 0) return;
    this.left -= 1;
    if (this.left === 0) this.onDone();
  }

  private saw(vault: number, anchor: { readonly height: number; readonly header: Uint8Array }): void {
    const { newest } = this.options.shared;
    if ((newest.get(vault)?.height ?? 0) < anchor.height) {
      newest.set(vault, { height: anchor.height, time: headerTime(anchor.header) });
    }
  }
}

function isAuthzResult(answer: Answer | undefined): answer is AuthzResult {
  const { kind } = answer ?? {};
  return kind === 'check' || kind === 'listObjects' || kind === 'listUsers' || kind === 'expand';
}
