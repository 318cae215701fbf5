/** The value of a theme colour now, e.g. `theme('charts-blue', '#3794ff')` for `--vscode-charts-blue`. */
export function theme(name: string, fallback: string): string {
  return getComputedStyle(document.body).getPropertyValue(`--vscode-${name}`).trim() || fallback;
}

export function isHighContrast(): boolean {
  return /\bvscode-high-contrast/.test(document.body.className);
}

/** Calls back when the user changes the theme. VS Code then changes the body's class and the root's variables. */
export function onThemeChange(listener: () => void): { dispose(): void } {
  const observer = new MutationObserver(listener);
  observer.observe(document.body, { attributes: true, attributeFilter: ['class'] });
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ['style'] });
  return { dispose: () => observer.disconnect() };
}
