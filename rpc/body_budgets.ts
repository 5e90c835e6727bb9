import { ByteBudget } from "./byte_budget.ts";

/**
 * What bounds the large bodies that a process has in memory: those that come, and those that go. They are apart, so that
 * whoever holds bytes of a request may wait for those of its answer, and nobody the other way round.
 */
export interface BodyBudgets {
  readonly requests: ByteBudget;
  readonly answers: ByteBudget;
}

/** Budgets with the limits in force. Servers of one process share them. */
export function bodyBudgets(): BodyBudgets {
  return { requests: new ByteBudget(), answers: new ByteBudget() };
}
