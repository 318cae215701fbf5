import { UserError } from '../errors';
import type { DeviceName } from './types';

/** ONNX Runtime itself cannot be loaded: no build for this platform, or a broken installation. */
export class RuntimeMissingError extends UserError {
  override name = 'RuntimeMissingError';
  constructor(cause: unknown) {
    super(
      `ONNX Runtime cannot be loaded on ${process.platform}/${process.arch}: ${firstLine(messageOf(cause))}. ` +
        'Run "npm ci" again on this machine; prebuilt packages exist for linux x64/arm64, macOS arm64 and Windows x64/arm64.',
      { cause },
    );
  }
}

/** A device was asked for by name and cannot compute here. */
export class DeviceUnavailableError extends UserError {
  override name = 'DeviceUnavailableError';
  constructor(
    readonly device: DeviceName,
    readonly reason: string,
    readonly remedy: string,
  ) {
    super(`The device "${device}" is not available: ${reason}. ${remedy}`);
  }
}

/** Inputs that do not fit the program's description; nothing was run. */
export class FeedError extends UserError {
  override name = 'FeedError';
  constructor(
    readonly program: string,
    readonly reason: string,
  ) {
    super(`The program "${program}" was not run: ${reason}.`);
  }
}

/** ONNX Runtime refused to load a program, or failed while running it. */
export class ExecutionError extends UserError {
  override name = 'ExecutionError';
  /** The graph's node that failed, where the runtime's message tells it. */
  readonly node: string | null;
  constructor(
    readonly program: string,
    readonly stage: 'load' | 'run',
    /** The runtime's own words. */
    readonly original: string,
  ) {
    const node = failedNode(original);
    const place = node === null ? '' : ` at node "${node}"`;
    const verb = stage === 'load' ? 'could not be loaded' : 'failed';
    super(`The program "${program}" ${verb}${place}: ${plainReason(original)}${memoryAdvice(original)}`);
    this.node = node;
  }
}

/** A held tensor (an image embedding, say) went with the process that held it: compute it again. */
export class HeldTensorLost extends UserError {
  override name = 'HeldTensorLost';
  constructor(readonly held: number) {
    super('A tensor kept in the engine is gone: it was freed, or the engine was restarted. Encode the image again.');
  }
}

/** The engine process could not be started. */
export class EngineStartError extends UserError {
  override name = 'EngineStartError';
}

/** What is known of an engine process that ended in the middle of a request. */
export interface EngineCrash {
  readonly device: DeviceName;
  /** What was loaded or run; null where it was none. */
  readonly program: string | null;
  /** What it was doing, as "running the program "decoder"". */
  readonly activity: string;
  /** "exit code 3" or "signal SIGSEGV". */
  readonly ending: string;
  /** The last lines that it wrote on standard error. */
  readonly lastLines: readonly string[];
}

/** The engine process ended by itself in the middle of a request; the next request starts a fresh one. */
export class EngineCrashedError extends UserError {
  override name = 'EngineCrashedError';
  readonly device: DeviceName;
  readonly program: string | null;
  readonly activity: string;
  readonly ending: string;
  readonly lastLines: readonly string[];
  /** What to do about it. */
  readonly advice: string;
  constructor(crash: EngineCrash) {
    const { device, program, activity, ending, lastLines } = crash;
    const advice = crashAdvice(crash);
    const said = lastLines.length > 0 ? ` Its last words: ${lastLines.join(' | ')}` : '';
    super(`The engine process (${device}) ended while ${activity} (${ending}). ${advice}${said}`);
    this.device = device;
    this.program = program;
    this.activity = activity;
    this.ending = ending;
    this.lastLines = lastLines;
    this.advice = advice;
  }
}

function crashAdvice({ device, ending, lastLines }: EngineCrash): string {
  const again = 'Do the same again: a fresh engine starts by itself.';
  // The system's own way to end whoever takes its last memory; a person may have done it, too.
  if (ending === 'signal SIGKILL' || lastLines.some((line) => outOfMemory.test(line))) {
    return `The system may have run out of memory: close other programs, or use a smaller image or model. ${again}`;
  }
  if (device !== 'cpu') {
    return `${again} If it ends again, update the driver of this device, or choose the device "cpu".`;
  }
  if (ending === 'signal SIGILL') return 'This processor lacks instructions that ONNX Runtime was built for.';
  return `${again} If it ends again, "med-sa doctor" tells whether this installation is sound.`;
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The node's name in the three forms in which ONNX Runtime 1.x writes it. */
function failedNode(original: string): string | null {
  const match =
    /Name:'([^']+)'/.exec(original) ??
    /\bNode:? ?\(([^)]+)\)/.exec(original) ??
    /\bnode with name '([^']+)'/i.exec(original);
  return match?.[1] ?? null;
}

/** The runtime's message without source paths, C++ signatures and failed conditions, which say nothing to a user. */
export function plainReason(original: string): string {
  const text = original
    .replace(/^.*?Status Message: /s, '')
    .replace(/\/\S+\.(?:cc|h|cpp):\d+ [^)]*\)(?: const)?(?:::<lambda\(\)>)? ?/g, '')
    .replace(/\s+/g, ' ')
    .replace(/^\S.*? was false\. (?=\S)/, '')
    .trim();
  return text === '' ? firstLine(original) : text;
}

/** In the words of the C++ library, ONNX Runtime, CUDA, DirectML, TensorFlow and Node. */
const outOfMemory = /bad_alloc|failed to allocate|allocation failed|out of memory|OOM when|ALLOC_FAILED|E_OUTOFMEMORY/i;

const memoryAdvice = (original: string): string =>
  outOfMemory.test(original) ? ' There is not enough memory: use a smaller batch, image size or model.' : '';

const firstLine = (text: string): string => text.trim().split('\n', 1)[0];
