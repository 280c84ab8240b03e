// Not imported by name, because webpack would replace `createRequire` and look for packages itself.
import * as nodeModule from 'node:module';
import { pathToFileURL } from 'node:url';
import { SimCLRError } from '../../errors/errors.js';

/** Whether `error` means that `name` is not installed, rather than broken. */
export function isNotInstalled(error: unknown, name: string): boolean {
  const { code, message = '' } = (error ?? {}) as { code?: string; message?: string };
  return (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND') && message.includes(`'${name}'`);
}

/** This file: a name where modules are CommonJS, otherwise an address. The CommonJS build has no `import.meta.url`. */
function ownFile(): string | undefined {
  return typeof __filename === 'string' ? __filename : import.meta.url;
}

/** The working directory, `undefined` if it was deleted. */
function workingDirectory(): string | undefined {
  try {
    return `${process.cwd()}/`;
  } catch {
    return undefined;
  }
}

/**
 * Finds the file of a package that the library may not reach by itself: in a workspace, only the application has it,
 * and a thread that runs a string resolves from the working directory.
 *
 * @param from - Looked from first: a file of the application, or a folder whose name ends with a slash.
 * @returns `undefined` when it is not found from there, from this file, from the main program or from the working
 *   directory.
 */
export function findPackage(name: string, from?: string): string | undefined {
  for (const place of [from, ownFile(), process.argv[1], workingDirectory()]) {
    try {
      if (place) return nodeModule.createRequire(place).resolve(name);
    } catch {
      // the next place may know it
    }
  }
  return undefined;
}

/**
 * Imports a package that may be missing. Neither compiler nor bundler looks for it: bundlers would fail if it is
 * missing, and move it away from its binaries.
 *
 * @param from - As for {@link findPackage}.
 * @throws the error of the import.
 */
export async function importByName<T>(name: string, from?: string): Promise<T> {
  try {
    return await import(/* webpackIgnore: true */ /* turbopackIgnore: true */ /* @vite-ignore */ name);
  } catch (error) {
    const file = isNotInstalled(error, name) && findPackage(name, from);
    if (!file) throw error;
    return import(
      /* webpackIgnore: true */ /* turbopackIgnore: true */ /* @vite-ignore */ pathToFileURL(file).href
    );
  }
}

/**
 * Imports a package that is not a hard dependency.
 *
 * @param load - How; by default by its name, unseen by bundlers.
 * @param toInstall - The packages that the install line names: those that are needed together.
 * @throws `SimCLRError` with the install line when the package is missing, with its own message when it is
 *   broken.
 */
export async function importOptional<T>(
  caller: string,
  name: string,
  load: () => Promise<T> = () => importByName<T>(name),
  toInstall = name,
): Promise<T> {
  try {
    return await load();
  } catch (error) {
    const reason = isNotInstalled(error, name)
      ? 'is not installed'
      : `does not load (${(error as Error).message})`;
    throw new SimCLRError(
      `${caller}: the package ${name} must be there; install it with \`npm install ${toInstall}\`. Received: ${name} ${reason}.`,
      { cause: error },
    );
  }
}
