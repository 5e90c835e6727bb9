import type { Comparison } from "../support/comparison.ts";
import type { FlowerSide } from "../flower/side.ts";
import type { Credentials } from "../../tests/support/credentials.ts";
export function measureCalls(
  _sides: readonly [FlowerSide, FlowerSide],
  _options: { credentials: Credentials; repeat: number },
): Promise<Comparison[]> {
  return Promise.resolve([]);
}
