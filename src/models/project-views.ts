import { concat, slice, type Tensor, type Tensor2D, type Tensor4D } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';

/** Options of {@link projectViews}. */
export interface ProjectViewsOptions {
  /** The encoder f. */
  encoder: LayersModel;
  /** The projection head g. */
  projectionHead: LayersModel;
  /** Whether views of the same size share one pass, or each view has its own. */
  viewBatching?: 'joint' | 'separate';
}

/** The projections of views in training mode, one tensor `[N, D]` per view. */
export function projectViews(
  views: readonly Tensor4D[],
  { encoder, projectionHead, viewBatching = 'joint' }: ProjectViewsOptions,
): Tensor2D[] {
  const forward = (images: Tensor4D) =>
    applyTraining(projectionHead, applyTraining(encoder, images)) as Tensor2D;
  if (viewBatching === 'separate') return views.map(forward);
  const projections: Tensor2D[] = [];
  for (const members of membersBySize(views)) {
    const images = members.map((view) => views[view]!);
    const joint = forward(images.length === 1 ? images[0]! : concat(images, 0));
    const count = images[0]!.shape[0];
    for (const [place, view] of members.entries()) {
      projections[view] = slice(joint, [place * count, 0], [count, -1]);
    }
  }
  return projections;
}

/** The numbers of the views of each size, in the order in which sizes appear. */
function membersBySize(views: readonly Tensor4D[]): number[][] {
  const bySize = new Map<string, number[]>();
  for (const [view, { shape }] of views.entries()) {
    const size = shape.join();
    const members = bySize.get(size);
    if (members) members.push(view);
    else bySize.set(size, [view]);
  }
  return [...bySize.values()];
}

function applyTraining(model: LayersModel, input: Tensor): Tensor {
  return model.apply(input, { training: true }) as Tensor;
}
