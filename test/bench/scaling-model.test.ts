import { describe, expect, it } from 'vitest';
import { predict } from '../../bench/scaling-model.js';

const figures = { step: 1, batch: 32, bandwidth: 1e9, latency: 1e-5, speed: 2e10 };

describe('predict', () => {
  it('charges one rank nothing for others', () => {
    expect(predict(1, figures)).toMatchObject({
      loss: 0,
      gather: 0,
      statistics: 0,
      gradients: 0,
      efficiency: 1,
    });
  });

  it('moves the gradients of two ranks once, of many at most twice', () => {
    const once = (11_700_000 * 4) / 1e9;
    expect(predict(2, figures).gradients).toBeCloseTo(once, 4);
    expect(predict(512, figures).gradients).toBeLessThan(2 * once + 0.001);
  });

  it('lets projections and loss grow with the ranks', () => {
    const [eight, more] = [predict(8, figures), predict(64, figures)];
    expect(more.loss / eight.loss).toBeCloseTo(9, 5);
    expect(more.efficiency).toBeLessThan(eight.efficiency);
  });
});
