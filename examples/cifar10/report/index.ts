import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { escapeHtml } from './html.js';
import { lossChart } from './loss-chart.js';
import { figures, header, maps, neighbors, training, views } from './sections.js';
import { styles } from './styles.js';
import type { ReportData } from './types.js';

export type * from './types.js';

/**
 * Writes `report.html` into `dir`: one file that opens without a server and loads nothing from anywhere.
 *
 * @param dir - Made when it is not there.
 * @returns The path of the file.
 */
export async function writeReport(dir: string, data: ReportData): Promise<string> {
  const { report, classNames } = data;
  const sections = [
    figures(data),
    await views(data.views),
    training(data, lossChart(data.losses, data.batchSize)),
    await maps(data.map, classNames, report.seed),
    await neighbors(data.neighbors, classNames),
  ];
  const page = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>${escapeHtml(data.title)}</title>
<style>${styles(classNames.length)}</style>
</head>
<body>
<main>
${header(data)}
${sections.join('\n')}
<footer>Written by simclr-ts. The figures of this page, and more, are in report.json beside it.</footer>
</main>
</body>
</html>
`;
  await mkdir(dir, { recursive: true });
  const path = join(dir, 'report.html');
  await writeFile(path, page);
  return path;
}
