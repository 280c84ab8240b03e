import { importOptional } from '../node/backends/optional-package.js';
import { reportPackages } from './charts/chart.js';

/**
 * Checks that the optional packages of a full page are installed, before the work whose result the page shows.
 *
 * @throws `SimCLRError` with the install line when `sharp`, `umap-js`, `d3-scale` or `d3-shape` is missing.
 * @example
 * await checkReportPackages();
 */
export async function checkReportPackages(): Promise<void> {
  const caller = 'checkReportPackages';
  await importOptional(caller, 'umap-js', () => import('umap-js'), reportPackages);
  await importOptional(caller, 'd3-scale', () => import('d3-scale'), reportPackages);
  await importOptional(caller, 'd3-shape', () => import('d3-shape'), reportPackages);
  await importOptional(caller, 'sharp', undefined, reportPackages);
}
