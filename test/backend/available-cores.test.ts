import { availableParallelism } from 'node:os';
import { describe, expect, it } from 'vitest';
import { availableCores, coresWithin } from '../../src/backend/available-cores.js';
import { cpuQuota } from '../../src/backend/cpu-quota.js';

/** Reads files that are not there but in these words. */
const reader = (files: Record<string, string>) => (path: string) => {
  const text = files[path];
  if (text === undefined) throw new Error(`ENOENT: ${path}`);
  return text;
};

const unified = '/sys/fs/cgroup';

/** What containers and machines show of their limits. */
const machines: { name: string; files: Record<string, string>; quota: number | undefined }[] = [
  {
    name: 'docker run --cpus 2, version 2',
    files: { '/proc/self/cgroup': '0::/\n', [`${unified}/cpu.max`]: '200000 100000\n' },
    quota: 2,
  },
  {
    name: 'a container whose group has the path of the host',
    files: { '/proc/self/cgroup': '0::/docker/3f2a\n', [`${unified}/cpu.max`]: '150000 100000\n' },
    quota: 1.5,
  },
  {
    name: 'a group within a group that has less',
    files: {
      '/proc/self/cgroup': '0::/kubepods.slice/pod1/main\n',
      [`${unified}/kubepods.slice/pod1/main/cpu.max`]: 'max 100000\n',
      [`${unified}/kubepods.slice/pod1/cpu.max`]: '50000 100000\n',
      [`${unified}/kubepods.slice/cpu.max`]: '800000 100000\n',
    },
    quota: 0.5,
  },
  {
    name: 'version 1',
    files: {
      '/proc/self/cgroup': '5:memory:/docker/3f2a\n4:cpu,cpuacct:/docker/3f2a\n0::/\n',
      [`${unified}/cpu,cpuacct/cpu.cfs_quota_us`]: '400000\n',
      [`${unified}/cpu,cpuacct/cpu.cfs_period_us`]: '100000\n',
    },
    quota: 4,
  },
  {
    name: 'version 1 under its short name, seen from the host',
    files: {
      '/proc/self/cgroup': '2:cpu,cpuacct:/docker/3f2a\n',
      [`${unified}/cpu/docker/3f2a/cpu.cfs_quota_us`]: '300000',
      [`${unified}/cpu/docker/3f2a/cpu.cfs_period_us`]: '100000',
      [`${unified}/cpu/cpu.cfs_quota_us`]: '-1',
      [`${unified}/cpu/cpu.cfs_period_us`]: '100000',
    },
    quota: 3,
  },
  {
    name: 'version 1 without a limit; cpuset and cpuacct are other things',
    files: {
      '/proc/self/cgroup': '9:cpuset:/\n8:cpuacct:/\n4:cpu:/\n0::/\n',
      [`${unified}/cpu/cpu.cfs_quota_us`]: '-1\n',
      [`${unified}/cpu/cpu.cfs_period_us`]: '100000\n',
      [`${unified}/cpuset/cpu.cfs_quota_us`]: '100000\n',
      [`${unified}/cpuset/cpu.cfs_period_us`]: '100000\n',
    },
    quota: undefined,
  },
  {
    name: 'version 2 without a limit',
    files: { '/proc/self/cgroup': '0::/user.slice\n', [`${unified}/user.slice/cpu.max`]: 'max 100000\n' },
    quota: undefined,
  },
  {
    name: 'what nobody expects',
    files: { '/proc/self/cgroup': 'nonsense\n\n0::/\n', [`${unified}/cpu.max`]: '\n' },
    quota: undefined,
  },
  { name: 'no Linux', files: {}, quota: undefined },
];

describe('processor cores', () => {
  it.each(machines)('are limited by the quota of $name', ({ files, quota }) => {
    expect(cpuQuota(reader(files))).toBe(quota);
    expect(coresWithin(16, reader(files))).toBe(quota === undefined ? 16 : Math.max(1, Math.floor(quota)));
    expect(coresWithin(1, reader(files))).toBe(1);
  });

  it('are those of this machine', () => {
    expect(availableCores()).toBeGreaterThanOrEqual(1);
    expect(availableCores()).toBeLessThanOrEqual(availableParallelism());
    expect(coresWithin(7, undefined)).toBe(7);
  });
});
