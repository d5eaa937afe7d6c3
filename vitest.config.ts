/**
 * Unit and property tests. Why forks: a test may change process state (cwd, signals), and a crash stays in its file.
 * Two projects: what only computes has every core, be it in processes of its own; what runs nodes, and waits for them, comes behind it,
 * one file at a time.
 */
import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';

/** What runs nodes, servers or browsers, or writes real files. Not among it: commands of the simulator, which wait for nobody. */
const MACHINE: readonly string[] = [
  'test/conformance/**/*.test.ts',
  'test/disk/**/*.test.ts',
  'test/net/**/*.test.ts',
  'test/node/*/**/*.test.ts',
  'test/node/!(sim-*|shard-guide).test.ts',
  'test/project/**/*.test.ts',
  'test/proof/bundle.test.ts',
  'test/receipt/browser.test.ts',
  'test/sim/viewer/**/*.test.ts',
];

export default defineConfig({
  test: {
    pool: 'forks',
    testTimeout: 120_000,
    hookTimeout: 60_000,
    passWithNoTests: false,
    restoreMocks: true,
    projects: [
      {
        extends: true,
        test: {
          name: 'model',
          include: ['test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...MACHINE],
          maxWorkers: availableParallelism(),
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: 'machine', include: [...MACHINE], maxWorkers: 1, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
