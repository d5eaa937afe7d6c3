/** The production runtime against a scripted core: the ordering contract of core/effect.ts, clause by clause. */
import { describe, expect, test } from 'vitest';
import type { ClientResult } from '../../core/client/protocol.ts';
import { Outbox } from '../../core/codec/outbox.ts';
import type { Clocks, Core, Effect, Input } from '../../core/effect.ts';
import {
  type ClusterId,
  type GroupId,
  type Micros,
  NEVER,
  type NodeId,
  type RequestId,
  type Seq,
  type Term,
} from '../../core/ids.ts';
import type { Message } from '../../core/raft/message.ts';
import { type PersistPort, Runtime, type RuntimeRecorder } from '../../node/runtime.ts';

const SELF = 'a'.repeat(32) as NodeId;
const PEER = 'b'.repeat(32) as NodeId;
const CLUSTER = 'c'.repeat(32) as ClusterId;

const ANSWER: ClientResult = { kind: 'organizations', organizations: [] };

function reply(id: number, after: number): Effect {
  return { kind: 'reply', id: id as RequestId, after: after as Seq, result: ANSWER };
}

function persist(seq: number): Effect {
  return { kind: 'persist', seq: seq as Seq, ops: [{ op: 'syncDirectory' }] };
}

function send(after: number): Effect {
  const message: Message = { kind: 'preVoteResponse', term: 1 as Term, granted: true };
  return { kind: 'send', to: PEER, after: after as Seq, envelope: { group: 0 as GroupId, message } };
}

/** A runtime over a core that answers each input with what the script says; everything that leaves is logged. */
function harness(
  script: (input: Input) => readonly Effect[],
  deadline: () => Micros = () => NEVER,
  recorder?: RuntimeRecorder,
  log: string[] = [],
) {
  const inputs: Input[] = [];
  let listener: Parameters<PersistPort['listen']>[0] | undefined;
  let now = 0;
  const core: Core = {
    step(input) {
      inputs.push(input);
      return script(input);
    },
    nextDeadline: deadline,
    digest: () => '',
  };
  const outbox = new Outbox({ sender: SELF, cluster: () => CLUSTER });
  const runtime = new Runtime(core, [], {
    outbox,
    disk: {
      listen(made) {
        listener = made;
      },
      submit: (seq) => log.push(`persist ${seq}`),
    },
    peers: { send: (to) => log.push(`frame to ${to.slice(0, 1)}`) },
    recorder,
    onNodeFatal: (code, detail) => log.push(`fatal ${code}: ${detail}`),
    onGroupFatal: (group, code) => log.push(`group ${group} fatal ${code}`),
    onAlarm: (group, code) => log.push(`group ${group} alarm ${code}`),
    clocks: (): Clocks => {
      now += 1;
      return { now: now as Micros, wall: 0 as Micros };
    },
  });
  const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));
  const durable = (seq: number): void => listener?.persisted(seq as Seq);
  const broken = (seq: number, code: string): void => listener?.failed(seq as Seq, code);
  return { runtime, log, inputs, durable, broken, settle };
}

describe('runtime', () => {
  test('a reply leaves only once the persist it names is durable', async () => {
    const { runtime, log, durable, settle } = harness((input) =>
      input.kind === 'request' ? [persist(1), reply(input.id, 1)] : [],
    );
    runtime.request({ kind: 'status' }, () => log.push('answered'));
    await settle();
    expect(log).toEqual(['persist 1']);
    durable(1);
    await settle();
    expect(log).toEqual(['persist 1', 'answered']);
    runtime.stop();
  });

  test('a reply that waits for nothing overtakes one that waits', async () => {
    const { runtime, log, settle } = harness((input) => {
      if (input.kind !== 'request') return [];
      return input.id === 1 ? [persist(1), reply(1, 1)] : [reply(input.id, 0)];
    });
    runtime.request({ kind: 'status' }, () => log.push('first'));
    runtime.request({ kind: 'status' }, () => log.push('second'));
    await settle();
    expect(log).toEqual(['persist 1', 'second']);
    runtime.stop();
  });

  test('what a turn may send to one peer leaves as one frame, behind its persist', async () => {
    const { runtime, log, settle } = harness((input) => (input.kind === 'peer' ? [persist(1), send(0), send(0), send(1)] : []));
    runtime.give({ kind: 'peer', peer: PEER, state: 'up' });
    await settle();
    expect(log).toEqual(['persist 1', 'frame to b']);
    runtime.stop();
  });

  test('inputs that arrived together share one clock sample, taken after the last of them', async () => {
    const { runtime, inputs, settle } = harness(() => []);
    runtime.give({ kind: 'peer', peer: PEER, state: 'up' });
    runtime.give({ kind: 'peer', peer: PEER, state: 'down' });
    await settle();
    runtime.give({ kind: 'deadline' });
    await settle();
    const [up, down, deadline] = inputs;
    expect(up?.now).toBe(down?.now);
    expect(deadline?.now).toBeGreaterThan(down?.now as number);
    runtime.stop();
  });

  test('a failed persist is told to the core once and nothing that waits for it ever leaves', async () => {
    const { runtime, log, inputs, broken, settle } = harness((input) => {
      if (input.kind === 'request') return [persist(1), reply(input.id, 1)];
      if (input.kind === 'persistFailed') return [{ kind: 'fatal', scope: 'node', code: 'persist_failed', detail: input.code }];
      return [];
    });
    const answers: ClientResult[] = [];
    runtime.request({ kind: 'status' }, (result) => answers.push(result));
    await settle();
    broken(1, 'EIO');
    await settle();
    expect(log).toEqual(['persist 1', 'fatal persist_failed: EIO']);
    expect(inputs.filter((input) => input.kind === 'persistFailed')).toHaveLength(1);
    expect(answers).toMatchObject([{ kind: 'error', code: 'unknown_outcome' }]);
    runtime.give({ kind: 'deadline' });
    await settle();
    expect(inputs.at(-1)?.kind).toBe('persistFailed');
  });

  test('effects behind a node-wide fatal are not carried out', async () => {
    const { runtime, log, settle } = harness(() => [
      { kind: 'fatal', scope: 'node', code: 'x', detail: 'y' },
      persist(1),
      send(0),
    ]);
    runtime.give({ kind: 'deadline' });
    await settle();
    expect(log).toEqual(['fatal x: y']);
  });

  test('a group’s fatal stops that group only: the runtime goes on', async () => {
    const { runtime, log, settle } = harness((input) =>
      input.kind === 'deadline' ? [{ kind: 'fatal', scope: 3 as GroupId, code: 'x', detail: 'y' }] : [persist(1)],
    );
    runtime.give({ kind: 'deadline' });
    await settle();
    runtime.give({ kind: 'peer', peer: PEER, state: 'up' });
    await settle();
    expect(log).toEqual(['group 3 fatal x', 'persist 1']);
    runtime.stop();
  });

  test('a core that throws ends the node with a sentence, not the process with a stack', async () => {
    const { runtime, log, settle } = harness(() => {
      throw new Error('broken');
    });
    runtime.give({ kind: 'deadline' });
    await settle();
    expect(log).toEqual(['fatal broken_invariant: broken']);
  });

  test('a recorder is told of a turn ahead of its first step, of every step, and of what leaves before it leaves', async () => {
    const log: string[] = [];
    const recorder: RuntimeRecorder = {
      turn: (_, batch) => log.push(`turn of ${batch.length}`),
      stepped: (effects) => log.push(`stepped: ${effects.length} effects`),
      threw: (detail) => log.push(`threw ${detail}`),
      released: (frames) => log.push(`released ${frames.length}`),
    };
    const script = (input: Input): readonly Effect[] => {
      log.push(`step ${input.kind}`);
      if (input.kind === 'deadline') throw new Error('broken');
      return [persist(1), send(0)];
    };
    const { runtime, settle } = harness(script, undefined, recorder, log);
    runtime.give({ kind: 'peer', peer: PEER, state: 'up' });
    runtime.give({ kind: 'peer', peer: PEER, state: 'down' });
    await settle();
    const step = (kind: string): string[] => [`step ${kind}`, 'stepped: 2 effects', 'persist 1'];
    const turn = ['turn of 2', ...step('peer'), ...step('peer'), 'released 1', 'frame to b'];
    expect(log).toEqual(['released 0', ...turn]);
    log.length = 0;
    runtime.give({ kind: 'deadline' });
    await settle();
    expect(log).toEqual(['turn of 1', 'step deadline', 'threw broken', 'fatal broken_invariant: broken']);
  });

  test('what is due at once comes in the next turn, without a timer', async () => {
    let left = 3;
    const { runtime, inputs, log } = harness(
      (input) => {
        if (input.kind === 'deadline') left -= 1;
        return [persist(inputs.length)];
      },
      () => (left > 0 ? (0 as Micros) : NEVER),
    );
    runtime.give({ kind: 'peer', peer: PEER, state: 'up' });
    // Each turn is an immediate; a timer of no matter how short a time would come behind them.
    for (let turn = 0; turn < 4; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(inputs.map(({ kind }) => kind)).toEqual(['peer', 'deadline', 'deadline', 'deadline']);
    expect(log).toEqual(['persist 1', 'persist 2', 'persist 3', 'persist 4']);
    runtime.stop();
  });
});
