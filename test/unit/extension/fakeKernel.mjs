// A kernel as small as one can be: answers a few requests, says junk, dies when asked to.
import { createMessageConnection, IPCMessageReader, IPCMessageWriter } from 'vscode-jsonrpc/node';

const connection = createMessageConnection(new IPCMessageReader(process), new IPCMessageWriter(process));
process.on('disconnect', () => process.exit(0));

connection.onRequest('status/get', () => ({
  model: process.env.MEDSA_MODEL ?? null,
  adapters: null,
  device: null,
  deviceNotes: [],
  memoryMB: 1,
  pid: process.pid,
}));
connection.onRequest('training/stop', ({ run }) => ({ stopped: run === 'strange' ? 'perhaps' : true }));
connection.onRequest('notebook/close', () => {
  throw new Error('no such notebook');
});
connection.onRequest('cell/interrupt', () => process.exit(7));
connection.onRequest('cell/execute', async ({ executionId, code }) => {
  process.send({ junk: true });
  await connection.sendNotification('nobody/listens', {});
  const malformed = { notebook: 'n', executionId, output: { kind: 'display', items: 3 } };
  if (code === 'malformed') await connection.sendNotification('cell/output', malformed);
  await connection.sendNotification('cell/output', { notebook: 'n', executionId, output: { kind: 'clear' } });
  return { ok: true };
});
connection.listen();
console.log('kernel log line');
