import { checkKeys } from '../errors/check-keys.js';
import { checkInteger } from '../errors/checks.js';
import type { FilePath } from '../node/files/file-path.js';
import { accuracyTable, header } from './charts/accuracies.js';
import { confusionSection } from './charts/confusion.js';
import { healthSection } from './charts/health.js';
import { labelEfficiencySection } from './charts/label-efficiency.js';
import { qualitySection } from './charts/quality.js';
import { mapSection } from './galleries/map.js';
import { neighborsSection } from './galleries/neighbors.js';
import { viewsSection } from './galleries/views.js';
import { htmlPage } from './page/page.js';
import { settingsSection } from './page/settings.js';
import { writeText } from './page/write-text.js';
import { trainingSection } from './training.js';
import type { ReportData } from './types.js';

/**
 * Writes a run's report as one HTML file: accuracies with their intervals, quality
 * over time, views, the loss, the label-efficiency curve, the
 * confusion matrix, UMAP maps and nearest neighbors, as far as they are given. The page needs no server, loads nothing and
 * runs no script. It has a light and a dark theme, and a text for every picture. The same data give the same page.
 *
 * @param path - The file to write. Missing folders are created.
 * @param data - What to show.
 * @returns The path.
 * @throws `DataError` when the file cannot be written.
 * @throws `SimCLRError` when a package that the page needs is not installed: `sharp` for pictures, `umap-js` for maps,
 * `d3-scale` and `d3-shape` for curves.
 * @example
 * await writeReport('report.html', { title: 'My run', training: { losses: history.steps, batchSize: 64 } });
 */
export async function writeReport(path: FilePath, data: ReportData): Promise<string> {
  checkKeys(
    'writeReport',
    data,
    {
      title: 1,
      facts: 1,
      classNames: 1,
      seed: 1,
      accuracies: 1,
      training: 1,
      quality: 1,
      health: 1,
      views: 1,
      labelEfficiency: 1,
      confusion: 1,
      map: 1,
      neighbors: 1,
      settings: 1,
    },
    'data',
  );
  const {
    title,
    accuracies,
    quality,
    health,
    views,
    training,
    labelEfficiency,
    confusion,
    map,
    neighbors,
    settings,
  } = data;
  const { classNames = [], seed = 0 } = data;
  checkInteger('writeReport', 'seed', seed, 0);
  const parts = [
    header(data),
    accuracies ? accuracyTable(accuracies, classNames) : '',
    quality ? await qualitySection(quality) : '',
    health ? await healthSection(health) : '',
    labelEfficiency ? await labelEfficiencySection(labelEfficiency) : '',
    confusion ? confusionSection(confusion, classNames) : '',
    views ? await viewsSection(views) : '',
    training ? await trainingSection(training) : '',
    map ? await mapSection(map, classNames, seed) : '',
    neighbors ? await neighborsSection(neighbors, classNames) : '',
    settings ? settingsSection(settings) : '',
  ];
  return writeText('writeReport', path, htmlPage(title, classNames.length, parts));
}
