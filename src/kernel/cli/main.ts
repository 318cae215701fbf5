// med-sa: the command line.
import { commands } from './commands';
import { processInterrupts } from './interrupts';
import { runProgram } from './program';

// A reader that has seen enough (`med-sa … | head`) is no fault.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

const interrupts = processInterrupts(() =>
  process.stderr.write('\nstopping as soon as the work in hand is safe; the same again ends at once\n'),
);

void runProgram(process.argv.slice(2), commands, process, interrupts).then((code) => {
  process.exitCode = code;
});
