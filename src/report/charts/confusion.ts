import { escapeHtml, percent, plural, whole } from '../page/html.js';
import type { ReportConfusion } from '../types.js';

/** With more classes than this, a table is too large to read. */
const maxTableClasses = 20;

/** The most frequent confusions of two classes, in descending order. */
function confusions(matrix: ReportConfusion['matrix'], count: number) {
  return matrix
    .flatMap((row, actual) => row.map((pictures, predicted) => ({ actual, predicted, pictures })))
    .filter(({ actual, predicted, pictures }) => actual !== predicted && pictures > 0)
    .sort((a, b) => b.pictures - a.pictures)
    .slice(0, count);
}

function matrixTable(matrix: ReportConfusion['matrix'], nameOf: (label: number) => string): string {
  const head = matrix.map((_, label) => `<th scope="col"><span>${nameOf(label)}</span></th>`);
  const body = matrix.map((row, actual) => {
    const total = row.reduce((sum, pictures) => sum + pictures, 0);
    const cells = row.map((pictures, predicted) => {
      const share = total > 0 ? pictures / total : 0;
      const kind = predicted === actual ? ' class="own"' : '';
      const text = `${nameOf(actual)} as ${nameOf(predicted)}: ${whole(pictures)} of ${whole(total)}`;
      return `<td${kind} style="--p:${(60 * share).toFixed(1)}%" title="${text}">${pictures > 0 ? whole(pictures) : '<span class="zero">0</span>'}</td>`;
    });
    return `<tr><th scope="row">${nameOf(actual)}</th>${cells.join('')}<td class="recall">${total > 0 ? percent(row[actual]! / total) : '\u2013'}</td></tr>`;
  });
  return `<div class="scroll"><table class="matrix"><thead><tr><td></td>${head.join('')}<th scope="col"><span>right</span></th></tr></thead><tbody>${body.join('')}</tbody></table></div>`;
}

/** The confusion matrix and its most frequent mistakes. */
export function confusionSection({ of, matrix }: ReportConfusion, classNames: readonly string[]): string {
  const nameOf = (label: number) => escapeHtml(classNames[label] ?? String(label));
  const isSmall = matrix.length <= maxTableClasses;
  const list = confusions(matrix, isSmall ? 3 : 20).map(
    ({ actual, predicted, pictures }) => `${nameOf(actual)} as ${nameOf(predicted)} (${whole(pictures)})`,
  );
  const total = matrix.flat().reduce((sum, pictures) => sum + pictures, 0);
  const summary = list.length > 0 ? ` Most often mistaken: ${list.join(', ')}.` : ' No mistakes.';
  const reading = isSmall
    ? ' Rows are true classes, columns predicted ones; the color is the share of the row.'
    : '';
  return `<section><h2>Which classes are mistaken for which?</h2>
<p class="note">${plural(total, 'test picture')} by the ${escapeHtml(of)}.${reading}${summary}</p>
${isSmall ? matrixTable(matrix, nameOf) : ''}</section>`;
}
