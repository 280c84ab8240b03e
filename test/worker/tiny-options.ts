/** Plain data of a trainer of a few hundred weights, for pictures of 8x8. */
export const tinyOptions = {
  encoder: {
    name: 'resnet18',
    inputShape: [8, 8, 3],
    width: 2,
    stem: { kernelSize: 3, strides: 2, pool: false },
  },
  projectionHead: { hidden: [4], outputDim: 4 },
  augmentation: { name: 'simclrAugmentation', options: { blur: false } },
} as const;
