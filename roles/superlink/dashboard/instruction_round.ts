import type { PhaseName } from "../../dashboard/model/rounds.ts";

/** The round of an instruction: strategies number its group. */
export function roundOf(groupId: string): number | undefined {
  return /^\d{1,9}$/.test(groupId) ? Number(groupId) : undefined;
}

/** The phase of an instruction: "train" or "train.name". */
export function phaseOf(messageType: string): PhaseName | undefined {
  const [first] = messageType.split(".");
  return first === "train" || first === "evaluate" ? first : undefined;
}
