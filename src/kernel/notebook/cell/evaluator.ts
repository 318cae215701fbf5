import { type Runtime, Session } from 'node:inspector';
import { promiseHooks } from 'node:v8';

/** How the evaluation of a script ended. */
export type Outcome =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'thrown'; readonly error: unknown }
  /** Ended from outside, in the middle of synchronous code. */
  | { readonly kind: 'terminated' };

/** Where values leave the inspector, which names them by handles only. */
const sinkName = 'med-sa.value';
const sink = Symbol.for(sinkName);
const group = 'med-sa';

/**
 * Evaluates scripts one after the other in this thread's global scope, in V8's REPL mode: top-level await, and `const`,
 * `let` and `class` that the next script may declare again.
 */
export class Evaluator {
  private readonly session = new Session();
  private globalHandle = '';
  /**
   * The promises of scripts that have not ended, a REPL script being an async function. One that waits for nothing would
   * be collected, and the inspector would say so from inside of the garbage collection, which ends Node 22 and later.
   */
  private readonly pending = new Set<Promise<unknown>>();

  constructor() {
    this.session.connect();
    this.session.post('Runtime.evaluate', { expression: 'globalThis' }, (_error, { result }) => {
      this.globalHandle = result.objectId ?? '';
    });
  }

  async evaluate(code: string): Promise<Outcome> {
    try {
      const { result, exceptionDetails } = await this.post({
        expression: code,
        replMode: true,
        awaitPromise: true,
        objectGroup: group,
      });
      if (exceptionDetails === undefined) return { kind: 'value', value: this.valueOf(result) };
      const { exception, text } = exceptionDetails;
      return { kind: 'thrown', error: exception === undefined ? new Error(text) : this.valueOf(exception) };
    } catch (error) {
      // The one way in which this command fails; versions of Node word it differently.
      if (error instanceof Error && 'code' in error && error.code === 'ERR_INSPECTOR_COMMAND')
        return { kind: 'terminated' };
      throw error;
    } finally {
      this.session.post('Runtime.releaseObjectGroup', { objectGroup: group });
    }
  }

  private post(parameters: Runtime.EvaluateParameterType & { replMode: boolean }): Promise<Runtime.EvaluateReturnType> {
    return new Promise((resolve, reject) => {
      let script: Promise<unknown> | null = null;
      const stop = promiseHooks.onInit((promise) => {
        script = promise;
        stop();
      });
      this.session.post('Runtime.evaluate', parameters, (error, result) => {
        if (script !== null) this.pending.delete(script);
        script = null;
        if (error === null) resolve(result);
        else reject(error);
      });
      stop();
      if (script !== null) this.pending.add(script);
    });
  }

  /** The value behind a handle. Same thread, so the answer comes before `post` returns. */
  private valueOf({ objectId, value, unserializableValue }: Runtime.RemoteObject): unknown {
    const plain = unserializableValue === undefined ? { value } : { unserializableValue };
    const argument = objectId === undefined ? plain : { objectId };
    let received: unknown;
    Reflect.set(globalThis, sink, (sent: unknown) => (received = sent));
    this.session.post('Runtime.callFunctionOn', {
      functionDeclaration: `function (value) { this[Symbol.for('${sinkName}')](value); }`,
      objectId: this.globalHandle,
      arguments: [argument],
    });
    Reflect.deleteProperty(globalThis, sink);
    return received;
  }
}
