// Every message between the three sides is damaged by the mutator: one that is added to the protocol must be among its seeds.
import { describe, expect, it } from 'vitest';
import { kernelNotificationSchemas } from '../../../src/protocol/notificationSchemas';
import { inspectorEventSchema } from '../../../src/protocol/inspectorEventSchema';
import { inspectorRequestSchema } from '../../../src/protocol/inspectorSchema';
import {
  curvesPanelMessageSchema,
  curvesPanelStartSchema,
  inspectorPanelSchema,
} from '../../../src/protocol/panelSchemas';
import { kernelResultSchemas } from '../../../src/protocol/resultSchemas';
import { kernelRequestSchemas, viewerRequestSchema } from '../../../src/protocol/schemas';
import { viewerEventSchema } from '../../../src/protocol/viewerEventSchemas';
import {
  inspectorEvents,
  inspectorRequests,
  kernelNotifications,
  kernelRequests,
  kernelResults,
  panelMessages,
  viewerEvents,
  viewerRequests,
} from '../../robustness/mutator/readers/messageSeeds';

interface Definition {
  readonly type: string;
  readonly options?: readonly { readonly _zod: { readonly def: Definition } }[];
  readonly shape?: Readonly<Record<string, { readonly _zod: { readonly def: Definition } }>>;
  readonly values?: readonly unknown[];
  readonly in?: { readonly _zod: { readonly def: Definition } };
}

/** The values of `type` that a schema of messages takes. */
function kindsOf({ _zod: { def } }: { readonly _zod: { readonly def: unknown } }): unknown[] {
  const { options, shape, values, in: inner } = def as Definition;
  if (options) return options.flatMap(kindsOf);
  if (inner) return kindsOf(inner);
  if (shape) return kindsOf(shape['type']);
  return [...(values ?? [])];
}

const sorted = (all: Iterable<unknown>): string[] => [...new Set(all)].map(String).sort();
const types = (all: readonly unknown[]): string[] => sorted(all.map((one) => (one as { type: string }).type));

describe('the mutator', () => {
  it.each([
    ['requests of pages', viewerRequestSchema, viewerRequests],
    ['requests of inspectors', inspectorRequestSchema, inspectorRequests],
    ['events to pages', viewerEventSchema, viewerEvents],
    ['answers to inspectors', inspectorEventSchema, inspectorEvents],
  ])('damages all kinds of %s', (_, schema, seeds) => {
    const kinds = sorted(kindsOf(schema));
    expect(kinds.length).toBeGreaterThan(5);
    expect(types(seeds)).toEqual(kinds);
  });

  it('damages all messages of panels', () => {
    const kinds = [curvesPanelMessageSchema, curvesPanelStartSchema, inspectorPanelSchema].flatMap(kindsOf);
    expect(kinds.length).toBeGreaterThan(5);
    expect(types(panelMessages)).toEqual(sorted(kinds));
  });

  it.each([
    ['requests to the kernel', kernelRequestSchemas, Object.keys(kernelRequests)],
    ['answers of the kernel', kernelResultSchemas, Object.keys(kernelResults)],
    ['notifications of the kernel', kernelNotificationSchemas, kernelNotifications.map(({ method }) => method)],
  ])('damages all %s', (_, schemas, seeds) => {
    expect(sorted(seeds)).toEqual(sorted(Object.keys(schemas)));
  });

  it('begins with messages that are right', () => {
    for (const [method, all] of Object.entries(kernelRequests))
      for (const params of all) {
        kernelRequestSchemas[method as keyof typeof kernelRequests].parse(params);
      }
    for (const [method, all] of Object.entries(kernelResults))
      for (const result of all) {
        expect(kernelResultSchemas[method as keyof typeof kernelResults].parse(result)).toEqual(result);
      }
    for (const { method, params } of kernelNotifications) {
      // Nothing is left out on the way.
      expect(kernelNotificationSchemas[method].parse(params)).toEqual(params);
    }
  });
});
