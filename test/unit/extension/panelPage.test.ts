import { describe, expect, it } from 'vitest';
import type * as vscode from 'vscode';
import { panelPage } from '../../../src/extension/panelPage';

const webview = { asWebviewUri: (uri: unknown) => uri, cspSource: 'vscode-webview:' } as unknown as vscode.Webview;
const script = 'https://file+.vscode-resource/dist/webview/curves.js' as unknown as vscode.Uri;

/** The directives of a page's policy. */
function policyOf(page: string): Map<string, string[]> {
  const content = /Content-Security-Policy" content="([^"]+)"/.exec(page)?.[1] ?? '';
  return new Map(
    content.split(';').map((directive) => {
      const [name, ...sources] = directive.trim().split(/\s+/);
      return [name, sources];
    }),
  );
}

describe('the page of a panel', () => {
  const allows = (nonce: string) => ['img-src data:', `style-src 'nonce-${nonce}'`];

  it.each([
    ['of curves', panelPage(webview, script, { title: 'Curves' })],
    ['of the inspector', panelPage(webview, script, { title: 'Inspector', allows })],
  ])('%s runs its own script and no other, and reaches nobody', (_, page) => {
    const policy = policyOf(page);
    expect(policy.get('default-src')).toEqual(["'none'"]);
    const [nonce, ...more] = policy.get('script-src') ?? [];
    expect(more).toEqual([]);
    expect(nonce).toMatch(/^'nonce-[A-Za-z0-9+/=]{22,}'$/);
    const all = [...policy.values()].flat().join(' ');
    expect(all).not.toMatch(/unsafe|https?:|\*|blob:/);
    expect(policy.has('connect-src')).toBe(false);
    // One script, with that nonce; no attribute is a program.
    expect(page.match(/<script/g)).toHaveLength(1);
    expect(page).toContain(`nonce="${nonce.slice(7, -1)}"`);
    expect(page).not.toMatch(/\son\w+=/);
  });

  it('has another nonce each time', () => {
    const [one, two] = [1, 2].map(() => policyOf(panelPage(webview, script, { title: 'x' })).get('script-src'));
    expect(one).not.toEqual(two);
  });
});
