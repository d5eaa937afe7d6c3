/**
 * Unit and property tests. Why forks: a test may change process state (cwd, signals), and a crash stays in its file.
 * Two projects: what only computes has every core; what starts processes, and waits for them, runs one file at a time behind it.
 */
import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';

/** Folders and files whose tests start processes, browsers or servers, or write real files. */
const MACHINE: readonly string[] = [
  'test/conformance/**/*.test.ts',
  'test/disk/**/*.test.ts',
  'test/net/**/*.test.ts',
  'test/node/**/*.test.ts',
  'test/project/**/*.test.ts',
  'test/proof/bundle.test.ts',
  'test/receipt/browser.test.ts',
  'test/sim/viewer/**/*.test.ts',
];

export default defineConfig({
  test: {
    pool: 'forks',
    testTimeout: 60_000,
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
