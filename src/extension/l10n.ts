import * as vscode from 'vscode';

/** A message in the user's language: `{0}`, `{1}` … stand for the values. The bundle in `l10n/` lists every message. */
export type Translate = (message: string, ...values: (string | number)[]) => string;

export const t: Translate = (message, ...values) => vscode.l10n.t(message, ...values);
