// Med-SA's side bar as a person uses it: rows, the buttons on them, their menus, and the questions of quick inputs.
import type { Locator, Page } from 'playwright-core';
import type { Workbench } from './window';

export type View = 'Runs' | 'Models' | 'Data';

/** Opens the side bar; its three views stay unfolded. */
export async function openSideBar(window: Workbench): Promise<void> {
  await window.api((vscode) => vscode.commands.executeCommand('workbench.view.extension.medSa'));
  await view(window.page, 'Runs').waitFor();
}

export const view = (page: Page, name: View): Locator =>
  page.locator('.sidebar .pane', { has: page.locator(`.pane-header .title`, { hasText: new RegExp(`^${name}$`) }) });

/** A row by what a screen reader says of it: its label, its description, and all that its tooltip tells. */
export const row = (page: Page, name: View, text: string | RegExp): Locator =>
  view(page, name).getByRole('treeitem', { name: text }).first();

/** Presses a button that a row shows when the pointer is on it. */
export async function pressOnRow(page: Page, name: View, text: string | RegExp, button: string): Promise<void> {
  const line = row(page, name, text);
  await line.hover();
  await line.locator(`.actions a[aria-label^="${button}"]`).first().click();
}

/** Picks from a row's menu. */
export async function pickOnRow(page: Page, name: View, text: string | RegExp, entry: string): Promise<void> {
  await row(page, name, text).click({ button: 'right' });
  await pickInMenu(page, entry);
}

/** Picks from the menu that is open. */
export async function pickInMenu(page: Page, entry: string): Promise<void> {
  const item = page.locator('.monaco-menu .action-menu-item', { hasText: entry }).first();
  await item.waitFor();
  // A menu takes no click in its first moment: it may still be the one that opened it.
  await page.waitForTimeout(400);
  await item.click();
  await page.locator('.monaco-menu').waitFor({ state: 'detached' });
}

/** Presses a button in the head of a view. */
export async function pressInHead(page: Page, name: View, button: string): Promise<void> {
  await view(page, name).locator('.pane-header').hover();
  await view(page, name).locator(`.pane-header .actions a[aria-label^="${button}"]`).first().click();
}

/** The quick input that asks this. */
export async function asked(page: Page, question: string | RegExp): Promise<Locator> {
  const widget = page.locator('.quick-input-widget');
  const input = typeof question === 'string' ? page.getByPlaceholder(question) : null;
  await (input ?? widget.getByText(question)).first().waitFor({ timeout: 120_000 });
  return widget;
}

/** Answers a quick input, once it asks this, by typing. */
export async function answer(page: Page, question: string | RegExp, text: string): Promise<void> {
  const widget = await asked(page, question);
  await widget.locator('input').first().fill(text);
  await widget.locator('.monaco-list-row').first().waitFor();
  await page.keyboard.press('Enter');
}

/** Takes the adapters that an inspection proposes first. */
export async function chooseAdapters(page: Page): Promise<void> {
  await page.locator('.quick-input-widget [placeholder="Which adapters?"]').waitFor();
  await page.keyboard.press('Enter');
}

/** Types a path into VS Code's own dialog for files and folders. */
export async function answerFileDialog(page: Page, path: string): Promise<void> {
  const widget = page.locator('.quick-input-widget');
  const input = widget.locator('input').first();
  await widget.locator('.quick-input-action', { hasText: /./ }).first().waitFor();
  // It fills in where it begins by itself, which may overwrite what was typed.
  await page.waitForTimeout(1500);
  await input.fill(path);
  await page.waitForTimeout(1500);
  await page.keyboard.press('Enter');
}

/** Presses a button of a modal dialog. */
export async function answerDialog(page: Page, button: string): Promise<void> {
  const dialog = page.locator('.monaco-dialog-box');
  await dialog.getByRole('button', { name: button, exact: true }).click();
  await dialog.waitFor({ state: 'detached' });
}

/** A notification that says this. */
export const notification = (page: Page, text: string | RegExp): Locator =>
  page.locator('.notification-toast, .notification-list-item', { hasText: text }).first();

/** What all notifications on the screen say, buttons included. */
export const notifications = (page: Page): Promise<string[]> => page.locator('.notification-toast').allInnerTexts();

/** Takes away what earlier tests were told. */
export async function clearNotifications(window: Workbench): Promise<void> {
  await window.api((vscode) => vscode.commands.executeCommand('notifications.clearAll'));
  await window.page.locator('.notification-toast').first().waitFor({ state: 'detached' });
}

/** Presses a button of the notification that says this. */
export async function pressInNotification(page: Page, text: string | RegExp, button: string): Promise<void> {
  await notification(page, text).locator('.monaco-button', { hasText: button }).first().click({ timeout: 90_000 });
}

/** Goes back to the question before. */
export const goBack = (page: Page): Promise<void> =>
  page.locator('.quick-input-widget .quick-input-left-action-bar .action-label').first().click();
