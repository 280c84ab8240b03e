import {
  concat,
  matMul,
  reshape,
  slice,
  sub,
  sum,
  type Tensor2D,
  tensor2d,
  tidy,
  tile,
  transpose,
} from '@tensorflow/tfjs-core';
import type { ContrastiveRowsOptions } from './contrastive-rows.js';

/** Which views are positives of each other. */
export type Positives = Pick<ContrastiveRowsOptions, 'positiveSums' | 'positiveShares'>;

/** The positives of a view are the other views of its image. */
export function viewsOfImage(views: number): Positives {
  return {
    positiveShares: 1 / (views - 1),
    positiveSums: (rows) => {
      if (views === 2) return swapViews(rows);
      return tidy(() => {
        const [count, size] = rows.shape;
        const ofImage = sum(reshape(rows, [views, count / views, size]), 0) as Tensor2D;
        return sub(tile(ofImage, [views, 1]), rows) as Tensor2D;
      });
    },
  };
}

/** The positives of a view are the other views of all images of its class. */
export function viewsOfClass(labels: ArrayLike<number>, views: number): Positives {
  const { classes, count } = classNumbers(labels);
  const sizes = new Float32Array(count);
  for (const number of classes) sizes[number]!++;
  const images = classes.length;
  const shares = new Float32Array(images * views);
  for (let row = 0; row < shares.length; row++) {
    shares[row] = 1 / (sizes[classes[row % images]!]! * views - 1);
  }
  return {
    positiveShares: shares,
    positiveSums: (rows) =>
      tidy(() => {
        const size = rows.shape[1];
        const members = new Float32Array(images * count);
        for (let image = 0; image < images; image++) members[image * count + classes[image]!] = 1;
        const ofImage = sum(reshape(rows, [views, images, size]), 0) as Tensor2D;
        const membership = tensor2d(members, [images, count]);
        const ofClass = matMul(membership, matMul(transpose(membership), ofImage));
        return sub(tile(ofClass, [views, 1]), rows) as Tensor2D;
      }),
  };
}

/** Renumbers labels from 0 in order of appearance. Each negative label becomes a class of its own. */
function classNumbers(labels: ArrayLike<number>): { classes: Int32Array; count: number } {
  const numbers = new Map<number, number>();
  let count = 0;
  const classes = Int32Array.from(labels, (label) => {
    if (label < 0) return count++;
    const known = numbers.get(label);
    if (known !== undefined) return known;
    numbers.set(label, count);
    return count++;
  });
  return { classes, count };
}

/** Puts view 2's rows before view 1's, so that each row of the result is the positive of that row. */
function swapViews(rows: Tensor2D): Tensor2D {
  return tidy(() => {
    const half = rows.shape[0] / 2;
    return concat([slice(rows, [half, 0], [half, -1]), slice(rows, [0, 0], [half, -1])], 0);
  });
}
