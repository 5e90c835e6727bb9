/**
 * Runs a body that reads other values of environment variables. Only this thread reads them: `Deno.env.set` would set
 * them for all test files that run in parallel. Child processes and the runtime itself do not see them.
 *
 * @param changes values by name; undefined for a variable that is not set
 */
export async function withEnvironment(
  changes: Readonly<Record<string, string | undefined>>,
  body: () => void | Promise<void>,
): Promise<void> {
  const { get } = Deno.env;
  Deno.env.get = (name) => name in changes ? changes[name] : get.call(Deno.env, name);
  try {
    await body();
  } finally {
    Deno.env.get = get;
  }
}
