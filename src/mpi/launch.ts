/** How a launcher started this process as one of several. */
export interface Launch {
  /** Family of the launcher; `undefined` for srun. */
  family: 'openmpi' | 'mpich' | undefined;
  /** Number of processes, where the launcher gives it. */
  size: number | undefined;
  /** Number of this process, from 0. */
  rank: number | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * How this process was started, by the environment variables of OpenMPI's mpirun, of MPICH's (Hydra, also Intel's and
 * Cray's), and of Slurm's srun with PMI-2 or PMIx.
 *
 * @returns `undefined` for a process that was not started as one of several.
 */
export function findLaunch(environment: Environment): Launch | undefined {
  const number = (name: string, minimum: number) => {
    const value = Number(environment[name]);
    return environment[name] !== undefined && Number.isInteger(value) && value >= minimum ? value : undefined;
  };
  const launch = (family: Launch['family'], size: string, rank: string): Launch => {
    return { family, size: number(size, 1), rank: number(rank, 0) };
  };
  if (environment.OMPI_COMM_WORLD_RANK !== undefined) {
    return launch('openmpi', 'OMPI_COMM_WORLD_SIZE', 'OMPI_COMM_WORLD_RANK');
  }
  if (environment.PMIX_RANK !== undefined) return launch(undefined, 'SLURM_STEP_NUM_TASKS', 'PMIX_RANK');
  if (environment.PMI_RANK !== undefined) return launch('mpich', 'PMI_SIZE', 'PMI_RANK');
  return undefined;
}
