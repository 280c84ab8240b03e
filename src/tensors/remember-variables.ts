import { type Tensor, tidy, type Variable } from '@tensorflow/tfjs-core';

/** Remembered values of variables. */
export interface Remembered {
  /** Restores the remembered values. */
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
