import type { Tensor } from '@tensorflow/tfjs-core';

/** The state of an optimizer on the host: its step and the slots of each variable. */
export interface OptimizerState {
  /** Class of the optimizer it belongs to: 'SGD', 'AdamW' or 'LARS'. */
  className: string;
  /** Calls of `applyGradients` so far. */
  step: number;
  /** The variables that were updated so far, by name. */
  variables: Record<string, VariableState>;
}

/** The state of one variable. */
export interface VariableState {
  /** Updates of this variable so far; fewer than the optimizer's steps when the variable was left out of some. */
  step: number;
  /** Shape of the variable and of each of its slots. */
  shape: number[];
  /** Values of each slot in row-major order, by the slot's name (such as 'momentum'). */
  slots: Record<string, Float32Array>;
}

/** An {@link OptimizerState} whose slots are tensors. */
export interface CapturedState {
  /** Class of the optimizer it belongs to. */
  className: string;
  /** Calls of `applyGradients` so far. */
  step: number;
  /** The variables that were updated so far, by name. */
  variables: Record<string, CapturedVariable>;
}

/** A {@link VariableState} whose slots are tensors. */
export interface CapturedVariable {
  /** Updates of this variable so far. */
  step: number;
  /** Shape of the variable and of each of its slots. */
  shape: number[];
  /** Each slot, by its name. */
  slots: Record<string, Tensor>;
}

/** Translates a variable's name, for instance from one of this process to a permanent one. */
export type RenameVariable = (name: string) => string;

/** A tensor with a name: a gradient with that of its variable, or a piece of an optimizer's state. */
export interface NamedTensor {
  /** The name. */
  name: string;
  /** The tensor. */
  tensor: Tensor;
}
