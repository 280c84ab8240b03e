import { examine } from 'simclr-ts/doctor';
import { embeddingHealth } from 'simclr-ts/evaluation';
import { availableCores, useBestBackend } from 'simclr-ts/node';
import type { Action } from '../context.js';
import { exitCodes } from '../exit-codes.js';
import { fitChannels } from './fit-channels.js';
import { holdsModel, type ModelOptions, openModel } from './open-model.js';
import { decodeAtOnce, decodeInChunks, type ListedPictures, listFolder } from './pictures.js';
import { table } from './table.js';

/** Result of one check. */
interface Check {
  name: string;
  status: 'ok' | 'warning' | 'error';
  message: string;
  remedy?: string;
}

const sampleSize = 64;

function checkNode(): Check {
  const message = `Node ${process.versions.node}, ${availableCores()} cores`;
  const isOld = Number(process.versions.node.split('.')[0]) < 20;
  return isOld
    ? { name: 'node', status: 'error', message, remedy: 'Install Node 20 or newer.' }
    : { name: 'node', status: 'ok', message };
}

async function checkSharp(): Promise<Check> {
  try {
    const { default: sharp } = await import('sharp');
    return { name: 'sharp', status: 'ok', message: `reads pictures (libvips ${sharp.versions.vips})` };
  } catch (error) {
    const message = `does not load: ${(error as Error).message.split('\n')[0]}`;
    return { name: 'sharp', status: 'error', message, remedy: 'Install it with `npm install sharp`.' };
  }
}

async function checkBackend(prefer: string | undefined): Promise<Check> {
  try {
    const { name, reasons } = await useBestBackend(prefer === undefined ? {} : { prefer });
    const message = `${name} (${reasons.find(({ taken }) => taken)?.reason})`;
    if (name !== 'cpu') return { name: 'backend', status: 'ok', message };
    const remedy = 'Install a fast one with `npm install @tensorflow/tfjs-backend-wasm`.';
    return { name: 'backend', status: 'warning', message, remedy };
  } catch (error) {
    const remedy = 'Install one with `npm install @tensorflow/tfjs-backend-wasm`.';
    return { name: 'backend', status: 'error', message: (error as Error).message, remedy };
  }
}

/** Decodes every file once at a small size and discards the pixels. */
async function checkFolder(dir: string): Promise<{ checks: Check[]; pictures?: ListedPictures }> {
  let listed: ListedPictures;
  try {
    listed = await listFolder(dir);
  } catch (error) {
    return { checks: [{ name: 'pictures', status: 'error', message: (error as Error).message }] };
  }
  const good: string[] = [];
  const skipped: { path: string; reason: string }[] = [];
  for await (const chunk of decodeInChunks(listed.paths, [8, 8], sampleSize)) {
    good.push(...chunk.indices.map((index) => listed.paths[index]!));
    skipped.push(...chunk.skipped);
  }
  const classes = listed.classNames ? `, ${listed.classNames.length} class folders` : ', no class folders';
  const few = good.length < 64;
  const checks: Check[] = [
    {
      name: 'pictures',
      status: good.length < 2 ? 'error' : few ? 'warning' : 'ok',
      message: `${good.length} whole pictures${classes}`,
      ...(few && { remedy: 'Contrastive learning needs many pictures: use hundreds or more.' }),
    },
  ];
  for (const { path, reason } of skipped) {
    checks.push({ name: 'file', status: 'warning', message: `${path}: ${reason}` });
  }
  return { checks, pictures: { ...listed, paths: good } };
}

async function checkModel(
  options: ModelOptions,
  context: Parameters<Action<ModelOptions>>[2],
  pictures: ListedPictures | undefined,
): Promise<Check[]> {
  if (!(await holdsModel(options.model))) {
    if (!context.isGiven('model')) return [];
    return [{ name: 'model', status: 'error', message: `there is no model in ${options.model}` }];
  }
  try {
    const simclr = await openModel(options, context);
    try {
      const message = `${options.model}: ${simclr.progress.step} steps, ${simclr.inputSize.join('x')} pixels`;
      const checks: Check[] = [{ name: 'model', status: 'ok', message }];
      if (!pictures || pictures.paths.length < 2) return checks;
      const decoded = await decodeAtOnce(pictures.paths.slice(0, sampleSize), simclr.inputSize);
      const images = fitChannels(simclr, decoded.images);
      if (simclr.augmentation) {
        for (const { code, severity, message: finding, remedy } of await examine(simclr, images)) {
          checks.push({ name: code, status: severity, message: finding, remedy });
        }
      }
      const h = await simclr.embed(images);
      try {
        const { effectiveRank, collapsed } = await embeddingHealth(h);
        const text = `effective rank ${effectiveRank.toFixed(1)} of ${Math.min(...h.shape)} on ${h.shape[0]} pictures`;
        checks.push({
          name: 'representations',
          status: collapsed ? 'error' : 'ok',
          message: collapsed ? `collapsed: ${text}` : text,
          ...(collapsed && { remedy: 'Train again with a lower learning rate, or on more varied pictures.' }),
        });
      } finally {
        h.dispose();
      }
      return checks;
    } finally {
      simclr.dispose();
    }
  } catch (error) {
    return [{ name: 'model', status: 'error', message: (error as Error).message }];
  }
}

/** `doctor [DIR]`: what is installed, and whether pictures and model are in order. */
export const doctor: Action<ModelOptions> = async ([dir], options, context) => {
  const checks = [checkNode(), await checkSharp(), await checkBackend(options.backend)];
  const canDecode = checks.every(({ name, status }) => name !== 'sharp' || status !== 'error');
  const hasBackend = checks.every(({ name, status }) => name !== 'backend' || status !== 'error');
  const folder = dir !== undefined && canDecode ? await checkFolder(dir) : undefined;
  checks.push(...(folder?.checks ?? []));
  if (hasBackend) checks.push(...(await checkModel(options, context, folder?.pictures)));
  const healthy = checks.every(({ status }) => status !== 'error');
  const rows = checks.map(({ status, name, message, remedy }) => [
    status,
    name,
    remedy === undefined ? message : `${message.replace(/\.$/, '')}. ${remedy}`,
  ]);
  return {
    text: table(['status', 'what', 'finding'], rows),
    json: { healthy, checks },
    exitCode: healthy ? exitCodes.success : exitCodes.findings,
  };
};
