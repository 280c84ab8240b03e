import type { layers } from '@tensorflow/tfjs-layers';

/** Arguments that every layer of tfjs-layers takes: `name`, `trainable`, `inputShape`, ... */
export type LayerArguments = NonNullable<ConstructorParameters<typeof layers.Layer>[0]>;

/** A shape whose batch size may be unknown (`null`). */
export type OpenShape = Array<number | null>;

/** Arguments of a call: `training`, and those of this library's layers. */
export type CallArguments = Parameters<layers.Layer['call']>[1];

/** A weight of a layer. */
export type Weight = ReturnType<layers.Layer['addWeight']>;

/** What `addWeight` calls an initializer. */
export type WeightInitializer = Parameters<layers.Layer['addWeight']>[3];
