// The kernel's process: the composition root, which only wires.
import { kernelOptions } from './notebook/environment';
import { serveParent } from './parentChannel';

try {
  serveParent(kernelOptions(process.env, (line) => console.error(line)));
} catch (error) {
  // A setting that means nothing: the line that says so is all that helps.
  console.error(error instanceof Error ? error.message : error);
  process.exit(2);
}
