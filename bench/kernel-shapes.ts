/** A convolution with SAME padding on square pictures. */
export interface Convolution {
  /** Which of its three products. */
  product: 'forward' | 'inputGradient' | 'filterGradient';
  /** Height and width of the input, in pixels. */
  size: number;
  inputs: number;
  outputs: number;
  kernelSize: number;
  stride: number;
}

/** Convolutions of ResNet-18 at 96x96. */
export const convolutions = {
  'conv-7x7-stride-2': {
    product: 'forward',
    size: 96,
    inputs: 3,
    outputs: 64,
    kernelSize: 7,
    stride: 2,
  },
  'conv-3x3': { product: 'forward', size: 24, inputs: 64, outputs: 64, kernelSize: 3, stride: 1 },
  'conv-3x3-deep': { product: 'forward', size: 3, inputs: 512, outputs: 512, kernelSize: 3, stride: 1 },
  'conv-3x3-stride-2': { product: 'forward', size: 24, inputs: 64, outputs: 128, kernelSize: 3, stride: 2 },
  'conv-1x1-stride-2': { product: 'forward', size: 24, inputs: 64, outputs: 128, kernelSize: 1, stride: 2 },
  'conv-3x3-input-gradient': {
    product: 'inputGradient',
    size: 24,
    inputs: 64,
    outputs: 64,
    kernelSize: 3,
    stride: 1,
  },
  'conv-3x3-stride-2-input-gradient': {
    product: 'inputGradient',
    size: 24,
    inputs: 64,
    outputs: 128,
    kernelSize: 3,
    stride: 2,
  },
  'conv-3x3-filter-gradient': {
    product: 'filterGradient',
    size: 24,
    inputs: 64,
    outputs: 64,
    kernelSize: 3,
    stride: 1,
  },
  'conv-7x7-stride-2-filter-gradient': {
    product: 'filterGradient',
    size: 96,
    inputs: 3,
    outputs: 64,
    kernelSize: 7,
    stride: 2,
  },
} as const satisfies Record<string, Convolution>;

/** Rows, inner and columns of the matrix product A^T B: the gradient of the head's first weights. */
export const matrixProduct = { inner: 512, columns: 512 } as const;

/** Input of the depthwise convolution with a filter of 3x3: that of the third block of a MobileNetV2 at 96x96. */
export const depthwiseInput = { size: 24, channels: 144 } as const;

/** Input of the stem's pool. */
export const poolInput = { size: 48, channels: 64 } as const;

/** Input of batch normalization: the output of the stem's convolution. */
export const normalizationInput = { size: 48, channels: 64 } as const;

/** Sizes of the variables that the update walks over: three of the four stages' largest kernels. */
export const updatedShapes = [
  [3, 3, 128, 128],
  [3, 3, 256, 256],
  [3, 3, 512, 512],
] as const;

/** Kernels that are not convolutions. */
export const otherKernels = [
  'depthwise-3x3',
  'max-pool-gradient',
  'matmul-transposed',
  'batch-normalization',
  'momentum-update',
] as const;

/** A kernel with a row of its own, `kernel-NAME`. */
export type KernelName = keyof typeof convolutions | (typeof otherKernels)[number];

/** All of them, in the order of the table. */
export const kernelNames = [...Object.keys(convolutions), ...otherKernels] as KernelName[];

/** The convolution of that name, or `undefined`. */
export function convolutionOf(kernel: KernelName): Convolution | undefined {
  return (convolutions as Partial<Record<KernelName, Convolution>>)[kernel];
}

/** Floating-point operations of one call (a multiplication and an addition are two), for compute-bound kernels. */
export function kernelOperations(kernel: KernelName, images: number): number | undefined {
  const convolution = convolutionOf(kernel);
  if (convolution) {
    const { size, inputs, outputs, kernelSize, stride } = convolution;
    return 2 * images * Math.ceil(size / stride) ** 2 * kernelSize ** 2 * inputs * outputs;
  }
  if (kernel === 'depthwise-3x3') return 2 * images * depthwiseInput.size ** 2 * 9 * depthwiseInput.channels;
  if (kernel === 'matmul-transposed') return 2 * images * matrixProduct.inner * matrixProduct.columns;
  return undefined;
}
