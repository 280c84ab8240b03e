/** @throws with a text for people when `work` takes longer than `seconds`; it is not ended. */
export async function within<T>(seconds: number, what: string, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new LateError(`${what} did not answer within ${seconds} s.`)),
      1000 * seconds,
    );
  });
  try {
    return await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
  }
}

/** Something did not happen in time. */
export class LateError extends Error {
  override name = 'LateError';
}
