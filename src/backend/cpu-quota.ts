/** Reads a text file; throws if there is none. */
export type ReadText = (path: string) => string;

/**
 * Processor time that the kernel grants this process and its group: 2 for two processors' worth, 0.5 for half of one.
 * `docker run --cpus 2` and Kubernetes' `limits.cpu` set it; the number of processors does not tell.
 *
 * @returns The least of all limits from the process's control group up; `undefined` where there is none.
 * @see https://docs.kernel.org/admin-guide/cgroup-v2.html (`cpu.max`) and
 * https://docs.kernel.org/scheduler/sched-bwc.html (`cpu.cfs_quota_us` of version 1).
 */
export function cpuQuota(read: ReadText): number | undefined {
  const limits: number[] = [];
  // Lines such as '0::/user.slice' (version 2) and '4:cpu,cpuacct:/docker/3f2a' (version 1).
  for (const line of (attempt(read, '/proc/self/cgroup') ?? '').split('\n')) {
    const [, id, controllers, path] = /^(\d+):([^:]*):(.*)$/.exec(line) ?? [];
    if (path === undefined) continue;
    const isUnified = id === '0' && controllers === '';
    if (!isUnified && !controllers!.split(',').includes('cpu')) continue;
    const roots = isUnified ? unifiedRoots : [`/sys/fs/cgroup/${controllers}`, '/sys/fs/cgroup/cpu'];
    for (const folder of roots.flatMap((root) => foldersUp(root, path))) {
      const limit = isUnified ? unifiedLimit(read, folder) : versionOneLimit(read, folder);
      if (limit !== undefined) limits.push(limit);
    }
  }
  return limits.length === 0 ? undefined : Math.min(...limits);
}

/** Where version 2 is mounted: alone, or beside version 1. */
const unifiedRoots = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified'];

/**
 * A group's folder and those of the groups around it, whose limits hold too. In a container the path may be that of the
 * host, of which only the root can be seen: its own group.
 */
function foldersUp(root: string, path: string): string[] {
  const parts = path.split('/').filter(Boolean);
  return Array.from({ length: parts.length + 1 }, (_, up) =>
    [root, ...parts.slice(0, parts.length - up)].join('/'),
  );
}

/** '200000 100000' or 'max 100000': microseconds in each period. */
function unifiedLimit(read: ReadText, folder: string): number | undefined {
  const [quota, period] = (attempt(read, `${folder}/cpu.max`) ?? '').trim().split(/\s+/).map(Number);
  return limitOf(quota, period);
}

/** A quota of -1 is none. */
function versionOneLimit(read: ReadText, folder: string): number | undefined {
  const [quota, period] = ['quota', 'period'].map((name) =>
    Number(attempt(read, `${folder}/cpu.cfs_${name}_us`) ?? Number.NaN),
  );
  return limitOf(quota, period);
}

function limitOf(quota = Number.NaN, period = Number.NaN): number | undefined {
  return quota > 0 && period > 0 ? quota / period : undefined;
}

function attempt(read: ReadText, path: string): string | undefined {
  try {
    return read(path);
  } catch {
    return undefined;
  }
}
