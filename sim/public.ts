/** The `vouch/sim` sub-path: run seeds, write scenarios, and put another protocol under the same faults. */
// biome-ignore-all lint/performance/noBarrelFile: the one place where the package's sim sub-path says what is public
export type { Actor, Outgoing } from './actor.ts';
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
export type { LinkKnobs } from './network.ts';
export { VirtualNode } from './node.ts';
export { type Observer, Violation, type ViolationKind } from './observer.ts';
export type { FrameQueue, Protocol, Shape, SimCore, SimEffect, SimInput } from './protocol.ts';
export type { RunReport, RunResult, RunVerdict } from './result.ts';
export { GENERIC, type RunOptions, runSeed } from './run.ts';
export type { Scenario, StoryTeller } from './scenario.ts';
export { seedWords } from './seed.ts';
export { type SwarmReport, SwarmTally } from './swarm.ts';
export { Choices, Draws, type Profile, type Tape } from './tape.ts';
export { TraceHash } from './trace.ts';
export type { VirtualDisk } from './virtual-disk.ts';
export { World } from './world.ts';
export type { WorldOptions } from './world-options.ts';
