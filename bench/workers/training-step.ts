import { dispose, randomUniform, type Tensor4D } from '@tensorflow/tfjs-core';
import {
  contrastiveGradients,
  mobileNetV2,
  ntXentLoss,
  projectionHead,
  resnet18,
  SGD,
  trainableVariables,
} from 'simclr-ts';
import type { StepWork } from '../work.js';

/** The training step that is measured, on random pictures. Each call makes one and returns its loss. */
export function prepareStep({ batch, size, stem }: Omit<StepWork, 'kind'>): () => number {
  const inputShape = [size, size, 3] as const;
  const encoder = stem ? resnet18({ inputShape, stem }) : mobileNetV2({ inputShape });
  const inputDim = encoder.outputs[0]!.shape[1]!;
  const head = projectionHead({ inputDim, hidden: [512, 512], outputDim: 64 });
  const variables = trainableVariables(encoder, head);
  const optimizer = new SGD({ learningRate: 0.1, momentum: 0.9 });
  const pictures = () => randomUniform([batch, size, size, 3]) as Tensor4D;
  const [view1, view2] = [pictures(), pictures()];
  return () => {
    const { loss, gradients } = contrastiveGradients(view1, view2, {
      encoder,
      projectionHead: head,
      loss: (z1, z2) => ntXentLoss(z1, z2, { temperature: 0.5 }),
      variables,
    });
    optimizer.applyGradients(gradients);
    const value = loss.dataSync()[0]!;
    dispose([loss, ...Object.values(gradients)]);
    return value;
  };
}
