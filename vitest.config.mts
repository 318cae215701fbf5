import os from 'node:os';
import path from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { findChromium } from './.ci/chromium.mjs';

// The tests read the browser from here only; where there is none, they skip and .ci/test.mjs says what to install.
const browser = findChromium();
if (browser) process.env.CHROME_PATH = browser;

// What tests leave in a cache is not the user's.
process.env.MEDSA_CACHE = path.join(os.tmpdir(), 'med-sa-test-cache');

const minutes = (count: number): number => count * 60_000;

/** One process at a time: these start engines, browsers and runs of their own, which use every core. */
const alone = { fileParallelism: false, maxWorkers: 1 };

const withEngines = { testTimeout: minutes(3), hookTimeout: minutes(3), ...alone };
const inVsCode = {
  globalSetup: ['test/e2e/setup.ts'],
  expect: { poll: { timeout: 20_000 } },
  testTimeout: minutes(5),
  hookTimeout: minutes(5),
  ...alone,
};

/** The walkthrough is looked at first: only in a window in which nothing was done yet is nothing ticked off. */
class FirstStepsFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isFirst = ({ moduleId }: TestSpecification): boolean => path.basename(moduleId).startsWith('walkthrough.');
    return [...sorted.filter(isFirst), ...sorted.filter((file) => !isFirst(file))];
  }
}

export default defineConfig({
  test: {
    maxWorkers: 2,
    sequence: { sequencer: FirstStepsFirst },
    projects: [
      // None takes more than seconds by itself, but a machine may be busy.
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          testTimeout: minutes(2),
          hookTimeout: minutes(2),
        },
      },
      {
        test: {
          ...withEngines,
          name: 'integration',
          include: ['test/{integration,parity}/**/*.test.ts', 'test/robustness/short/**/*.test.ts'],
          exclude: ['**/*.long.test.ts'],
        },
      },
      { test: { ...withEngines, name: 'integration-long', include: ['test/integration/**/*.long.test.ts'] } },
      // The long forms: hours in all (docs/reliability.md). No stage of `npm test`.
      {
        test: {
          name: 'robustness',
          include: ['test/robustness/**/*.test.ts'],
          exclude: ['test/robustness/short/**'],
          testTimeout: minutes(120),
          hookTimeout: minutes(10),
          ...alone,
        },
      },
      {
        test: {
          name: 'webview',
          include: ['test/webview/**/*.test.ts'],
          testTimeout: minutes(1),
          hookTimeout: minutes(1),
          ...alone,
        },
      },
      {
        test: {
          ...inVsCode,
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          exclude: ['**/*.long.test.ts'],
        },
      },
      { test: { ...inVsCode, name: 'e2e-long', include: ['test/e2e/**/*.long.test.ts'] } },
    ],
  },
});
