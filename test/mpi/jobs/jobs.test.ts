import { describe, expect, it } from 'vitest';
import { singleProcess } from '../../../src/distributed/index.js';
import { bundled } from '../../distributed/start-ranks.js';
import { type TrainOptions, train } from '../../distributed/tasks.js';
import { expectClose } from '../../helpers/close.js';
import type { Ending } from './job-program.js';
import { launchers, runJob } from './run-job.js';

type Trained = Awaited<ReturnType<typeof train>>;

const program = bundled('../mpi/jobs/job-program.ts');

/** Far above what it takes here, far below a hang. */
const fewSeconds = 40;

it('there is a launcher', () => {
  expect(launchers.map(({ name }) => name)).toContain('OpenMPI');
  if (launchers.length < 2) console.log('MPICH is not installed: its half of these tests is left out.');
});

describe.each(launchers)('$name', (launcher) => {
  it.each([2, 3, 4])('joins %i ranks in every operation', async (size) => {
    const { code, stderr, values } = await runJob(launcher, size, program(), { name: 'collectives' });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const ranks = Array.from({ length: size }, (_, rank) => rank);
    const sum = Array.from({ length: 2500 }, (_, i) => size * i + (size * (size - 1)) / 2);
    for (const value of values) {
      expect(value).toEqual({
        sum,
        sumNow: sum,
        extremes: [
          [size - 1, 0],
          [0, 1 - size],
        ],
        root: [size - 1, 7],
        gathered: ranks.flatMap((rank) => [rank, 10 * rank]),
        gatheredNow: ranks.flatMap((rank) => Array.from({ length: 2500 }, (_, i) => i + rank)),
      });
    }
  });

  it.each([2, 3, 4])('trains on %i ranks as one process with the batch of all', async (size) => {
    const options: TrainOptions = { batchSize: 12 / size };
    const { code, stderr, values } = await runJob(launcher, size, program(), { name: 'train', options });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const whole = await train(singleProcess(), { batchSize: 12 });
    for (const value of values as Trained[]) {
      expectClose(value.losses, whole.losses, { relative: 2e-5, absolute: 2e-5 });
      expectClose(value.weights, whole.weights, { relative: 2e-5, absolute: 2e-5 });
      expect(value.weights).toEqual((values[0] as Trained).weights);
    }
  });

  it.each<[Ending, RegExp]>([
    ['throw', /Rank 1 of 3 ends the job\. Error: a picture is missing/],
    ['exit 3', /Rank 1 of 3 ends the job\. Its program ended with code 3\./],
    ['exit 0', /Rank [02] waits for rank 1, whose program has ended/],
    ['return', /Rank [02] waits for rank 1, whose program has ended/],
    ['kill', /./],
  ])('ends the job in seconds when a rank does: %s', async (how, message) => {
    const { code, stdout, stderr, seconds } = await runJob(launcher, 3, program(), { name: 'end', how });
    expect(code).not.toBe(0);
    expect(stdout + stderr).toMatch(message);
    expect(seconds).toBeLessThan(fewSeconds);
  });

  it('ends the job with the error of a callback', async () => {
    const options: TrainOptions = { batchSize: 4, throwOn: 1 };
    const { code, stderr } = await runJob(launcher, 3, program(), { name: 'train', options });
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/Rank 0 of 3 ends the job\. Error: the disk is full/);
  });

  it('names what the ranks do not agree on', async () => {
    const options: TrainOptions = { batchSize: 6, seeds: [1, 2] };
    const { code, stderr } = await runJob(launcher, 2, program(), { name: 'train', options });
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/must have the same seed\. Received: seed=1 on rank 0, seed=2 on rank 1/);
  });

  it('says which library is missing', async () => {
    const library = { SIMCLR_MPI_LIBRARY: 'libnothing.so' };
    const { code, stderr } = await runJob(launcher, 2, program(), { name: 'collectives' }, library);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(
      /DistributedError.*an MPI library must be installed.*none of libnothing\.so loads/,
    );
  });
});

it.runIf(launchers.length > 1)('names a library that is not of the launcher', async () => {
  const [, mpich] = launchers;
  const library = { SIMCLR_MPI_LIBRARY: 'libmpi.so.40' };
  const { code, stderr } = await runJob(mpich, 2, program(), { name: 'collectives' }, library);
  expect(code).not.toBe(0);
  expect(stderr).toMatch(
    /the MPI library must belong to the launcher.*libmpi\.so\.40, which counts 1 processes/,
  );
});

it('needs no MPI where nobody started several processes', async () => {
  const library = { SIMCLR_MPI_LIBRARY: 'libnothing.so' };
  const task = { name: 'train', options: { batchSize: 12 } };
  const { code, values } = await runJob(undefined, 1, program(), task, library);
  expect(code).toBe(0);
  const whole = await train(singleProcess(), { batchSize: 12 });
  expect((values[0] as Trained).weights).toEqual(whole.weights);
});
