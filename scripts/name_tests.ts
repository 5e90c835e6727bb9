/** Imported by the modules of test groups only: it replaces `Deno.test` in their thread. */

const { test } = Deno;
let file = "";

/** Puts a file's path before the names of all tests that are registered from now on. */
export function nameTestsAfter(path: string): void {
  file = path;
}

// deno-lint-ignore no-explicit-any -- all overloads of Deno.test, passed on as they are
type Arguments = any[];

function named(first: unknown, ...others: Arguments): void {
  const prefix = (name: string) => `${file} => ${name}`;
  if (typeof first === "string") return pass(prefix(first), ...others);
  if (typeof first === "function") return pass(prefix(first.name), ...others, first);
  const definition = first as { name?: string; fn?: { name: string } };
  const name = definition.name ?? definition.fn?.name ?? "";
  return pass({ ...definition, name: prefix(name) }, ...others);
}

function pass(...args: Arguments): void {
  (test as (...args: Arguments) => void)(...args);
}

Object.defineProperty(Deno, "test", { value: Object.assign(named, test) });
