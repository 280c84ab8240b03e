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

/** The argument of a kernel. */
export type KernelCall = Parameters<KernelFunc>[0];

/** A pass over memory: a WGSL program with one output. */
export interface Pass {
  /** Key in the backend's cache of programs. Different texts need different keys. */
  key: string;
  /** The inputs by their names in WGSL. Each is a flat `array<f32>`, or `array<vec4<f32>>` with four components. */
  inputs: Record<string, TensorInfo>;
  /** Length of the output in numbers. In WGSL it is called `result`. */
  length: number;
  /** Numbers per array element, of inputs and output. @defaultValue `1` */
  components?: 1 | 4;
  /** Number of invocations. */
  threads: number;
  /** Integer uniforms: `uniforms.name` in WGSL. */
  integers?: Record<string, number>;
  /** Uniforms of type f32. */
  floats?: Record<string, number>;
  /** Declarations before the main function. */
  declarations?: string;
  /**
   * Body of the main function. `index` is the number of the invocation, which can reach or exceed `threads`, because
   * workgroups are always full.
   */
  body: string;
}

/** Invocations per workgroup. */
export const workgroupSize = 64;

/** Runs a pass. The result is flat. */
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

/** The same data with another shape. */
export function withShape({ dataId, dtype }: TensorInfo, shape: number[]): TensorInfo {
  return { dataId, dtype, shape };
}

/** Numbers per array element: four where the length allows it. */
export function componentsOf(length: number): 1 | 4 {
  return length % 4 === 0 ? 4 : 1;
}
