import { lossChart } from './charts/loss-chart.js';
import { duration, plural, whole } from './page/html.js';
import type { ReportEpoch, ReportTraining } from './types.js';

function epochTable(epochs: readonly ReportEpoch[]): string {
  const rows = epochs.map(
    ({ epoch, loss, seconds, pairsPerSecond, steps, partial }) =>
      `<tr><td>${epoch + 1}${partial ? ' (partial)' : ''}</td><td>${loss.toFixed(4)}</td><td>${whole(steps)}</td>
<td>${duration(seconds)}</td><td>${pairsPerSecond.toFixed(1)}</td></tr>`,
  );
  return `<details><summary>Details of ${plural(epochs.length, 'epoch')}</summary><div class="scroll"><table><thead><tr><th scope="col">Epoch</th><th scope="col">Mean loss</th>
<th scope="col">Steps</th><th scope="col">Time</th><th scope="col">Pairs per second</th></tr></thead><tbody>${rows.join('')}</tbody></table></div></details>`;
}

/** The loss curve and a table of the epochs. */
export async function trainingSection(training: ReportTraining): Promise<string> {
  const { batchSize, epochs = [] } = training;
  return `<section><h2>Loss</h2>
<p class="note">NT-Xent in nats. The dashed line is the loss of an encoder that cannot tell the ${whole(2 * batchSize)} views of a batch apart.</p>
${await lossChart(training)}
${epochs.length > 0 ? epochTable(epochs) : ''}</section>`;
}
