import { ByteBudget } from "./byte_budget.ts";

/**
 * Memory budgets for the large bodies of a process: one for requests, one for responses. They are separate because a
 * call that holds its request's bytes may wait for its response's bytes. No call waits the other way round, so there
 * is no deadlock.
 */
export interface BodyBudgets {
  readonly requests: ByteBudget;
  readonly responses: ByteBudget;
}

/** Creates budgets with the default limits. The servers of one process share them. */
export function bodyBudgets(): BodyBudgets {
  return { requests: new ByteBudget(), responses: new ByteBudget() };
}
