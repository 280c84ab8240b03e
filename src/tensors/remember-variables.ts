import { type Tensor, tidy, type Variable } from '@tensorflow/tfjs-core';

/** Values to go back to. */
export interface Remembered {
  /** Gives the variables their remembered values back. */
  restore(): void;
  /** Forgets the values. */
  dispose(): void;
}

/** Remembers the values of variables. Nothing is copied, because tensors share their data. */
export function rememberVariables(variables: readonly Variable[]): Remembered {
  const remembered = tidy(() =>
    variables.map((variable) => ({ variable, value: variable.clone() as Tensor })),
  );
  return {
    restore() {
      for (const { variable, value } of remembered) if (!variable.isDisposed) variable.assign(value);
    },
    dispose() {
      for (const { value } of remembered) value.dispose();
    },
  };
}
