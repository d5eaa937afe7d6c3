/** Every certificate that is served holds for the very questions that were asked, as a client verifies it, and shows what the answer said. */
import { celConditions } from '../../../core/authz/cel.ts';
import { fromBase64, toBase64 } from '../../../core/bytes/base64.ts';
import type { Hasher } from '../../../core/capability.ts';
import { certificatesAnswer, type Result } from '../../../core/certificate/answer.ts';
import type { Asked } from '../../../core/certificate/asked.ts';
import { verifyCertificate } from '../../../core/certificate/verify.ts';
import type { AuthzContext, AuthzQuery, AuthzResult } from '../../../core/client/authz-protocol.ts';
import type { VaultEntry } from '../../../core/client/protocol.ts';
import type { Replica } from '../../../core/replica/replica.ts';
import type { AuthorizationMark } from '../../authorization/marks.ts';
import { type Observer, Violation } from '../../observer.ts';
import type { Draws } from '../../tape.ts';
import type { VouchShape } from '../../vouch.ts';

/** What can be proven: expansions are pictures of a model, and come without. */
type ProvableQuery = Exclude<AuthzQuery, { readonly kind: 'expand' }>;
type ProvableResult = Exclude<AuthzResult, { readonly kind: 'expand' }>;

export class CertificatesVerify implements Observer<VouchShape, Replica> {
  readonly name: string = 'certificates-verify';
  readonly claim: string =
    'Every certificate served for a check or a list verifies for what was asked, and no longer once its answer or any byte of its proof is changed.';
  private readonly hasher: Hasher;
  private readonly draws: Draws;
  private readonly mark: (name: AuthorizationMark) => void;

  /** @param hasher of the nodes @param draws which byte is changed */
  constructor(options: {
    readonly hasher: Hasher;
    readonly draws: Draws;
    readonly mark: (name: AuthorizationMark) => void;
  }) {
    this.hasher = options.hasher;
    this.draws = options.draws;
    this.mark = options.mark;
  }

  /** An answer that was asked for with a proof. Verdicts that are errors have none. */
  judge({ id: store, organization }: VaultEntry, query: AuthzQuery, answer: AuthzResult): void {
    if (query.kind === 'expand' || answer.kind === 'expand') return;
    const results = resultsOf(query, answer);
    if (answer.model === '' || results.length === 0) return;
    const { anchor, proof, model } = answer;
    const certificate = certificatesAnswer({ organization, store, anchor, proof }, results);
    const expected = {
      hasher: this.hasher,
      conditions: celConditions,
      organization,
      store,
      model,
      asked: results.map(({ asked }) => asked),
    };
    const verdict = verifyCertificate(certificate, expected);
    if (!verdict.ok)
      throw new Violation(this.name, `a certificate of block ${anchor.height} fails at ${verdict.stage}: ${verdict.reason}`);
    this.mark('authorization.certificate');
    if (verifyCertificate(certificatesAnswer({ organization, store, anchor, proof }, results.map(opposite)), expected).ok)
      throw new Violation(this.name, `a certificate of block ${anchor.height} holds for the opposite of its answer, too`);
    const changed = fromBase64(certificate.proof)?.slice() ?? new Uint8Array(1);
    const at = this.draws.below(changed.length);
    changed[at] = (changed[at] as number) ^ (1 << this.draws.below(8));
    if (verifyCertificate({ ...certificate, proof: toBase64(changed) }, expected).ok) {
      throw new Violation(
        this.name,
        `a certificate of block ${anchor.height} still holds after byte ${at} of its proof was changed`,
      );
    }
  }
}

/** Another answer to the same question. */
function opposite({ asked, found }: Result): Result {
  if (found.kind === 'check') return { asked, found: { kind: 'check', allowed: !found.allowed } };
  const members = found.members.length > 0 ? found.members.slice(1) : ['person:nobody'];
  return { asked, found: { kind: 'list', members } };
}

function resultsOf(query: ProvableQuery, answer: ProvableResult): readonly Result[] {
  const { model } = answer;
  const under = ({ contextual, context }: AuthzContext) => ({ model, contextual, context: JSON.parse(context) });
  if (query.kind === 'check') {
    if (answer.kind !== 'check') return [];
    return query.checks.flatMap((check, index): readonly Result[] => {
      const verdict = answer.verdicts[index];
      if (verdict?.ok !== true) return [];
      return [
        { asked: { kind: 'check', tuple: check.tuple, ...under(check) }, found: { kind: 'check', allowed: verdict.allowed } },
      ];
    });
  }
  if (answer.kind === 'check') return [];
  const asked: Asked =
    query.kind === 'listObjects'
      ? { kind: 'listObjects', question: { type: query.type, relation: query.relation, subject: query.subject }, ...under(query) }
      : {
          kind: 'listUsers',
          question: { resource: query.resource, relation: query.relation, filters: query.filters },
          ...under(query),
        };
  return [{ asked, found: { kind: 'list', members: answer.found } }];
}
