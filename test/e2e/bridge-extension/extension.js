// Lets the test process run functions with the vscode API. Writes its address into the file MEDSA_TEST_BRIDGE names.
import fs from 'node:fs';
import http from 'node:http';
import { text } from 'node:stream/consumers';
import * as vscode from 'vscode';

const AsyncFunction = (async () => {}).constructor;

export function activate(context) {
  const addressFile = process.env.MEDSA_TEST_BRIDGE;
  if (!addressFile) return;
  const server = http.createServer(async (request, response) => {
    try {
      const { source, args } = JSON.parse(await text(request));
      const call = new AsyncFunction('vscode', 'args', `return (${source})(vscode, ...args)`);
      response.end(JSON.stringify({ value: (await call(vscode, args)) ?? null }));
    } catch (error) {
      response.end(JSON.stringify({ error: String(error?.stack ?? error) }));
    }
  });
  server.listen(0, '127.0.0.1', () => {
    // Renamed into place: whoever sees the file sees all of it.
    fs.writeFileSync(`${addressFile}.new`, `http://127.0.0.1:${server.address().port}/`);
    fs.renameSync(`${addressFile}.new`, addressFile);
  });
  context.subscriptions.push({ dispose: () => server.close() });
}
