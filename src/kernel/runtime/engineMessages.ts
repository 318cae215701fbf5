// What the engine process and its client say to each other (structured clone over the fork's channel).
import {
  DeviceUnavailableError,
  ExecutionError,
  FeedError,
  HeldTensorLost,
  RuntimeMissingError,
  messageOf,
} from './errors';
import type { TensorData } from '../graph/tensorData';
import type { Precision } from './precision';
import type { ProgramFile } from './programFile';
import type { DeviceName, Feed, HeldTensor, Loaded } from './types';

/** The engine's one command-line argument, as JSON. */
export interface EngineArguments {
  readonly device: DeviceName;
  readonly threads?: number;
  readonly precision?: Precision;
  /** The process without which the engine has no reason to live. */
  readonly parent: number;
  /** The folder of programs; the engine removes it when its parent is gone. */
  readonly programs?: string;
}

/** Requests and their answers: one request is under way at a time. */
export interface EngineCalls {
  load: { request: { readonly program: ProgramFile }; answer: Loaded };
  run: {
    request: {
      readonly loaded: Loaded;
      readonly feeds: Readonly<Record<string, Feed>>;
      readonly fetch?: readonly string[];
      readonly keep: readonly string[];
    };
    answer: { readonly outputs: Record<string, TensorData>; readonly held: Record<string, HeldTensor> };
  };
  free: { request: { readonly held: readonly HeldTensor[] }; answer: null };
  release: { request: { readonly loaded: Loaded }; answer: null };
}

export type EngineCall = keyof EngineCalls;
export type EngineRequest = { [C in EngineCall]: { readonly call: C } & EngineCalls[C]['request'] }[EngineCall];

export type EngineMessage =
  /** First of all: the device works, or why it does not. */
  | { readonly kind: 'ready'; readonly rssMB: number }
  | { readonly kind: 'unable'; readonly failure: Failure }
  | { readonly kind: 'answer'; readonly answer: EngineCalls[EngineCall]['answer']; readonly rssMB: number }
  | { readonly kind: 'failure'; readonly failure: Failure; readonly rssMB: number };

/** An error's parts: the client makes the same error of them. */
export type Failure =
  | { readonly type: 'execution'; readonly program: string; readonly stage: 'load' | 'run'; readonly original: string }
  | { readonly type: 'feed'; readonly program: string; readonly reason: string }
  | { readonly type: 'device'; readonly device: DeviceName; readonly reason: string; readonly remedy: string }
  | { readonly type: 'held'; readonly held: number }
  | { readonly type: 'runtime'; readonly cause: string }
  | { readonly type: 'other'; readonly message: string };

export function toFailure(error: unknown): Failure {
  if (error instanceof ExecutionError) {
    return { type: 'execution', program: error.program, stage: error.stage, original: error.original };
  }
  if (error instanceof FeedError) return { type: 'feed', program: error.program, reason: error.reason };
  if (error instanceof DeviceUnavailableError) {
    return { type: 'device', device: error.device, reason: error.reason, remedy: error.remedy };
  }
  if (error instanceof HeldTensorLost) return { type: 'held', held: error.held };
  if (error instanceof RuntimeMissingError) return { type: 'runtime', cause: messageOf(error.details.cause) };
  return { type: 'other', message: messageOf(error) };
}

export function toError(failure: Failure): Error {
  switch (failure.type) {
    case 'execution':
      return new ExecutionError(failure.program, failure.stage, failure.original);
    case 'feed':
      return new FeedError(failure.program, failure.reason);
    case 'device':
      return new DeviceUnavailableError(failure.device, failure.reason, failure.remedy);
    case 'held':
      return new HeldTensorLost(failure.held);
    case 'runtime':
      return new RuntimeMissingError(failure.cause);
    case 'other':
      return new Error(failure.message);
  }
}
