import { importOptional } from '../../backends/optional-package.js';

const toInstall = 'hyparquet hyparquet-writer';

/** The package that reads Parquet files. */
export function parquetReader(caller: string): Promise<typeof import('hyparquet')> {
  return importOptional<typeof import('hyparquet')>(caller, 'hyparquet', undefined, toInstall);
}

/** The package that writes Parquet files. */
export function parquetWriter(caller: string): Promise<typeof import('hyparquet-writer')> {
  return importOptional<typeof import('hyparquet-writer')>(caller, 'hyparquet-writer', undefined, toInstall);
}
