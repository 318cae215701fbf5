// Takes a lock again and again until it is killed, and says so in a log: node lockContender.js LOCK LOG
import fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../../src/kernel/errors';
import { takeLock, type Lock } from '../../src/kernel/fileLock';

const [, , file, log] = process.argv;
const say = (what: string): void => fs.appendFileSync(log, `${process.pid} ${what}\n`);

function taken(): Lock | null {
  try {
    return takeLock(file, 'contending');
  } catch (error) {
    if (error instanceof UserError && /is contending: wait/.test(error.message)) return null;
    throw error;
  }
}

async function contend(): Promise<never> {
  for (;;) {
    const lock = taken();
    if (lock === null) {
      await sleep(1);
      continue;
    }
    say('takes');
    for (let turn = 0; turn < 3; turn++) {
      await sleep(2);
      if (lock.takenOver()) throw new Error('taken over while at work');
      say('works');
    }
    say('releases');
    lock.release();
    await sleep(1);
  }
}

process.stdout.write('ready\n');
void contend();
