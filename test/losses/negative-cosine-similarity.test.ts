import {
  env,
  grad,
  grads,
  matMul,
  mul,
  type Scalar,
  sum,
  type Tensor,
  type Tensor2D,
  tensor2d,
  tidy,
  zeros,
} from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { negativeCosineSimilarity, stopGradient } from 'simclr-ts/losses';
import { describe, expect, it } from 'vitest';
import golden from '../fixtures/momentum/momentum.json' with { type: 'json' };
import { expectClose } from '../helpers/close.js';
import { hashedValues } from '../helpers/hashed-values.js';
import { expectTensors } from '../helpers/leaks.js';

// tfjs counts what customGrad saves as a leak of a kernel under this flag.
env().set('IS_TEST', false);
env().set('PROD', true);

const rowsOf = (name: string, count: number, dim: number) =>
  tensor2d(hashedValues(`momentum/${count}x${dim}/${name}`, count * dim), [count, dim]);
const gradients = (p: Tensor2D, z: Tensor2D) =>
  grads((a: Tensor, b: Tensor) => negativeCosineSimilarity(a as Tensor2D, b as Tensor2D))([p, z]) as [
    Tensor2D,
    Tensor2D,
  ];

describe('negativeCosineSimilarity', () => {
  it.each(golden.similarity)(
    'has the value and the gradients of lightly: $count images, $dim dimensions',
    async (item) => {
      await expectTensors(0, () =>
        tidy(() => {
          const { count, dim } = item;
          const [p, z] = [rowsOf('p', count, dim), rowsOf('z', count, dim)];
          expectClose(negativeCosineSimilarity(p, z).dataSync(), [item.loss], { absolute: 1e-6 });
          const [atPredictions, atTargets] = gradients(p, z);
          expectClose(atPredictions.dataSync(), item.atPredictions, { relative: 1e-5, absolute: 1e-6 });
          expectClose(atTargets.dataSync(), item.atTargets, { relative: 1e-5, absolute: 1e-6 });
        }),
      );
    },
  );

  it('has the gradient of central differences, where another loss follows too', () => {
    tidy(() => {
      const [p, z] = [rowsOf('p', 5, 3), rowsOf('z', 5, 3)];
      const loss = (values: Float32Array) => {
        const rows = Array.from({ length: 5 }, (_, i) => [...values.subarray(3 * i, 3 * i + 3)]);
        const targets = z.arraySync();
        const cosines = rows.map((row, i) => {
          const dot = row.reduce((total, value, k) => total + value * targets[i]![k]!, 0);
          return dot / (Math.hypot(...row) * Math.hypot(...targets[i]!));
        });
        return -3 * (cosines.reduce((total, value) => total + value, 0) / 5);
      };
      const values = p.dataSync() as Float32Array;
      const expected = Array.from(values, (_, index) => {
        const at = (change: number) => {
          const moved = Float64Array.from(values);
          moved[index]! += change;
          return loss(moved as never);
        };
        return (at(1e-5) - at(-1e-5)) / 2e-5;
      });
      const actual = grad((x: Tensor) => mul(negativeCosineSimilarity(x as Tensor2D, z), 3) as Scalar)(p);
      expectClose(actual.dataSync(), expected, { relative: 1e-4, absolute: 1e-5 });
    });
  });

  const matrix = fc
    .tuple(fc.integer({ min: 2, max: 6 }), fc.integer({ min: 2, max: 5 }), fc.integer({ min: 0, max: 1e6 }))
    .map(([count, dim, seed]) => ({ count, dim, seed }));
  const similarity = (p: Tensor2D, z: Tensor2D) => negativeCosineSimilarity(p, z).dataSync()[0]!;
  const made = ({ count, dim, seed }: { count: number; dim: number; seed: number }) =>
    [0, 1].map((view) => tensor2d(hashedValues(`${seed}/${view}`, count * dim), [count, dim])) as [
      Tensor2D,
      Tensor2D,
    ];

  it('is symmetric, between -1 and 1, and knows directions only', () => {
    fc.assert(
      fc.property(matrix, fc.double({ min: 0.1, max: 10, noNaN: true }), (shape, scale) =>
        tidy(() => {
          const [p, z] = made(shape);
          const value = similarity(p, z);
          expect(Math.abs(value)).toBeLessThanOrEqual(1 + 1e-6);
          expect(similarity(z, p)).toBeCloseTo(value, 5);
          expect(similarity(mul(p, scale), z)).toBeCloseTo(value, 5);
          expect(similarity(p, p)).toBeCloseTo(-1, 5);
          expect(similarity(p, mul(p, -scale))).toBeCloseTo(1, 5);
          const turned = [p, z].map((rows) => {
            const angle = scale;
            const rotation = Array.from({ length: shape.dim }, (_, i) =>
              Array.from({ length: shape.dim }, (_, k) => {
                if (i > 1 || k > 1) return i === k ? 1 : 0;
                if (i === k) return Math.cos(angle);
                return i < k ? Math.sin(angle) : -Math.sin(angle);
              }),
            );
            return matMul(rows, tensor2d(rotation)) as Tensor2D;
          });
          expect(similarity(turned[0]!, turned[1]!)).toBeCloseTo(value, 5);
        }),
      ),
      { numRuns: 30 },
    );
  });

  it('is 0 without a direction, and its gradient is finite', () => {
    tidy(() => {
      const [p, z] = [zeros([2, 3]) as Tensor2D, rowsOf('z', 2, 3)];
      expect(similarity(p, z)).toBeCloseTo(0);
      for (const gradient of gradients(p, z))
        expect([...gradient.dataSync()].every(Number.isFinite)).toBe(true);
    });
  });

  it('refuses what does not fit, by name', () => {
    tidy(() => {
      const [p, z] = [rowsOf('p', 5, 3), rowsOf('z', 5, 4)];
      expect(() => negativeCosineSimilarity(p, z)).toThrow(
        /predictions and targets must have the same shape/,
      );
      expect(() => negativeCosineSimilarity(p, tensor2d([[1, 2, 3]]))).toThrow('predictions=[5,3]');
      expect(() => negativeCosineSimilarity(p, undefined as never)).toThrow('targets');
    });
  });
});

describe('stopGradient', () => {
  it('passes values on, and no gradient', async () => {
    await expectTensors(0, () =>
      tidy(() => {
        const x = rowsOf('p', 2, 3);
        expect(stopGradient(x).dataSync()).toEqual(x.dataSync());
        const both = grad((y: Tensor) => sum(mul(y, stopGradient(y))) as Scalar)(x);
        expect(both.dataSync()).toEqual(x.dataSync()); // and not 2 x
      }),
    );
  });
});
