import { afterEach, expect } from 'vitest';
import { type OpenOptions, type OpenStudio, openStudio } from './open-studio.js';

/** For tests that open a studio each: what opens one, which is closed after its test and must have had no error. */
export function oneAtATime(): (options?: OpenOptions) => Promise<OpenStudio> {
  let studio: OpenStudio | undefined;
  afterEach(async () => {
    const errors = studio?.errors ?? [];
    await studio?.close();
    studio = undefined;
    expect(errors).toEqual([]);
  });
  return async (options) => {
    studio = await openStudio(options);
    return studio;
  };
}
