/** Random schedules with members that come and go, and with nodes that lag, until one does not hold: the entry of a bundle with a known bug. */
import * as fc from 'fast-check';
import { configurationOf } from '../../core/raft/message.ts';
import { TestCluster } from './harness.ts';
import { churn, lag, run, schedule } from './schedule.ts';
import { A, B, C, NODES } from './support.ts';

/** @returns what did not hold, and after how many schedules; undefined where everything did. */
export function hunt(seed: number, schedules: number): { readonly schedules: number; readonly message: string } | undefined {
  const drawn = fc.sample(schedule, { seed, numRuns: schedules });
  for (const [i, actions] of drawn.entries()) {
    try {
      if (i % 2 === 0) run(new TestCluster([A, B, C], { preVote: false, checkQuorum: false }), actions, lag);
      else run(new TestCluster(NODES, { preVote: i % 4 === 1, configuration: configurationOf([A, B, C]) }), actions, churn);
    } catch (error) {
      return { schedules: i + 1, message: (error as Error).message };
    }
  }
  return undefined;
}
