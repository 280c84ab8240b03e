import { describe, expect, it } from 'vitest';
import { mpiCommunicator } from '../../src/mpi/index.js';
import { findLaunch } from '../../src/mpi/launch.js';

describe('findLaunch', () => {
  it.each([
    [
      { OMPI_COMM_WORLD_RANK: '0', OMPI_COMM_WORLD_SIZE: '4', PMIX_RANK: '0' },
      { family: 'openmpi', size: 4, rank: 0 },
    ],
    [
      { PMI_RANK: '1', PMI_SIZE: '2' },
      { family: 'mpich', size: 2, rank: 1 },
    ],
    [
      { PMIX_RANK: '0', SLURM_STEP_NUM_TASKS: '8' },
      { family: undefined, size: 8, rank: 0 },
    ],
    [
      { PMI_RANK: '0', PMI_SIZE: 'many' },
      { family: 'mpich', size: undefined, rank: 0 },
    ],
    // A batch script of Slurm is one process, however many tasks its steps will have.
    [{ SLURM_PROCID: '0', SLURM_NTASKS: '8' }, undefined],
    [{}, undefined],
  ] as const)('knows by what this process was started: %o', (environment, launch) => {
    expect(findLaunch(environment)).toEqual(launch);
  });
});

describe('mpiCommunicator', () => {
  it('of a process that was started by itself is that of one, whatever is installed', async () => {
    const communicator = await mpiCommunicator({ library: 'libnone.so' });
    expect(communicator).toMatchObject({ rank: 0, size: 1 });
  });
});
