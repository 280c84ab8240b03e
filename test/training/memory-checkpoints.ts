import type { io } from '@tensorflow/tfjs-core';
import type { CheckpointStore } from '../../src/training/index.js';
import { memoryStore } from './tiny.js';

/** A store of several checkpoints in memory, whose contents tests may change. */
export interface MemoryCheckpoints extends CheckpointStore {
  saved: Map<string, io.ModelArtifacts>;
  manifest: string | undefined;
}

/** Makes an empty one. */
export function memoryCheckpoints(): MemoryCheckpoints {
  const saved = new Map<string, io.ModelArtifacts>();
  return {
    saved,
    manifest: undefined,
    at(name) {
      const one = memoryStore();
      return {
        async save(artifacts) {
          const result = await one.save!(artifacts);
          saved.set(name, one.artifacts!);
          return result;
        },
        async load() {
          return structuredClone(saved.get(name)!);
        },
      };
    },
    names: async () => [...saved.keys()],
    remove: async (name) => void saved.delete(name),
    async readManifest() {
      return this.manifest;
    },
    async writeManifest(text) {
      this.manifest = text;
    },
  };
}
