import { confidenceInterval } from 'simclr-ts';
import { layout } from './embedding-map.js';
import { duration, escapeHtml, percent, whole } from './html.js';
import { imageTag, sprite } from './pictures.js';
import type {
  Accuracies,
  LabeledPicture,
  MapData,
  MapEmbeddings,
  NeighborRow,
  ReportData,
  ReportSummary,
  ViewRow,
} from './types.js';

const plural = (count: number, noun: string) => `${whole(count)} ${noun}${count === 1 ? '' : 's'}`;

/** What was run, and the one sentence of what came out. */
export function header(data: ReportData): string {
  const { report, batchSize, title } = data;
  const { evaluation, testImages } = report;
  const seconds = report.totalSeconds ?? report.epochs.reduce((sum, epoch) => sum + epoch.seconds, 0);
  const before = confidenceInterval(evaluation.before.knn, testImages);
  const after = confidenceInterval(evaluation.after.knn, testImages);
  const apart = after.low > before.high || after.high < before.low;
  const facts: [string, string][] = [
    ['Encoder', report.encoder],
    ['Training pictures', whole(report.images)],
    ['Epochs', epochCount(report)],
    ['Batch size', whole(batchSize)],
    ['Duration', duration(seconds)],
    ['Backend', report.backend],
    ['Seed', String(report.seed)],
  ];
  return `<header>
<h1>${escapeHtml(title)}</h1>
<p class="lead">Training without labels took the k-nearest-neighbour accuracy on ${plural(testImages, 'test picture')} from
<strong>${percent(evaluation.before.knn)}</strong> to <strong>${percent(evaluation.after.knn)}</strong>${
    apart ? '' : '; the 95 % intervals overlap, so this difference may be chance'
  }.</p>
<dl class="facts">${facts.map(([name, value]) => `<div><dt>${name}</dt><dd>${escapeHtml(value)}</dd></div>`).join('')}</dl>
</header>`;
}

function epochCount({ epochs }: ReportSummary): string {
  const full = epochs.filter((epoch) => !epoch.partial).length;
  return full === epochs.length ? whole(full) : `${whole(full)} and a part`;
}

function accuracyCell(name: string, accuracy: number, count: number): string {
  const { low, high } = confidenceInterval(accuracy, count);
  const width = (share: number) => `${(100 * share).toFixed(2)}%`;
  return `<td data-label="${name}"><span class="figure">${percent(accuracy)}</span><small class="range">${(100 * low).toFixed(1)}\u2013${percent(high)}</small>
<div class="scale" aria-hidden="true"><b style="width:${width(accuracy)}"></b><i style="left:${width(low)};width:${width(high - low)}"></i></div></td>`;
}

/** The table of accuracies. */
export function figures({ report, classNames }: ReportData): string {
  const { evaluation, testImages } = report;
  const rows: [string, string, Accuracies, string][] = [
    ['Raw pixels', 'no encoder', evaluation.rawPixels, ''],
    ['Before training', 'random weights', evaluation.before, ''],
    ['After training', 'no labels used', evaluation.after, 'after'],
  ];
  const body = rows.map(
    ([
      name,
      remark,
      { knn, linearProbe },
      kind,
    ]) => `<tr class="${kind}"><th scope="row">${name}<small>${remark}</small></th>
${accuracyCell('k nearest neighbours', knn, testImages)}${accuracyCell('Linear probe', linearProbe, testImages)}</tr>`,
  );
  return `<section><h2>How good are the features?</h2>
<p class="note">Top-1 accuracy on ${plural(testImages, 'test picture')} with 95 % Wilson intervals.
Guessing among ${classNames.length} equally frequent classes gives ${percent(1 / classNames.length)}${
    evaluation.centeredPixels
      ? `; nearest neighbours on pixels less their picture's mean ${percent(evaluation.centeredPixels.knn)}`
      : ''
  }.</p>
<table class="figures"><thead><tr><th scope="col">Features</th><th scope="col">k nearest neighbours</th><th scope="col">Linear probe</th></tr></thead>
<tbody>${body.join('')}</tbody></table></section>`;
}

/** Pictures beside their two views. */
export async function views(rows: readonly ViewRow[]): Promise<string> {
  const items = await Promise.all(
    rows.map(async ({ original, view1, view2 }, index) => {
      const picture = `Picture ${index + 1}`;
      const images = await Promise.all([
        imageTag(original, picture),
        imageTag(view1, `${picture}, first view`),
        imageTag(view2, `${picture}, second view`),
      ]);
      return `<li>${images[0]}<span class="arrow" aria-hidden="true">\u2192</span>${images[1]}${images[2]}</li>`;
    }),
  );
  return `<section><h2>What the encoder is shown</h2>
<p class="note">Each picture on the left gives two random views. Training pulls the embeddings of the two together and pushes those
of all other pictures of the batch away.</p>
<ul class="views">${items.join('')}</ul></section>`;
}

/** The loss curve and the figures of each epoch. */
export function training({ report, batchSize }: ReportData, chart: string): string {
  const rows = report.epochs.map(
    ({
      epoch,
      loss,
      seconds,
      pairsPerSecond,
      steps,
      partial,
    }) => `<tr><td>${epoch + 1}${partial ? ' (part)' : ''}</td>
<td>${loss.toFixed(4)}</td><td>${whole(steps)}</td><td>${duration(seconds)}</td><td>${pairsPerSecond.toFixed(1)}</td></tr>`,
  );
  return `<section><h2>The loss</h2>
<p class="note">NT-Xent in nats. The dashed line is what an encoder gets that cannot tell the ${whole(2 * batchSize)} views of a batch apart.</p>
${chart}
<details><summary>Figures of ${plural(report.epochs.length, 'epoch')}</summary><div class="scroll"><table><thead><tr><th scope="col">Epoch</th><th scope="col">Mean loss</th>
<th scope="col">Steps</th><th scope="col">Time</th><th scope="col">Pairs per second</th></tr></thead><tbody>${rows.join('')}</tbody></table></div></details></section>`;
}

/** Two UMAP layouts of the same pictures, with a legend that picks out a class. */
export async function maps(
  { pictures, before, after }: MapData,
  classNames: readonly string[],
  seed: number,
): Promise<string> {
  if (pictures.length < 4) return '';
  const { url, columns, rows } = await sprite(pictures);
  const size = Math.min(7, Math.max(2.1, 72 / Math.sqrt(pictures.length)));
  const place = (index: number, count: number) =>
    count > 1 ? ((100 * index) / (count - 1)).toFixed(2) : '0';
  const plane = (embeddings: MapEmbeddings, name: string) => {
    const room = 100 - 1.5 * size;
    const thumbs = layout(embeddings, seed).map(({ x, y }, index) => {
      const label = pictures[index]!.label;
      const position = `${place(index % columns, columns)}% ${place(Math.floor(index / columns), rows)}%`;
      const left = (50 + (x - 0.5) * room).toFixed(2);
      const top = (50 + (y - 0.5) * room).toFixed(2);
      const title = escapeHtml(classNames[label] ?? String(label));
      return `<span class="thumb k${label}" title="${title}" style="left:${left}%;top:${top}%;background-position:${position}"></span>`;
    });
    const text = `Map of ${pictures.length} test pictures by their embeddings ${name.toLowerCase()}`;
    return `<figure><h3>${name}</h3><div class="plane" role="img" aria-label="${text}">${thumbs.join('')}</div></figure>`;
  };
  const choices = classNames.map(
    (name, label) =>
      `<label class="k${label}"><input type="radio" name="only" id="only${label}"><span class="swatch"></span>${escapeHtml(name)}</label>`,
  );
  return `<section><h2>A map of the embeddings</h2>
<p class="note">UMAP lays ${whole(pictures.length)} test pictures out so that neighbours in the embedding are neighbours on the page. Frames are coloured by
class, which training never saw. Choose a class to pick it out.</p>
<style>.thumb{--s:${size.toFixed(2)}%;background-image:url(${url});background-size:${columns * 100}% ${rows * 100}%}</style>
<fieldset class="legend"><legend class="sr">Show a class</legend><label><input type="radio" name="only" checked><span class="swatch"></span>all</label>${choices.join('')}</fieldset>
<div class="maps">${plane(before, 'Before training')}${plane(after, 'After training')}</div></section>`;
}

/** Queries with their neighbours, before and after. */
export async function neighbors(
  rows: readonly NeighborRow[],
  classNames: readonly string[],
): Promise<string> {
  const nameOf = (picture: LabeledPicture) => classNames[picture.label] ?? String(picture.label);
  async function strip(
    name: string,
    query: LabeledPicture,
    found: readonly LabeledPicture[],
  ): Promise<string> {
    const right = found.filter((picture) => picture.label === query.label).length;
    const images = await Promise.all(
      found.map(async (picture, index) => {
        const same = picture.label === query.label;
        const alt = `Neighbour ${index + 1}: ${nameOf(picture)}, ${same ? 'the same class' : 'another class'}`;
        return `<figure class="found${same ? ' right' : ''}">${await imageTag(picture, alt)}<figcaption>${escapeHtml(nameOf(picture))}</figcaption></figure>`;
      }),
    );
    return `<div class="strip"><h3>${name} <span>\u00b7 ${right} of ${found.length} right</span></h3><div style="--n:${Math.max(1, Math.min(8, found.length))}">${images.join('')}</div></div>`;
  }
  const items = await Promise.all(
    rows.map(async ({ query, before, after }) => {
      const name = nameOf(query);
      return `<li><figure class="query">${await imageTag(query, `Query: ${name}`)}<figcaption>${escapeHtml(name)}</figcaption></figure>
${await strip('Before', query, before)}${await strip('After', query, after)}</li>`;
    }),
  );
  return `<section><h2>Nearest neighbours</h2>
<p class="note">On the left a test picture, then the pictures whose embeddings are most similar to its own, nearest first.
A tick and a green frame mark those of the same class.</p>
<ul class="rows">${items.join('')}</ul></section>`;
}
