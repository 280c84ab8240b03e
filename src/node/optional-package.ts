import { SimCLRError } from '../errors/errors.js';

/** Whether `error` says that `name` itself is not installed, rather than that it is broken. */
export function isNotInstalled(error: unknown, name: string): boolean {
  const { code, message = '' } = (error ?? {}) as { code?: string; message?: string };
  return (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND') && message.includes(`'${name}'`);
}

/**
 * Imports a package that is not a hard dependency.
 *
 * @param load - `() => import(name)`, with the name as a literal where bundlers are to see it.
 * @throws `SimCLRError` with the install line when the package is missing, with its own message when it is
 *   broken.
 */
export async function importOptional<T>(caller: string, name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    const reason = isNotInstalled(error, name)
      ? 'is not installed'
      : `does not load (${(error as Error).message})`;
    throw new SimCLRError(
      `${caller}: the package ${name} must be there; install it with \`npm install ${name}\`. Received: ${name} ${reason}.`,
      { cause: error },
    );
  }
}
