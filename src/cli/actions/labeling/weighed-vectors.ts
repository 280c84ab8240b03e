import { weighComponents } from 'simclr-ts/evaluation';
import type { FolderVectors } from '../vectors/folder-vectors.js';

/** Vectors of a read-out with weighed columns, in which few pictures say more; h as it is. */
export async function weighed(found: FolderVectors): Promise<FolderVectors> {
  if (found.at === 'h') return found;
  return {
    ...found,
    vectors: await weighComponents(found.vectors),
    embed: async (path) => weighComponents(await found.embed(path)),
  };
}
