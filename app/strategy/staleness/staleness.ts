import { checkNumber } from "../../../base/check_option.ts";

/**
 * Weight of an update by its staleness: the number of model versions made since its node received the model, from 0.
 * The weight is from 0 to 1, and 1 for staleness 0.
 */
export type StalenessWeight = (staleness: number) => number;

/** Every update counts the same, whatever its staleness (Xie et al., 2019, arXiv:1903.03934, section 5.2). */
export function constantStaleness(): StalenessWeight {
  return () => 1;
}

/**
 * (1 + staleness)^−a (Xie et al., 2019, arXiv:1903.03934, section 5.2; FedBuff uses a = 0.5).
 *
 * @param a from 0 (default 0.5)
 * @throws FlwrError "invalid-argument" when a is out of range
 */
export function polynomialStaleness(a = 0.5): StalenessWeight {
  checkNumber("a", a, 0);
  return (staleness) => (1 + staleness) ** -a;
}

/**
 * 1 up to a staleness of b, then 1 / (a·(staleness − b) + 1) (Xie et al., 2019, arXiv:1903.03934, section 5.2).
 *
 * @param options a from 0 (default 10), b from 0 (default 4)
 * @throws FlwrError "invalid-argument" when an option is out of range
 */
export function hingeStaleness(
  { a = 10, b = 4 }: { readonly a?: number; readonly b?: number } = {},
): StalenessWeight {
  checkNumber("a", a, 0);
  checkNumber("b", b, 0);
  return (staleness) => staleness <= b ? 1 : 1 / (a * (staleness - b) + 1);
}
