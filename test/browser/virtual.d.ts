/** Made by bundle.ts: every test file that can run in a browser, by its path. */
declare module 'virtual:test-files' {
  export const testFiles: Record<string, () => Promise<unknown>>;
}
