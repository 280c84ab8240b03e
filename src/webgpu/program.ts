import type { DataType, KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';

/** What this library uses of tfjs's WebGPU backend. */
export interface GraphicsBackend {
  runWebGPUProgram(
    program: object,
    inputs: TensorInfo[],
    outputDtype: DataType,
    uniforms: { type: string; data: number[] }[],
  ): TensorInfo;
  disposeData(dataId: object): boolean;
  incRef(dataId: object): void;
}

/** What a kernel is called with. */
export type KernelCall = Parameters<KernelFunc>[0];

/** A pass over memory: one program of WGSL, one output. */
export interface Pass {
  /** Tells programs apart in the backend's cache, with everything that changes the text. */
  key: string;
  /** The inputs by the names that the text has for them, each a flat `array<f32>`, or of `vec4<f32>`. */
  inputs: Record<string, TensorInfo>;
  /** Length of the output in numbers; the text has it as `result`. */
  length: number;
  /** Numbers that a value of inputs and output holds. @defaultValue `1` */
  components?: 1 | 4;
  /** Invocations. */
  threads: number;
  /** Whole numbers, `uniforms.name` in the text. */
  integers?: Record<string, number>;
  /** Other numbers. */
  floats?: Record<string, number>;
  /** Declarations before the main function. */
  declarations?: string;
  /** Body of the main function of `index`, the number of the invocation; `threads` and more may come. */
  body: string;
}

/** Invocations of a workgroup. */
export const workgroupSize = 64;

/** Runs a pass; the result is flat. */
export function runPass(backend: GraphicsBackend, pass: Pass): TensorInfo {
  const {
    inputs,
    length,
    components = 1,
    threads,
    integers = {},
    floats = {},
    declarations = '',
    body,
  } = pass;
  const numbers = { ...integers, threads };
  const program = {
    shaderKey: `simclr_${pass.key}_${components}`,
    outputShape: [length],
    outputComponent: components,
    variableNames: Object.keys(inputs),
    variableComponents: Object.keys(inputs).map(() => components),
    workgroupSize: [workgroupSize, 1, 1],
    dispatchLayout: { x: [0] },
    dispatch: [Math.ceil(threads / workgroupSize), 1, 1],
    uniforms: [
      ...Object.keys(numbers).map((name) => `${name} : i32,`),
      ...Object.keys(floats).map((name) => `${name} : f32,`),
    ].join(' '),
    getUserCode: () => `${declarations}\nfn main(index : i32) {\n${body}\n}`,
  };
  const uniforms = [
    ...Object.values(numbers).map((value) => ({ type: 'int32', data: [value] })),
    ...Object.values(floats).map((value) => ({ type: 'float32', data: [value] })),
  ];
  const flat = Object.values(inputs).map(({ dataId, shape, dtype }) => ({
    dataId,
    dtype,
    shape: [shape.reduce((product, size) => product * size, 1)],
  }));
  return backend.runWebGPUProgram(program, flat, 'float32', uniforms);
}

/** The same data under another shape. */
export function withShape({ dataId, dtype }: TensorInfo, shape: number[]): TensorInfo {
  return { dataId, dtype, shape };
}

/** Four numbers at a time where the length allows it. */
export function componentsOf(length: number): 1 | 4 {
  return length % 4 === 0 ? 4 : 1;
}
