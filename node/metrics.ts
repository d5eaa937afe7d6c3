/**
 * Prometheus metrics of one node. Labels are bounded: route patterns (never paths), methods, status codes, group numbers.
 * Gauges are read at scrape time from the replica's status, so the hot path pays for histograms and counters only.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { NodeStatus } from '../core/client/protocol.ts';
import type { NodeId } from '../core/ids.ts';
import type { RuntimeObserver } from './runtime.ts';
import type { VaultCopy } from './vault-health.ts';

/** Seconds. From one fsync of a fast disk to the deadline of a request. */
const LATENCY_BUCKETS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];
/** How often the delay of the event loop is looked at. Why not every 10 ms: on an idle node that look would be most of its work. */
const EVENT_LOOP_MS = 100;
const TURN_INPUT_BUCKETS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 1024];

export class NodeMetrics implements RuntimeObserver {
  private readonly registry: Registry = new Registry();
  private readonly requests: Histogram<'route' | 'method' | 'status'>;
  private readonly persists: Histogram;
  private readonly writtenBytes: Counter;
  private readonly turnInputs: Histogram;
  private readonly turnSeconds: Histogram;
  readonly quarantines: Counter;
  readonly alarms: Counter<'code'>;
  private readonly frames: Counter<'peer' | 'direction'>;

  /** @param status the replica's view of itself, asked at each scrape. */
  constructor(status: () => NodeStatus) {
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry, eventLoopMonitoringPrecision: EVENT_LOOP_MS });
    this.requests = new Histogram({
      name: 'vouch_http_request_seconds',
      help: 'Time from the head of a request to the end of its answer.',
      labelNames: ['route', 'method', 'status'],
      buckets: LATENCY_BUCKETS,
      registers,
    });
    this.persists = new Histogram({
      name: 'vouch_persist_seconds',
      help: 'Time from handing a batch to the disk until it is durable (queueing, write and fsync).',
      buckets: LATENCY_BUCKETS,
      registers,
    });
    this.writtenBytes = new Counter({
      name: 'vouch_wal_written_bytes_total',
      help: 'Bytes written to the data directory.',
      registers,
    });
    this.turnInputs = new Histogram({
      name: 'vouch_turn_inputs',
      help: 'Inputs handled in one turn of the runtime.',
      buckets: TURN_INPUT_BUCKETS,
      registers,
    });
    this.turnSeconds = new Histogram({
      name: 'vouch_turn_seconds',
      help: 'Time one turn took.',
      buckets: LATENCY_BUCKETS,
      registers,
    });
    this.quarantines = new Counter({
      name: 'vouch_groups_quarantined_total',
      help: 'Groups stopped by a broken invariant.',
      registers,
    });
    this.alarms = new Counter({
      name: 'vouch_alarms_total',
      help: 'What the operator was called for: vaults disputed, diverged, recovered, escalated.',
      labelNames: ['code'],
      registers,
    });
    this.frames = new Counter({
      name: 'vouch_peer_frames_total',
      help: 'Frames to and from each peer; one carries all messages of a turn.',
      labelNames: ['peer', 'direction'],
      registers,
    });
    this.addGroupGauges(status);
  }

  /** Text in the Prometheus exposition format. */
  async render(): Promise<{ readonly contentType: string; readonly text: string }> {
    return { contentType: this.registry.contentType, text: await this.registry.metrics() };
  }

  request(labels: { readonly route: string; readonly method: string; readonly status: number }, elapsedSeconds: number): void {
    this.requests.observe({ ...labels, status: String(labels.status) }, elapsedSeconds);
  }

  frame(peer: NodeId, direction: 'sent' | 'received'): void {
    this.frames.inc({ peer, direction });
  }

  persisted(elapsedMicros: number, bytes: number): void {
    this.persists.observe(elapsedMicros / 1e6);
    this.writtenBytes.inc(bytes);
  }

  turn(inputCount: number, elapsedMicros: number): void {
    this.turnInputs.observe(inputCount);
    this.turnSeconds.observe(elapsedMicros / 1e6);
  }

  /** @param unwell vaults that are isolated or disputed on this node, asked at each scrape. */
  watchVaults(unwell: () => readonly VaultCopy[]): void {
    const gauges = [
      ['vouch_vaults_isolated', 'Vaults that are not served here because a majority has other blocks.', true],
      ['vouch_vaults_disputed', 'Vaults of which replicas have different blocks without a majority.', false],
    ] as const;
    for (const [name, help, isIsolated] of gauges) {
      new Gauge({
        name,
        help,
        registers: [this.registry],
        collect() {
          this.set(unwell().filter(({ health }) => (health.state !== 'disputed') === isIsolated).length);
        },
      });
    }
  }

  /** @param recorder of the tape that this node writes, asked at each scrape. */
  watchRecorder(recorder: { readonly isRecording: boolean; readonly writtenBytes: number }): void {
    const gauges = [
      [
        'vouch_recording',
        '1 while what this node is given is recorded; 0 once its tape has ended.',
        () => Number(recorder.isRecording),
      ],
      ['vouch_recorded_bytes', 'Bytes of the tape of this start.', () => recorder.writtenBytes],
    ] as const;
    for (const [name, help, value] of gauges) {
      new Gauge({
        name,
        help,
        registers: [this.registry],
        collect() {
          this.set(value());
        },
      });
    }
  }

  private addGroupGauges(status: () => NodeStatus): void {
    const gauges: readonly (readonly [name: string, help: string, value: (group: NodeStatus['groups'][number]) => number])[] = [
      ['vouch_raft_term', 'Current term.', (group) => group.term],
      ['vouch_raft_is_leader', '1 where this node leads the group.', (group) => (group.role === 'leader' ? 1 : 0)],
      ['vouch_raft_has_leader', '1 where this node knows a leader.', (group) => (group.leader === undefined ? 0 : 1)],
      ['vouch_raft_commit_index', 'Commit index.', (group) => group.commitIndex],
      [
        'vouch_raft_commit_lag_entries',
        'Entries in the log that are not committed.',
        (group) => group.lastIndex - group.commitIndex,
      ],
      [
        'vouch_raft_apply_lag_entries',
        'Committed entries that are not applied.',
        (group) => group.commitIndex - group.lastApplied,
      ],
      [
        'vouch_group_asleep',
        '1 where nothing happens in the group and nothing is sent for it.',
        (group) => (group.asleep ? 1 : 0),
      ],
      ['vouch_group_quarantined', '1 where the group is quarantined.', (group) => (group.quarantined ? 1 : 0)],
    ];
    for (const [name, help, value] of gauges) {
      new Gauge({
        name,
        help,
        labelNames: ['group'],
        registers: [this.registry],
        collect() {
          for (const group of status().groups) this.set({ group: String(group.group) }, value(group));
        },
      });
    }
    new Gauge({
      name: 'vouch_dropped_frames',
      help: 'Peer frames dropped as malformed or foreign since the node was opened.',
      registers: [this.registry],
      collect() {
        this.set(status().droppedFrames);
      },
    });
  }
}
