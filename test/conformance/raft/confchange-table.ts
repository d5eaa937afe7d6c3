/** The tables of `confchange/`: configuration.ts and members.ts against them, to the letter. */
import { type LogIndex, type Micros, plus } from '../../../core/ids.ts';
import { type Changed, changeSimply, enterJoint, leaveJoint } from '../../../core/raft/configuration.ts';
import { Members } from '../../../core/raft/members.ts';
import { configurationOf } from '../../../core/raft/message.ts';
import { DEFAULT_RAFT_LIMITS } from '../../../core/raft/options.ts';
import { parseChanges, refusalText } from './changes.ts';
import { type Directive, valuesOf } from './datadriven.ts';
import { configurationText, idOf, numberOf, progressName } from './names.ts';

/** A changer from nothing on; whoever is new has its next index at the number of directives before, as in the corpus. */
export class ConfchangeTable {
  /** Seen from node 0, which is nobody, so that all members are peers. */
  private readonly members: Members = new Members(idOf(0), configurationOf([]), DEFAULT_RAFT_LIMITS);
  private directives: number = 0;

  /** @returns the output, or undefined where the directive is not supported. */
  run(directive: Directive): string | undefined {
    const next = Math.max(this.directives, 1) as LogIndex;
    this.directives += 1;
    const changed = this.change(directive);
    if (changed === undefined) return undefined;
    if (!changed.ok) return refusalText(changed.code, directive.name === 'simple');
    this.members.change(changed.configuration, [], (member) => member.reset(next, 0 as Micros));
    return [configurationText(changed.configuration), ...this.progress()].join('\n');
  }

  private change(directive: Directive): Changed | undefined {
    const changes = parseChanges(directive.input.flatMap((line) => line.split(' ').filter((token) => token !== '')));
    const { configuration } = this.members;
    if (changes === undefined) return undefined;
    switch (directive.name) {
      case 'simple':
        return changeSimply(configuration, changes);
      case 'enter-joint':
        return enterJoint(configuration, { changes, autoLeave: valuesOf(directive, 'autoleave')[0] === 'true' });
      case 'leave-joint':
        return changes.length > 0 ? undefined : leaveJoint(configuration);
      default:
        return undefined;
    }
  }

  private progress(): readonly string[] {
    const { peers, configuration } = this.members;
    return peers.map(({ id, state, matchIndex, nextIndex }) => {
      const learner = configuration.learners.includes(id) ? ' learner' : '';
      return `${numberOf(id)}: ${progressName(state)} match=${matchIndex} next=${plus(nextIndex, 0)}${learner}`;
    });
  }
}
