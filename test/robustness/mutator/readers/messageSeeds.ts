// One valid message of every kind, for all three sides.
import type {
  KernelNotifications,
  KernelRequests,
  RunForecast,
  ViewerEvent,
  ViewerRequest,
} from '../../../../src/protocol';
import type {
  InspectorEvent,
  InspectorOutput,
  InspectorRequest,
  QuantisedMap,
} from '../../../../src/protocol/inspector';

const viewId = 'view-1';
const place = { viewId, object: 'object-1', slice: 0 };
const point = { kind: 'point', x: 5.5, y: 6.5, label: 1 } as const;
const patch = { x: 0, y: 0, width: 2, height: 1, runs: Buffer.from([0, 2]).toString('base64') };
export const imageOutput = { version: 2, viewId, image: { path: 'scan.png' }, slice: 0 } as const;
const outputV1 = {
  version: 1,
  viewId,
  sessionId: 'scan-1',
  image: { path: 'scan.png', name: 'scan.png', width: 20, height: 14, slices: 1, spacing: null },
  slice: 0,
} as const;

export const viewerRequests: ViewerRequest[] = [
  { type: 'viewer/attach', version: 2, viewId, output: imageOutput },
  { type: 'viewer/attach', version: 2, viewId, output: outputV1 },
  { type: 'viewer/slices', viewId, plane: 'axial', indices: [0], pixels: true, shrink: 2, shown: 0 },
  { type: 'viewer/prompt/add', ...place, id: 'p', prompt: point },
  {
    type: 'viewer/prompt/add',
    ...place,
    id: 'q',
    prompt: {
      kind: 'scribble',
      points: [
        [1, 1],
        [4, 4],
      ],
      label: 1,
    },
  },
  { type: 'viewer/prompt/move', ...place, id: 'p', prompt: { kind: 'box', x0: 1, y0: 1, x1: 9, y1: 9 } },
  { type: 'viewer/prompt/remove', ...place, id: 'p' },
  { type: 'viewer/hover', ...place, previewId: 1, prompt: { kind: 'mask', slice: 0 } },
  { type: 'viewer/choose', ...place, candidate: 0 },
  {
    type: 'viewer/object/add',
    viewId,
    object: 'object-9',
    properties: { label: 'liver', colour: '#ff0000', value: 9 },
  },
  { type: 'viewer/object/remove', viewId, object: 'object-9' },
  { type: 'viewer/object/change', viewId, object: 'object-1', properties: { visible: false } },
  { type: 'viewer/object/select', viewId, object: 'object-1' },
  {
    type: 'viewer/stroke',
    ...place,
    erase: false,
    points: [
      [2, 2],
      [9, 9],
    ],
    radius: 2,
  },
  { type: 'viewer/fill', viewId, object: 'object-1', slice: 0 },
  { type: 'viewer/largest', viewId, object: 'object-1', slice: null },
  { type: 'viewer/clear', viewId, object: null, slice: null },
  { type: 'viewer/undo', viewId },
  { type: 'viewer/redo', viewId },
  { type: 'viewer/propagate', viewId, object: 'object-1', from: 0, direction: 'both', to: null },
  { type: 'viewer/segment', viewId, slice: null },
  { type: 'viewer/export', viewId, format: 'png-labels', path: 'exported' },
  { type: 'viewer/cancel', viewId, task: 'none' },
  { type: 'training/attach', viewId, run: 'run', curves: true },
  { type: 'training/list', viewId, run: 'run' },
  { type: 'training/stop', viewId, run: 'run' },
  { type: 'training/resume', viewId, run: 'run' },
  { type: 'training/detach', viewId, run: 'run' },
  { type: 'viewer/detach', viewId },
];

const asking = { viewId, inspection: 'i', requestId: 1 };
export const inspectorRequests: InspectorRequest[] = [
  { type: 'inspector/attach', ...asking },
  { type: 'inspector/picture', ...asking, slice: 0 },
  {
    type: 'inspector/maps',
    ...asking,
    slice: 0,
    maps: [
      { of: 'norm', attachment: 'a', part: 'hidden' },
      { of: 'slices', attachment: 'a', from: 0, to: 1 },
    ],
  },
  {
    type: 'inspector/prompt',
    ...asking,
    slot: 0,
    slice: 0,
    prompts: { points: [{ x: 1, y: 2, label: 1 }], box: [0, 0, 5, 5] },
  },
  { type: 'inspector/frozen', ...asking, slot: 1 },
  { type: 'inspector/exportTensors', ...asking },
  { type: 'inspector/exportMap', ...asking, slice: 0, map: { of: 'masks', slot: 0 } },
];

const where = { notebook: 'file:///book.ipynb', folder: '/' };
/** Requests of the extension, of every kind; what starts processes has data that are not there, and code harms nobody. */
export const kernelRequests: { [M in keyof KernelRequests]: KernelRequests[M][0][] } = {
  'cell/execute': [{ ...where, executionId: 'e', code: 'const x: number = 1; x + 1' }],
  'viewer/request': viewerRequests.map((request) => ({ ...where, request })),
  'cell/interrupt': [{ notebook: where.notebook }],
  'notebook/close': [{ notebook: 'file:///other.ipynb' }],
  'training/start': [{ ...where, data: 'no-data', epochs: 1, batch: 2, tune: 'adapters' }],
  'training/forecast': [{ ...where, data: 'no-data', epochs: 1, classes: ['liver=1'] }],
  'training/stop': [{ run: 'run' }],
  'training/resume': [{ run: 'run' }],
  'annotation/export': [{ ...where, outputs: [imageOutput, outputV1], target: 'labelled' }],
  'adapters/use': [
    { ...where, file: 'a.safetensors' },
    { ...where, file: null },
  ],
  'inspector/open': [{ ...where, image: imageOutput, adapters: 'a.safetensors' }],
  'inspector/ask': inspectorRequests.map((request) => ({ request })),
  'status/get': [null],
};

const object = { id: 'object-1', label: 'liver', colour: '#ff0000', visible: true, value: 1 };
const state = {
  revision: 3,
  objects: [object],
  active: 'object-1',
  undo: null,
  redo: 'point',
  model: 'm',
  readOnly: null,
};
const objectSlice = {
  object: 'object-1',
  slice: 0,
  revision: 3,
  prompts: [{ id: 'p', prompt: point }],
  mask: { whole: true, patch },
  area: 2,
  iou: 0.5,
  candidates: [{ iou: 0.5, area: 2 }],
  chosen: 0,
  source: 'model',
} as const;
const changed = { ...objectSlice, prompts: [], candidates: [], mask: { whole: false, since: 2, patch } } as const;
const plane = {
  plane: 'axial',
  width: 20,
  height: 14,
  slices: 1,
  axes: [0, 1, 2],
  spacing: [1, 1, 2],
  flipX: false,
  flipY: true,
  letters: { left: 'R', right: 'L', top: 'A', bottom: 'P' },
} as const;
const image = {
  path: 'scan.png',
  name: 'scan.png',
  size: [20, 14, 1],
  channels: 1,
  modality: 'CT',
  spacing: [1, 1, 2],
  origin: [0, 0, 0],
  direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  planes: [plane],
  range: [0, 255],
  window: { low: 0, high: 255 },
  notes: ['a note'],
} as const;
const pixels = { kind: 'uint8', width: 20, height: 14, shrink: 1, slope: 1, intercept: 0, data: 'AA==' } as const;
const marks = { object: 'object-1', prompted: [0], masked: [0], areas: [2] };
const table = {
  steps: [1, 2],
  curves: [
    { name: { quantity: 'loss', part: 'bce' }, values: [1, null] },
    { name: { quantity: 'dice', setting: '1-point', class: null }, values: [0.5, 0.6] },
  ],
};
export const summary = {
  run: '/r',
  name: 'r',
  status: 'running',
  message: null,
  epochs: 2,
  epoch: 1,
  loss: [[1, 2]],
  dice: { '1-point': [[1, 0.5]] },
  bestDice: 0.5,
  pace: { step: 1, imagesPerSecond: 3, secondsLeft: null, secondsWorked: 4, device: 'cpu' },
  curves: [table],
};

/** Events for pages, as plain values: pages take them from anywhere. */
export const viewerEvents = [
  { type: 'viewer/attached', viewId, image, state, marks: [marks], slice: 0, objects: [objectSlice] },
  { type: 'viewer/slice', viewId, plane: 'axial', index: 0, pixels, revision: 3, objects: [objectSlice] },
  { type: 'viewer/change', viewId, state, objects: [changed] },
  { type: 'viewer/preview', viewId, previewId: 1, object: 'object-1', slice: 0, mask: patch, iou: 0.5 },
  { type: 'viewer/tasks', viewId, tasks: [{ id: 't', text: 'x', done: 1, total: null, cancellable: true }] },
  { type: 'viewer/exported', viewId, format: 'nifti', files: ['/x.nii'] },
  { type: 'viewer/error', viewId, message: 'm', request: null },
  { type: 'training/summary', viewId, summary },
  { type: 'training/curves', viewId, anew: true, tables: [table] },
  { type: 'training/runs', viewId, runs: [{ run: '/r', name: 'r' }] },
  { type: 'training/error', viewId, message: 'm' },
] as unknown as ViewerEvent[];

const map: QuantisedMap = { width: 1, height: 1, data: 'AA==', low: 0, high: 1, min: 0, max: 1, signed: false };
const activity = { units: 4, dead: 0, nearDead: 1, histogram: [1, 2] };
const channels = { addition: 3, hidden: 4 };
export const inspectorOutput: InspectorOutput = {
  version: 1,
  summary: {
    inspection: 'i',
    model: 'm',
    adapters: 'a',
    slices: 1,
    firstSlice: 0,
    heads: 2,
    width: 20,
    height: 14,
    cells: { columns: 2, rows: 1.5 },
    blocks: [
      { name: 'b', change: [0.1], attachments: [{ name: 'a', share: [0.1], activity, channels, alongSlices: false }] },
    ],
  },
  begin: { slice: 0, prompts: [{ points: [{ x: 1, y: 1, label: 1 }], box: null }, null] },
};
const answered = { viewId, requestId: 1 };
export const inspectorEvents: InspectorEvent[] = [
  { type: 'inspector/summary', ...answered, summary: inspectorOutput.summary },
  { type: 'inspector/picture', ...answered, slice: 0, png: 'AA==' },
  { type: 'inspector/maps', ...answered, maps: [map] },
  {
    type: 'inspector/prompt',
    ...answered,
    answer: {
      slot: 0,
      slice: 0,
      prompts: { points: [], box: [0, 0, 2, 2] },
      iou: 0.5,
      attachments: [{ name: 'a', share: 0.1, activity: null, channels, map, tokens: null }],
      generated: [{ name: 'g', map }],
    },
    changes: [{ name: 'g', map, change: 0.2 }],
  },
  {
    type: 'inspector/frozen',
    ...answered,
    answer: {
      slot: 0,
      embedding: map,
      embeddingChange: 0.1,
      iou: { adapted: 0.5, frozen: 0.4 },
      dice: 0.5,
      logits: map,
      masks: { width: 1, height: 1, data: 'AA==' },
    },
  },
  { type: 'inspector/exported', ...answered, file: '/x' },
  { type: 'inspector/error', ...answered, message: 'm' },
];

type Notification = {
  [M in keyof KernelNotifications]: { method: M; params: KernelNotifications[M] };
}[keyof KernelNotifications];
const execution = { notebook: 'n', executionId: 'e' };
export const kernelNotifications: Notification[] = [
  { method: 'cell/output', params: { ...execution, output: { kind: 'stream', name: 'stdout', text: 'x' } } },
  {
    method: 'cell/output',
    params: {
      ...execution,
      output: {
        kind: 'display',
        displayId: 'd',
        replace: true,
        items: [{ mime: 'text/plain', encoding: 'utf8', data: 'x' }],
      },
    },
  },
  { method: 'cell/output', params: { ...execution, output: { kind: 'error', name: 'E', message: 'm', stack: 's' } } },
  { method: 'cell/output', params: { ...execution, output: { kind: 'clear' } } },
  ...viewerEvents.map((event): Notification => ({ method: 'viewer/event', params: { notebook: 'n', event } })),
  {
    method: 'status/changed',
    params: { model: 'm', adapters: null, device: 'cpu', deviceNotes: [], memoryMB: 3, pid: 4 },
  },
  { method: 'log/line', params: { level: 'info', text: 'x' } },
];

const status = { model: 'm', adapters: null, device: 'cpu', deviceNotes: ['no GPU'], memoryMB: 3.5, pid: 4 };
const forecast: RunForecast = {
  data: '/data',
  layout: 'pairs',
  classes: ['liver'],
  cases: { train: 8, validation: 2 },
  examples: { count: 8, exact: true },
  model: 'm',
  parameters: 100,
  device: 'cpu',
  notes: [],
  memory: { step: 1e9, available: 2e9, fits: false, instead: { recompute: 'blocks', accumulate: 2 } },
  seconds: { step: 0.5, epoch: 4, validation: null, preparation: 0 },
};
/** What the kernel answers, for every request. */
export const kernelResults: { [M in keyof KernelRequests]: KernelRequests[M][1][] } = {
  'cell/execute': [{ ok: true }],
  'cell/interrupt': [{ interrupted: false }],
  'notebook/close': [null],
  'viewer/request': [null],
  'training/start': [{ run: '/r' }],
  'training/forecast': [forecast, { ...forecast, memory: { ...forecast.memory, instead: null }, seconds: null }],
  'training/stop': [{ stopped: true }],
  'training/resume': [null],
  'annotation/export': [{ images: 3, unlabelled: 1 }],
  'adapters/use': [status],
  'inspector/open': [inspectorOutput],
  'inspector/ask': inspectorEvents,
  'status/get': [{ ...status, model: null, device: null }],
};

const subject = { image: imageOutput, adapters: '/a.safetensors', folder: '/' };
export const panelMessages = [
  { type: 'panel/ready' },
  { type: 'panel/state', state: { runs: ['/r'], smoothing: 0.5, log: true } },
  { type: 'panel/save', name: 'curves.csv', base64: 'AA==' },
  { type: 'panel/start', viewId: 'v', state: { runs: ['/r'], smoothing: 0.5, log: true } },
  { type: 'panel/show', output: inspectorOutput, subject },
  { type: 'panel/failed', message: 'm', subject },
];
