import { type Value, withInputs } from "./value.ts";

/**
 * All values that the outputs depend on, inputs before users. It is not recursive, so deep networks do not overflow the
 * stack.
 */
export function topologicalOrder(outputs: readonly Value[]): Value[] {
  const order: Value[] = [];
  const seen = new Set<Value>();
  const stack: { value: Value; next: number }[] = [];
  const visit = (value: Value) => {
    if (seen.has(value)) return;
    seen.add(value);
    stack.push({ value, next: 0 });
  };
  for (const output of outputs) {
    visit(output);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const child = top.value.inputs[top.next++];
      if (child !== undefined) visit(child);
      else order.push(stack.pop()!.value);
    }
  }
  return order;
}

/** How often each value is used as an input, plus once if it is an output. */
export function countUses(outputs: readonly Value[]): Map<Value, number> {
  const uses = new Map<Value, number>();
  const use = (value: Value) => uses.set(value, (uses.get(value) ?? 0) + 1);
  for (const value of topologicalOrder(outputs)) value.inputs.forEach(use);
  outputs.forEach(use);
  return uses;
}

/**
 * A rewriting rule. Its arguments are a value whose inputs are already rewritten, and the number of uses of a value in
 * the original graph. It returns the replacement (same shape and dtype), or undefined to keep the value.
 */
export type RewriteRule = (value: Value, uses: (value: Value) => number) => Value | undefined;

/** Rewrites a graph from its inputs to its outputs, visiting each value once. */
export function rewrite(outputs: readonly Value[], rule: RewriteRule): Value[] {
  const counts = countUses(outputs);
  const uses = (value: Value) => counts.get(value) ?? 1;
  const rewritten = new Map<Value, Value>();
  for (const value of topologicalOrder(outputs)) {
    const rebuilt = withInputs(value, value.inputs.map((input) => rewritten.get(input)!));
    if (rebuilt !== value) counts.set(rebuilt, uses(value));
    const replacement = rule(rebuilt, uses) ?? rebuilt;
    if (replacement !== rebuilt) counts.set(replacement, uses(value));
    rewritten.set(value, replacement);
  }
  return outputs.map((output) => rewritten.get(output)!);
}

/** Applies a rule repeatedly until nothing changes. */
export function rewriteToFixpoint(outputs: readonly Value[], rule: RewriteRule): Value[] {
  for (let current = [...outputs];;) {
    const next = rewrite(current, rule);
    if (next.every((value, i) => value === current[i])) return next;
    current = next;
  }
}
