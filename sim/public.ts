/**
 * The `vouch/sim` sub-path: run seeds, write scenarios and oracles, check histories, and put another protocol under the same
 * faults. Where to begin: `Scenario` for a story told against Vouch, `Observer` and `Violation` for an oracle,
 * `protocolScenario` for a protocol of one's own (docs/guides). Pure: it reads no clock, no file and no network.
 */
// biome-ignore-all lint/performance/noBarrelFile: the one place where the package's sim sub-path says what is public
export { fromUtf8, toUtf8 } from '../core/bytes/text.ts';
export type { Clocks, DirectoryReader, FileOp } from '../core/effect.ts';
export { type Micros, NEVER, type NodeId, type RequestId, type Seq } from '../core/ids.ts';
export type { Actor, Outgoing } from './actor.ts';
export { MODEL_NAMES, type ModelName } from './check/dialects.ts';
export { type CheckedHistory, checkHistory, HistoryReader, type HistoryVerdict } from './check/history-file.ts';
export { CHECK_STEPS_MAX, checkLinearizable, type Verdict } from './check/linearizable.ts';
export type { Model, Operation, Outcome } from './check/model.ts';
export { keyValueModel, ledgerModel, registerModel } from './check/models.ts';
export { NodeClock } from './clock.ts';
export { SimDisk } from './disk.ts';
export { FAULT_KINDS, type FaultKind } from './faults/counts.ts';
export type { Fault, FaultRequest, FaultTarget } from './faults/fault.ts';
export { Nemesis, type NemesisKnobs } from './faults/nemesis.ts';
export { FAULTS } from './faults/registry.ts';
export type { Knobs } from './knobs.ts';
export { MEASURES, type Measure, type Samples, type Summaries, type Summary, summaries, summarize } from './measure/measures.ts';
export { type Merged, mergeShards, type ShardFile } from './merge.ts';
export type { LinkKnobs } from './network.ts';
export { VirtualNode } from './node.ts';
export { type Evidence, type Observer, Violation, type ViolationKind } from './observer.ts';
export type { FrameQueue, Protocol, Shape, SimCore, SimEffect, SimInput } from './protocol.ts';
export { type ProtocolScenario, type ProtocolStage, protocolScenario } from './protocol-scenario.ts';
export type { RunReport, RunResult, RunVerdict } from './result.ts';
export { GENERIC, type RunOptions, runSeed } from './run.ts';
export type { Scenario, StoryTeller, VouchOracle, VouchStage } from './scenario.ts';
export { seedWords } from './seed.ts';
export { type SwarmPlan, type SwarmReport, SwarmTally } from './swarm.ts';
export { Choices, Draws, type Profile, type Tape } from './tape.ts';
export { TraceHash } from './trace.ts';
export type { VirtualDisk } from './virtual-disk.ts';
export type { VouchShape } from './vouch.ts';
export type { Asked, History, Invocation, Told } from './workload/history.ts';
export { World } from './world.ts';
export { worldOf } from './world-of.ts';
export type { WorldOptions } from './world-options.ts';
