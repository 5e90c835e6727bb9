/** Who computes for the simulated nodes of a run: the SuperLink's machine, or workers that the user starts. */
export const ENGINES = ["local", "workers"] as const;
export type EngineName = typeof ENGINES[number];
