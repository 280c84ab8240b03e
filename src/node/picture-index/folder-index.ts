import type { ImageArray, SkippedImage } from '../../data/index.js';
import { SimCLRError } from '../../errors/errors.js';
import { isError } from '../../errors/is-error.js';
import {
  type EmbeddingArray,
  type Embeddings,
  type NearestNeighbors,
  type NeighborSearch,
  neighborSearch,
} from '../../evaluation/index.js';
import { decodePlan } from '../pictures/decode-image.js';
import { defaultWorkers, makePool } from '../pictures/decode-pool.js';
import type { OpenIndex } from './open-index.js';
import type { FoundFile } from './scan-folder.js';
import type { IndexedModel } from './storage/manifest.js';
import type { IndexChanges, UpdatedIndex } from './update-index.js';

/** The vectors of a folder's pictures: what {@link indexFolder} gives. */
export class FolderIndex {
  /** The folder of the index. */
  readonly location: string;
  /** The model whose vectors it holds. */
  readonly model: IndexedModel;
  /** The picture of each row, joined with the folder's name, in the order of their names. */
  readonly paths: readonly string[];
  /** SHA-256 of each picture's file, in hexadecimal. */
  readonly hashes: readonly string[];
  /** The vectors, a row per picture; no row while nothing is embedded. */
  readonly vectors: EmbeddingArray;
  /** Files without a vector, and why. */
  readonly skipped: readonly SkippedImage[];
  /** What this call did. */
  readonly changes: IndexChanges;
  /** Why new vectors could not be stored, with `keep: 'whenPossible'`; otherwise `undefined`. */
  readonly unsaved: string | undefined;
  private readonly index: OpenIndex;
  private prepared: Promise<NeighborSearch> | undefined;
  private ready: NeighborSearch | undefined;
  private disposed = false;

  /**
   * Use {@link indexFolder}.
   * @internal
   */
  constructor(location: string, index: OpenIndex, files: readonly FoundFile[], updated: UpdatedIndex) {
    this.location = location;
    this.index = index;
    this.model = index.manifest.model;
    this.changes = updated.changes;
    this.unsaved = updated.unsaved;
    const { dim } = this.model;
    const { rows, vectors } = updated;
    const paths: string[] = [];
    const hashes: string[] = [];
    const skipped = [...updated.failed];
    for (const [place, row] of rows.entries()) {
      const { name } = files[place]!;
      if (row?.state === 'broken') skipped.push({ path: name, reason: row.reason });
      if (row?.state !== 'embedded') continue;
      if (paths.length < place) vectors.copyWithin(paths.length * dim, place * dim, (place + 1) * dim);
      paths.push(name);
      hashes.push(row.hash);
    }
    this.paths = paths;
    this.hashes = hashes;
    this.skipped = skipped;
    this.vectors = { data: vectors.subarray(0, paths.length * dim), shape: [paths.length, dim] };
  }

  /** Height and width to which pictures are scaled before they are embedded. */
  get inputSize(): readonly [height: number, width: number] {
    const [height, width] = this.model.inputShape;
    return [height, width];
  }

  /**
   * Vectors of other pictures by the same model, which are not added to the index.
   *
   * @param pictures - Names of files; or decoded pictures of {@link FolderIndex.inputSize} in RGB.
   * @returns A row per picture.
   * @throws `DataError` naming the file that cannot be read or decoded.
   * @throws `ShapeError` when decoded pictures have another size.
   * @throws `SimCLRError` after `dispose`.
   */
  async embed(pictures: readonly string[] | ImageArray): Promise<EmbeddingArray> {
    this.checkUsable('FolderIndex.embed');
    return 'shape' in pictures ? this.embedImages(pictures) : this.embedFiles(pictures);
  }

  private async embedImages(images: ImageArray): Promise<EmbeddingArray> {
    const network = await this.index.network();
    return { data: await network.embed(images, 64), shape: [images.shape[0], this.model.dim] };
  }

  private async embedFiles(names: readonly string[]): Promise<EmbeddingArray> {
    const caller = 'FolderIndex.embed';
    const [height, width] = this.inputSize;
    const pool = makePool(caller, decodePlan(caller, { size: [height, width] }), defaultWorkers());
    try {
      const pixels = new Uint8Array(names.length * height * width * 3);
      for (const [row, result] of (await pool(names.map((name) => ({ name })))).entries()) {
        if (isError(result, 'DataError')) throw result;
        pixels.set(result.data, row * height * width * 3);
      }
      return await this.embedImages({ data: pixels, shape: [names.length, height, width, 3] });
    } finally {
      await pool.close();
    }
  }

  /**
   * Finds the pictures nearest to vectors, exactly, by cosine similarity. The first call brings the vectors to the backend,
   * where they stay until `dispose`.
   *
   * @param queries - `[q, dim]`, such as those of {@link FolderIndex.embed}.
   * @param neighbors - How many, from 1 to the number of pictures.
   * @returns Row numbers in `paths`, and similarities, nearest first.
   * @throws What `nearestNeighbors` throws. `SimCLRError` after `dispose`.
   */
  async search(queries: Embeddings, neighbors: number): Promise<NearestNeighbors> {
    this.checkUsable('FolderIndex.search');
    this.prepared ??= this.prepare();
    return (await this.prepared).search(queries, neighbors);
  }

  /** Disposes what the index made on the backend; a model that you gave stays. A second call does nothing. */
  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    this.index.dispose();
    this.ready?.dispose();
  }

  private async prepare(): Promise<NeighborSearch> {
    const search = await neighborSearch(this.vectors);
    if (this.disposed) search.dispose();
    this.ready = search;
    return search;
  }

  private checkUsable(caller: string): void {
    if (!this.disposed) return;
    throw new SimCLRError(`${caller}: the index must not be disposed. Received: a call after dispose.`);
  }
}
