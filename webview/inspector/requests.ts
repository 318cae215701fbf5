import type { InspectorChannel, InspectorEvent, InspectorRequest } from '../../src/protocol/inspector';

type Body<R> = R extends unknown ? Omit<R, 'viewId' | 'inspection' | 'requestId'> : never;

/** The answer to each kind of request. */
type AnswerOf<T extends InspectorRequest['type']> = Extract<
  InspectorEvent,
  {
    type: {
      'inspector/attach': 'inspector/summary';
      'inspector/picture': 'inspector/picture';
      'inspector/maps': 'inspector/maps';
      'inspector/prompt': 'inspector/prompt';
      'inspector/frozen': 'inspector/frozen';
      'inspector/exportTensors': 'inspector/exported';
      'inspector/exportMap': 'inspector/exported';
    }[T];
  }
>;

/** Requests of one view, each with its answer. */
export class Requests {
  private readonly waiting = new Map<number, (event: InspectorEvent) => void>();
  private readonly stop: () => void;
  private last = 0;

  constructor(
    private readonly channel: InspectorChannel,
    private readonly viewId: string,
    private readonly inspection: string,
  ) {
    this.stop = channel.listen((event) => {
      if (event.viewId !== viewId) return;
      this.waiting.get(event.requestId)?.(event);
      this.waiting.delete(event.requestId);
    });
  }

  /** @throws Error with the kernel's own message where it answers with one */
  ask<T extends InspectorRequest['type']>(
    body: Body<Extract<InspectorRequest, { type: T }>> & { type: T },
  ): Promise<AnswerOf<T>> {
    const requestId = ++this.last;
    return new Promise((resolve, reject) => {
      this.waiting.set(requestId, (event) => {
        if (event.type === 'inspector/error') reject(new Error(event.message));
        else resolve(event as AnswerOf<T>);
      });
      const request = { ...body, viewId: this.viewId, inspection: this.inspection, requestId };
      this.channel.post(request as unknown as InspectorRequest);
    });
  }

  dispose(): void {
    this.waiting.clear();
    this.stop();
  }
}
