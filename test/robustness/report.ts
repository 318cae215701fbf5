import fs from 'node:fs';
import path from 'node:path';
import { projectRoot } from '../support/projectRoot';

const folder = path.join(projectRoot, 'out', 'robustness');

/** Adds a sample to out/robustness/NAME.jsonl, for whoever wants to see a figure over time. @returns it */
export function keep<Sample extends object>(name: string, sample: Sample): Sample {
  fs.mkdirSync(folder, { recursive: true });
  fs.appendFileSync(path.join(folder, `${name}.jsonl`), JSON.stringify(sample) + '\n');
  return sample;
}

/** Prints what was measured and leaves it in out/robustness/NAME.json: the figures of docs/reliability.md. */
export function report(name: string, figures: object): void {
  fs.mkdirSync(folder, { recursive: true });
  const text = JSON.stringify(figures, null, 2);
  fs.writeFileSync(path.join(folder, `${name}.json`), text + '\n');
  console.log(`${name}: ${text}`);
}
