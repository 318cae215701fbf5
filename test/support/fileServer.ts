import { once } from 'node:events';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** How a served file misbehaves, for one request. */
export interface Behaviour {
  /** Closes the connection after so many bytes of the answer. */
  readonly cutAfter?: number;
  /** Sends nothing more after so many bytes, and keeps the connection open. */
  readonly stallAfter?: number;
  /** Answers with this status and no file. */
  readonly status?: number;
  /** Answers 200 with everything, whatever range was asked for. */
  readonly ignoreRange?: boolean;
  /** Claims this length instead of the true one. */
  readonly claim?: number;
  /** Sends this instead of the file. */
  readonly instead?: Buffer;
  readonly etag?: string;
}

/** A real HTTP server on this machine that serves what a test gives it, well or badly. */
export class FileServer {
  /** "GET /path range if-range", in order. */
  readonly requests: string[] = [];
  private readonly routes = new Map<string, Handler>();
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly server: http.Server) {
    server.on('connection', (socket: Socket) => {
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
    });
  }

  static async start(): Promise<FileServer> {
    const server = http.createServer((request, response) => files.answer(request, response));
    const files = new FileServer(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return files;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  on(path: string, handler: Handler): string {
    this.routes.set(path, handler);
    return this.url + path;
  }

  text(path: string, mediaType: string, body: () => string): string {
    return this.on(path, (_, response) => response.setHeader('content-type', mediaType).end(body()));
  }

  /** Serves a file with ranges and an ETag; each request takes the next behaviour, and none when they are used up. */
  file(path: string, content: Buffer, behaviours: Behaviour[] = []): string {
    return this.on(path, (request, response) => sendFile(request, response, content, behaviours.shift() ?? {}));
  }

  /** Makes it a proxy as well, for CONNECT and for whole addresses. */
  asProxy(credentials: string | null): void {
    const allowed = (request: IncomingMessage): boolean =>
      credentials === null ||
      request.headers['proxy-authorization'] === `Basic ${Buffer.from(credentials).toString('base64')}`;
    this.server.on('connect', (request: IncomingMessage, client: Socket) => {
      this.requests.push(`CONNECT ${request.url}`);
      if (!allowed(request)) return client.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
      const [host, port] = (request.url ?? '').split(':');
      const upstream = connect(Number(port), host, () => {
        client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
        upstream.pipe(client).pipe(upstream);
      });
      for (const socket of [client, upstream]) socket.on('error', () => client.destroy() && upstream.destroy());
    });
  }

  async close(): Promise<void> {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
    await once(this.server, 'close');
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const { range, 'if-range': ifRange } = request.headers;
    this.requests.push([request.method, request.url, range, ifRange].filter((word) => word !== undefined).join(' '));
    const route = this.routes.get((request.url ?? '').split('?')[0]);
    if (route) route(request, response);
    else response.writeHead(404).end('not here');
  }
}

function sendFile(request: IncomingMessage, response: ServerResponse, file: Buffer, behaviour: Behaviour): void {
  const { status, ignoreRange, claim, instead = file, etag = '"one"', cutAfter, stallAfter } = behaviour;
  if (status !== undefined) return void response.writeHead(status).end();
  const asked = /^bytes=(\d+)-$/.exec(request.headers.range ?? '');
  const ifRange = request.headers['if-range'];
  const partial = asked !== null && !ignoreRange && (ifRange === undefined || ifRange === etag);
  const start = partial ? Number(asked[1]) : 0;
  if (start >= instead.length && partial) return void response.writeHead(416).end();
  const body = instead.subarray(start);
  response.setHeader('etag', etag);
  response.setHeader('content-length', claim ?? body.length);
  if (partial) response.setHeader('content-range', `bytes ${start}-${instead.length - 1}/${instead.length}`);
  response.writeHead(partial ? 206 : 200);
  const until = cutAfter ?? stallAfter;
  if (until === undefined) return void response.end(body);
  response.write(body.subarray(0, until), () => {
    // The client has to have the bytes in its file before it sees the end of the connection, on a busy machine too.
    if (cutAfter !== undefined) setTimeout(() => response.destroy(), 400);
  });
}
