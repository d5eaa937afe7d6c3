/**
 * A vote goes only to a candidate whose log is at least as up-to-date as the voter's: of a later last term, or as long in the
 * same one. Looked at where the vote is given, because the loss that follows needs a deposed leader with a longer log of an
 * older term, elected before it hears its successor. Source: Ongaro 2014, 3.6.1.
 */
import type { NodeId } from '../../../core/ids.ts';
import { Violation } from '../../observer.ts';
import type { SendEffect } from '../../protocol.ts';
import type { VouchShape } from '../../vouch.ts';
import type { GroupView } from './view.ts';
import type { RaftOracle } from './watch.ts';

interface Candidacy {
  readonly node: number;
  readonly lastTerm: number;
  readonly lastIndex: number;
}

export class VotesForUpToDate implements RaftOracle {
  readonly name: string = 'votes-for-up-to-date';
  readonly claim: string = 'A node votes only for a candidate whose log is at least as up-to-date as its own.';
  /** By group, term and candidate. */
  private readonly candidacies: Map<string, Candidacy> = new Map();

  leaving(view: GroupView, effect: SendEffect<VouchShape>): void {
    const { message } = effect.envelope;
    if (message.kind !== 'requestVote') return;
    const { term, lastTerm, lastIndex } = message;
    this.candidacies.set(`${view.group}/${term}/${view.id}`, { node: view.node, lastTerm, lastIndex });
  }

  voted(view: GroupView, term: number, candidate: NodeId): void {
    const asked = this.candidacies.get(`${view.group}/${term}/${candidate}`);
    if (asked === undefined || candidate === view.id) return;
    const ownTerm = view.terms[view.last - 1] ?? 0;
    if (asked.lastTerm > ownTerm || (asked.lastTerm === ownTerm && asked.lastIndex >= view.last)) return;
    throw new Violation(
      this.name,
      `group ${view.group}: node ${view.node} votes in term ${term} for node ${asked.node}, whose log is less up-to-date`,
      'safety',
      {
        group: view.group,
        nodes: [asked.node, view.node],
        term,
        facts: [
          `The log of node ${view.node} ends with entry ${view.last} of term ${ownTerm}.`,
          `It votes for node ${asked.node}, whose log ends with entry ${asked.lastIndex} of term ${asked.lastTerm}.`,
        ],
      },
    );
  }
}
