// The licences of everything that a VSIX holds and others wrote.
import fs from 'node:fs';
import path from 'node:path';

/** What packages call the files with their terms. */
const terms = /^(licen[cs]e|copying|notice|third-?party-?notices?)([.-].*)?$/i;

/**
 * Packages whose code esbuild put into these bundles, by its metafile.
 * @param bundles paths of outputs, e.g. `dist/kernel.js`
 * @returns names, sorted
 */
export function bundledPackages(metafile, bundles) {
  const inputs = bundles.flatMap((file) => Object.keys(metafile.outputs[file]?.inputs ?? {}));
  return [...new Set(inputs.map(packageOf).filter((name) => name !== null))].sort();
}

/** The innermost package that a path lies in: `a/node_modules/@b/c/d.js` → `@b/c`; null where it lies in none. */
export function packageOf(file) {
  const parts = file.split('node_modules/');
  if (parts.length === 1) return null;
  const [scope, name] = parts.at(-1).split('/');
  return scope.startsWith('@') ? `${scope}/${name}` : scope;
}

/**
 * The text of THIRD-PARTY-NOTICES.
 * @param packages folders of packages, with their package.json
 */
export function noticesOf(packages) {
  const entries = packages.map((folder) => {
    const { name, version, license, author, homepage, repository } = readPackage(folder);
    const source = homepage ?? repository?.url ?? repository ?? `https://www.npmjs.com/package/${name}`;
    return {
      name,
      text: [`${name} ${version}`, `${license} · ${source}`, '', termsOf(folder, license, author)].join('\n'),
    };
  });
  entries.sort((a, b) => a.name.localeCompare(b.name));
  const head = 'Med-SA Notebook contains software of others, under the terms below.';
  return [head, ...entries.map(({ text }) => text)].join(`\n\n${'-'.repeat(100)}\n\n`) + '\n';
}

const readPackage = (folder) => JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8'));

function termsOf(folder, license, author) {
  const files = fs
    .readdirSync(folder)
    .filter((name) => terms.test(name) && fs.statSync(path.join(folder, name)).isFile());
  const texts = files.map((name) => fs.readFileSync(path.join(folder, name), 'utf8').trim());
  if (texts.length > 0) return texts.join('\n\n');
  // libvips and what it is made of are listed, with their licences, in the package's description.
  if (/LGPL/.test(license)) return fs.readFileSync(path.join(folder, 'README.md'), 'utf8').trim();
  const by = typeof author === 'object' ? author.name : author;
  const standard = { MIT: mit(by ?? 'the authors') }[license];
  const apache = /Apache-2\.0/.test(license) ? fs.readFileSync('LICENSE', 'utf8').trim() : undefined;
  const text = standard ?? apache;
  if (text === undefined)
    throw new Error(`${folder} holds no licence text, and ${license} is none that is known here.`);
  return text;
}

const mit = (holder) => `MIT License

Copyright (c) ${holder}

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;
