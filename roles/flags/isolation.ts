/** Who starts the processes of apps: "subprocess": the program itself; "process": a SuperExec. */
export const ISOLATIONS = ["subprocess", "process"] as const;
export type Isolation = typeof ISOLATIONS[number];
