/** How a launcher started this process as one of several. */
export interface Launch {
  /** Family of the launcher; `undefined` for srun. */
  family: 'openmpi' | 'mpich' | undefined;
  /** Number of processes, where the launcher gives it. */
  size: number | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * How this process was started, by the environment variables of OpenMPI's mpirun, of MPICH's (Hydra, also Intel's and
 * Cray's), and of Slurm's srun with PMI-2 or PMIx.
 *
 * @returns `undefined` for a process that was not started as one of several.
 */
export function findLaunch(environment: Environment): Launch | undefined {
  const number = (name: string) => {
    const value = Number(environment[name]);
    return Number.isInteger(value) && value > 0 ? value : undefined;
  };
  if (environment.OMPI_COMM_WORLD_RANK !== undefined) {
    return { family: 'openmpi', size: number('OMPI_COMM_WORLD_SIZE') };
  }
  if (environment.PMIX_RANK !== undefined) return { family: undefined, size: number('SLURM_STEP_NUM_TASKS') };
  if (environment.PMI_RANK !== undefined) return { family: 'mpich', size: number('PMI_SIZE') };
  return undefined;
}
