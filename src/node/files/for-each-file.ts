/**
 * Runs `work` for each of many files, some at a time, so that one is read while another is worked on.
 *
 * @param concurrency - Files at a time.
 */
export async function forEachFile<T>(
  items: readonly T[],
  concurrency: number,
  work: (item: T, index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const i = next++;
      await work(items[i]!, i);
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, items.length) }, worker));
}
