/** A story told to a real cluster: all but the faults that have no counterpart, which are noted. */
import type { Knobs } from '../../../sim/knobs.ts';
import type { Scenario, StoryTeller } from '../../../sim/scenario.ts';
import type { StoryBook } from '../../../sim/story.ts';
import { usageFailure } from '../failure.ts';
import { isPlayed, type NotPlayed } from './counterparts.ts';

/**
 * @param title how the user calls it. @param world as the scenario wants it.
 * @throws CliFailure where the story needs what only the simulator has.
 */
export function demandTellable(scenario: Scenario | undefined, title: string, world: () => Knobs): void {
  if (scenario === undefined) return;
  const why =
    scenario.onProtocol !== undefined
      ? 'it is of another protocol than Vouch'
      : scenario.guests !== undefined
        ? 'it brings clients or a liar that live inside of the simulator'
        : scenario.oracles !== undefined
          ? 'it has oracles that look into simulated nodes'
          : world().authorizationClients > 0
            ? 'its clients check permissions, and are part of the simulator'
            : undefined;
  if (why !== undefined) throw usageFailure(`${title} cannot be run on real processes: ${why}. Leave --real out.`);
}

export function realStory(book: StoryBook, notPlayed: NotPlayed): StoryTeller {
  return {
    draws: book.draws,
    nodeCount: book.nodeCount,
    after: (milliseconds, act) => book.after(milliseconds, act),
    every: (milliseconds, act) => book.every(milliseconds, act),
    leader: () => book.leader(),
    busiest: () => book.busiest(),
    isRunning: (node) => book.isRunning(node),
    split: (side, other) => book.split(side, other),
    crash: (node, how) => book.crash(node, how),
    crashAfter: (node, effects, how) => book.crashAfter(node, effects, how),
    crashWhileWriting: (node, effects, how) => book.crashWhileWriting(node, effects, how),
    restart: (node) => book.restart(node),
    silence: (from, to) => book.silence(from, to),
    pause: (node, milliseconds) => book.pause(node, milliseconds),
    transfer: (to) => book.transfer(to),
    install: (_node, build) => notPlayed.add(build === 'otherWire' ? 'mixedWire' : 'mixedCore'),
    tamper: () => notPlayed.add('tamperedState'),
    begin: (kind, milliseconds) => {
      if (isPlayed(kind)) book.begin(kind, milliseconds);
      else notPlayed.add(kind);
    },
  };
}
