// Every check of the project, cheap ones first; ends at the first stage that fails.
// `node .ci/test.mjs` runs all but the long ones; `node .ci/test.mjs e2e e2e-long` the named stages only. Expects .ci/install.mjs to have run.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { findChromium, installChromium } from './chromium.mjs';

const reports = path.join('out', 'test');
const bin = (name) => path.join('node_modules', '.bin', process.platform === 'win32' ? `${name}.cmd` : name);

/** A group of vitest's; its JSON report is what the closing line counts. */
const tests = (project) => {
  const report = path.join(reports, `${project}.json`);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  return { commands: [[bin('vitest'), 'run', `--project=${project}`, ...reporters]], report };
};
const stages = {
  typecheck: { commands: [[bin('tsc'), '--noEmit']] },
  lint: {
    commands: [
      [bin('eslint'), '.'],
      [bin('prettier'), '--check', '--log-level=warn', '.'],
    ],
  },
  unit: tests('unit'),
  integration: tests('integration'),
  webview: tests('webview'),
  e2e: tests('e2e'),
  'integration-long': tests('integration-long'),
  'e2e-long': tests('e2e-long'),
};
const needBrowser = new Set(['webview', 'e2e', 'e2e-long']);
/** Run when they are asked for: the others are to end within a quarter of an hour on two cores. */
const long = new Set(['integration-long', 'e2e-long']);

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in stages));
if (unknown.length > 0) {
  console.error(`No such stage: ${unknown.join(', ')}. Stages: ${Object.keys(stages).join(', ')}.`);
  process.exit(2);
}
const names = Object.keys(stages).filter((name) => (asked.length === 0 ? !long.has(name) : asked.includes(name)));

fs.rmSync(reports, { recursive: true, force: true });
fs.mkdirSync(reports, { recursive: true });
const browserMissing = names.some((name) => needBrowser.has(name)) && !(findChromium() ?? installChromium());

const lines = [];
let failed = false;
for (const name of names) {
  if (browserMissing && needBrowser.has(name)) {
    lines.push(`${name.padEnd(12)} skipped: no browser`);
    continue;
  }
  console.log(`\n━━━ ${name} ━━━`);
  const begin = performance.now();
  failed = !stages[name].commands.every(succeeds);
  lines.push(
    `${name.padEnd(12)} ${failed ? 'FAILED' : 'passed'} in ${((performance.now() - begin) / 1000).toFixed(1)} s`,
  );
  if (failed) break;
}

console.log(`\n━━━ summary ━━━\n${lines.join('\n')}`);
if (browserMissing) {
  const notice =
    'The browser tests did not run: no Chromium was found. Install it (Debian: apt-get install chromium) or set CHROME_PATH.';
  console.log(`\n*** ${notice} ***\n`);
  if (process.env.CI) failed = true;
}
const total = countTests();
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(failed ? 1 : 0);

function succeeds([command, ...args]) {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit', shell: process.platform === 'win32' });
  if (error) console.error(`${command} did not start: ${error.message}. Run \`npm run setup\` first.`);
  return status === 0;
}

/** Sums the reports of the stages that ran. */
function countTests() {
  const sum = { passed: 0, failed: 0, skipped: 0 };
  for (const { report } of Object.values(stages)) {
    if (!report || !fs.existsSync(report)) continue;
    const counts = JSON.parse(fs.readFileSync(report, 'utf8'));
    sum.passed += counts.numPassedTests;
    // A file that does not even load counts as one failure: it holds no tests to count.
    const unloadable = counts.testResults.filter(
      (file) => file.status === 'failed' && file.assertionResults.length === 0,
    );
    sum.failed += counts.numFailedTests + unloadable.length;
    sum.skipped += counts.numPendingTests + counts.numTodoTests;
  }
  return sum;
}
