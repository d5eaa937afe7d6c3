/** Random schedules of deliveries, losses, duplicates, slow disks, crashes and clocks: safety at each step, liveness after. */
import * as fc from 'fast-check';
import { configurationOf } from '../../core/raft/message.ts';
import { propertyRuns } from '../support/property.ts';
import { TestCluster } from './harness.ts';
import { churn, lag, run, schedule, storm } from './schedule.ts';
import { A, B, C, D, NODES } from './support.ts';

propertyRuns(
  100,
  'three voters are safe at every step of any schedule and live when faults stop',
  schedule,
  fc.boolean(),
  (actions, preVote) => {
    run(new TestCluster([A, B, C], { preVote, limits: { appendEntriesMax: 2, inflightAppendsMax: 2 } }), actions);
  },
);

propertyRuns(40, 'five voters are safe at every step of any schedule and live when faults stop', schedule, (actions) => {
  run(new TestCluster(NODES), actions);
});

propertyRuns(
  60,
  'two voters and a learner are safe at every step of any schedule and live when faults stop',
  schedule,
  (actions) => {
    run(new TestCluster([A, B, D], { configuration: configurationOf([A, B], [D]) }), actions);
  },
);

propertyRuns(40, 'a group of one is safe at every step of any schedule and live when faults stop', schedule, (actions) => {
  run(new TestCluster([A]), actions);
});

propertyRuns(
  150,
  'three voters are safe in any storm of elections and crashes, and live when it is over',
  schedule,
  fc.boolean(),
  (actions, checkQuorum) => {
    run(new TestCluster([A, B, C], { preVote: false, checkQuorum }), actions, storm);
  },
);

propertyRuns(80, 'five voters are safe in any storm of elections and crashes, and live when it is over', schedule, (actions) => {
  run(new TestCluster(NODES, { preVote: false, checkQuorum: false }), actions, storm);
});

propertyRuns(
  150,
  'five nodes among whom members come and go are safe at every step of any schedule and live when faults stop',
  schedule,
  fc.boolean(),
  (actions, preVote) => {
    run(new TestCluster(NODES, { preVote, configuration: configurationOf([A, B, C]) }), actions, churn);
  },
);

propertyRuns(
  100,
  'three voters of which one lags behind compacted logs are safe at every step of any schedule and live when faults stop',
  schedule,
  (actions) => {
    run(new TestCluster([A, B, C], { preVote: false, checkQuorum: false }), actions, lag);
  },
);
