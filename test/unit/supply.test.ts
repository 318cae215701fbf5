// What is installed and shipped beside our own code. docs/reliability.md, section "Supply", says the same to people;
// MEDSA_UPDATE_SUPPLY=1 writes its table of licences anew.
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { bundledPackages } from '../../.ci/notices.mjs';
import { projectRoot } from '../support/projectRoot';

interface LockEntry {
  readonly version: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly hasInstallScript?: boolean;
}

const read = (...parts: string[]): string => fs.readFileSync(path.join(projectRoot, ...parts), 'utf8');
const lockText = read('package-lock.json');
const lock = (JSON.parse(lockText) as { packages: Record<string, LockEntry> }).packages;
const entries = Object.entries(lock).filter(([place]) => place !== '');
const nameOf = (place: string): string => place.split('node_modules/').at(-1) ?? place;
const supply = (): string => read('docs', 'reliability.md').split(/^## Supply$/m)[1];

/** Everything that users get: what npm installs for them, and what esbuild takes into the bundles. */
function shipped(): { readonly name: string; readonly version: string; readonly license: string }[] {
  const metafile = path.join(projectRoot, 'dist', 'metafile.json');
  const outputs = fs.existsSync(metafile)
    ? (JSON.parse(fs.readFileSync(metafile, 'utf8')) as { outputs: object })
    : null;
  const bundled = outputs === null ? [] : bundledPackages(outputs, Object.keys(outputs.outputs));
  const ours = entries.filter(([place, { dev }]) => !dev || bundled.some((name) => place === `node_modules/${name}`));
  return ours.map(([place, { version, license = 'unknown' }]) => ({ name: nameOf(place), version, license }));
}

const permissive = new Set([
  ...[
    'MIT',
    'ISC',
    'BSD-2-Clause',
    'BSD-3-Clause',
    '0BSD',
    'Apache-2.0',
    'Zlib',
    'CC0-1.0',
    'BlueOak-1.0.0',
    'Unlicense',
  ],
]);

/** Whether one may ship under these terms without giving away one's own code: of "A AND B" both, of "A OR B" one. */
function isPermissive(license: string): boolean {
  const bare = license.replace(/^\((.*)\)$/, '$1');
  if (bare.includes(' AND ')) return bare.split(' AND ').every(isPermissive);
  return bare.split(' OR ').some((one) => permissive.has(one));
}

/** libvips: a shared library of its own, unchanged, that whoever installs this may replace (LGPL). */
const isLibvips = (name: string): boolean => /^@img\/sharp-(libvips-|win32-|wasm32)/.test(name);

describe('licences', () => {
  it('of what is shipped are permissive, but for libvips', () => {
    const packages = shipped();
    expect(packages.length).toBeGreaterThan(50);
    const others = packages.filter(({ license }) => !isPermissive(license));
    expect(others.filter(({ name }) => !isLibvips(name))).toEqual([]);
    for (const { license } of others)
      expect(license.replace(/^\(|\)$/g, '').split(' AND ')).toContain('LGPL-3.0-or-later');
  });

  it.each(['GPL-3.0', 'MIT AND GPL-2.0', 'SEE LICENSE IN LICENSE.txt', 'unknown', 'UNLICENSED'])(
    '%s is none',
    (license) => {
      expect(isPermissive(license)).toBe(false);
    },
  );

  it('are listed', () => {
    const byLicense = new Map<string, Set<string>>();
    for (const { name, license } of shipped()) {
      // One package for each platform.
      const family = name.replace(/^(@esbuild\/|@img\/sharp-libvips-|@img\/sharp-win32-)[^/]+$/, '$1*');
      const shown = family.replace(
        /^@img\/sharp-(darwin|linux|linuxmusl|freebsd|webcontainers)-\w+$/,
        '@img/sharp-$1-*',
      );
      const bare = license.replace(/^\((.*)\)$/, '$1');
      byLicense.set(bare, (byLicense.get(bare) ?? new Set()).add(`\`${shown}\``));
    }
    const rows = [...byLicense].sort(([a], [b]) => (a < b ? -1 : 1));
    const table = rows.map(([license, names]) => `| ${license} | ${[...names].sort().join(', ')} |`).join('\n');
    const document = path.join(projectRoot, 'docs', 'reliability.md');
    const marked = /(<!-- licences -->\n\n\| licence \| packages \|\n\| --- \| --- \|\n)([^]*?)(\n\n<!-- end -->)/;
    const text = fs.readFileSync(document, 'utf8');
    if (process.env.MEDSA_UPDATE_SUPPLY === '1') {
      fs.writeFileSync(
        document,
        text.replace(marked, (_, head: string, __, tail: string) => `${head}${table}${tail}`),
      );
    } else expect(marked.exec(text)?.[2]).toBe(table);
  });
});

describe('the lock file', () => {
  it('pins what every package holds, and names no registry to get it from', () => {
    expect(entries.filter(([, { integrity }]) => !integrity?.startsWith('sha512-')).map(([place]) => place)).toEqual(
      [],
    );
    expect(entries.filter(([, { resolved }]) => resolved !== undefined).map(([place]) => place)).toEqual([]);
    expect(lockText).not.toMatch(/\.tgz|registry\./);
    expect(read('.npmrc')).toMatch(/^omit-lockfile-registry-resolved=true$/m);
  });

  it('holds packages with install scripts, none of which runs; each is listed with what it would do', () => {
    expect(read('.npmrc')).toMatch(/^ignore-scripts=true$/m);
    const named = [...supply().matchAll(/^\| `([^`]+)` \| [^|]{20,} \| [^|]{10,} \|$/gm)].map(([, name]) => name);
    const present = entries.filter(([, { hasInstallScript }]) => hasInstallScript).map(([place]) => nameOf(place));
    expect(named.sort()).toEqual(present.sort());
  });

  it('our own package has none that npm would run', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    expect(Object.keys(scripts).filter((name) => /^(pre|post)?install$|^prepare$/.test(name))).toEqual([]);
  });
});
