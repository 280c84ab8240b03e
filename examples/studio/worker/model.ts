import { SimCLR, type Transform } from 'simclr-ts';
import { loadStateDict, readSafetensors } from 'simclr-ts/interop';
import type { TrainingSettings } from '../shared/settings.js';

/**
 * The studio's model, before its first step.
 *
 * @param startingEncoder - A safetensors file with the initial weights; random if left out.
 */
export function newModel(
  { viewSize, width, learningRate, temperature, seed }: TrainingSettings,
  augmentation: Transform<unknown>,
  startingEncoder?: Uint8Array,
): SimCLR {
  const simclr = new SimCLR({
    encoder: { name: 'resnet18', inputShape: [viewSize, viewSize, 3], stem: 'small', width },
    // With batch normalization: without, projections of few or hard pictures collapse in the first steps.
    projectionHead: { hidden: [128], outputDim: 64, batchNormalization: { hidden: true } },
    augmentation,
    // A constant rate, so that training can continue as long as the person likes.
    optimizer: { name: 'adamW', learningRate, weightDecay: 1e-4 },
    temperature,
    seed,
  });
  if (!startingEncoder) return simclr;
  try {
    loadStateDict(simclr.encoder, readSafetensors(startingEncoder).tensors);
    return simclr;
  } catch (error) {
    simclr.dispose();
    throw error;
  }
}
