// What users install, unpacked where nothing of this repository is near.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { unzipSync } from 'fflate';
import { beforeAll, describe, expect, it } from 'vitest';
import { platformOf } from '../../../.ci/nativeFormat.mjs';
import { hostTarget, nativePackages, onnxRuntimeFolder, targets } from '../../../.ci/targets.mjs';
import { drawDiscs, writeImage } from '../../support/drawnImage';
import { projectRoot } from '../../support/projectRoot';
import { temporaryFolder } from '../../support/temporaryFolder';
import { KernelUnderTest } from '../kernel/client';

const folder = temporaryFolder('vsix');
const unpacked = path.join(folder, 'extension');
let names: string[];

const inVsix = (name: string): string =>
  [path.join(unpacked, name), path.join(folder, name)].find((file) => fs.existsSync(file)) ?? name;

/** A build removes the packages of the one before: one that is there is of this build. */
beforeAll(() => {
  const vsix = path.join(projectRoot, 'dist', `med-sa-notebook-${hostTarget}.vsix`);
  if (!fs.existsSync(vsix)) {
    const { status, stderr } = spawnSync(process.execPath, ['.ci/package.mjs'], { cwd: projectRoot, encoding: 'utf8' });
    expect(status, stderr).toBe(0);
  }
  expect(fs.statSync(vsix).size).toBeLessThan(90e6);
  const content = unzipSync(fs.readFileSync(vsix));
  for (const [name, bytes] of Object.entries(content)) {
    const file = path.join(folder, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, bytes, { mode: 0o755 });
  }
  names = Object.keys(content).map((name) => name.replace(/^extension\//, ''));
});

describe.skipIf(!targets.includes(hostTarget))('the package for this platform', () => {
  it('holds its own native code and that of no other, and neither sources nor tests', () => {
    const natives = names.filter((name) => /\.(node|dll|dylib|so(\.[\d.]+)?|exe)$/.test(name));
    const own = [...nativePackages(hostTarget).map((name) => `node_modules/${name}/`), onnxRuntimeFolder(hostTarget)];
    expect(natives.filter((name) => !own.some((start) => name.startsWith(start)))).toEqual([]);
    expect(natives.length).toBeGreaterThanOrEqual(4);
    const platforms = names.map((name) => [name, platformOf(fs.readFileSync(inVsix(name)))] as const);
    expect(platforms.filter(([, platform]) => platform !== null && platform !== hostTarget)).toEqual([]);
    // With the program of esbuild, whose name says nothing.
    expect(platforms.filter(([, platform]) => platform === hostTarget).length).toBe(natives.length + 1);
    expect(
      names.filter((name) => /^(src|test|webview|docs|\.ci|out)\/|\.map$|\.ts$/.test(name) && !isCellTypes(name)),
    ).toEqual([]);
  });

  it('names every package that it holds, unpacked or in a bundle, with its terms', () => {
    const notices = fs.readFileSync(path.join(unpacked, 'THIRD-PARTY-NOTICES.txt'), 'utf8');
    const sections = new Map(
      notices.split(/^-{100}$/m).map((section) => {
        const [title, , , ...terms] = section.trim().split('\n');
        return [title.replace(/ \S+$/, ''), terms.join('\n')];
      }),
    );
    const manifests = names.filter(
      (name) => /node_modules\/(@[^/]+\/)?[^/]+\/package\.json$/.test(name) && !isCellTypes(name),
    );
    const held = manifests.map(
      (name) => (JSON.parse(fs.readFileSync(path.join(unpacked, name), 'utf8')) as { name: string }).name,
    );
    // A bundle says at each module where it came from.
    const bundles = names.filter((name) => /^dist\/\w+\.js$/.test(name));
    const inside = bundles.flatMap((name) =>
      [
        ...fs
          .readFileSync(path.join(unpacked, name), 'utf8')
          .matchAll(/^\s*\/\/ (?:\S*\/)?node_modules\/((?:@[^/\s]+\/)?[^/\s]+)\//gm),
      ].map((match) => match[1]),
    );
    expect(held.length).toBeGreaterThan(10);
    expect(new Set(inside).size).toBeGreaterThan(4);
    for (const name of new Set([...held, ...inside, 'uplot']))
      expect(sections.get(name)?.length ?? 0, `terms of ${name}`).toBeGreaterThan(200);
  });

  it('starts its kernel and segments an image with what it holds', async () => {
    const image = drawDiscs(128, 128, [{ x: 60, y: 66, radius: 30, level: 200 }]);
    await writeImage(image, path.join(folder, 'scan.png'));
    const kernel = new KernelUnderTest(path.join(unpacked, 'dist', 'kernel.js'), folder, { NODE_PATH: '' });
    const code = `const image = await open('scan.png');
      const { mask, iou } = await image.segment({ box: [28, 34, 92, 98] });
      console.log(JSON.stringify({ area: mask.area, iou }));`;
    const { ok, outputs } = await kernel.execute(code);
    expect(ok, `${JSON.stringify(outputs)} ${kernel.stderr.join('')}`).toBe(true);
    const said = outputs.flatMap((output) => (output.kind === 'stream' ? [output.text] : [])).join('');
    const { area, iou } = JSON.parse(said) as { area: number; iou: number };
    const drawn = image.mask.reduce((sum, pixel) => sum + pixel, 0);
    expect(area / drawn).toBeGreaterThan(0.7);
    expect(area / drawn).toBeLessThan(1.4);
    expect(iou).toBeGreaterThan(0.5);
  });
});

/** The types of cells are made for the package: TypeScript's server reads them. */
function isCellTypes(name: string): boolean {
  return name.startsWith('node_modules/med-sa-cells/');
}
