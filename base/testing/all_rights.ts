/** Whether the tests have all permissions. `deno task test:unit` denies starting processes. */
export const HAS_ALL_RIGHTS = Deno.permissions.querySync({ name: "run" }).state === "granted";

/**
 * Registers a test that starts a process, or does something that Deno only allows with all permissions (opening
 * `/proc/self/fd`, or vacuuming a database). `deno task test:unit` ignores it. There, a test that was registered with
 * `Deno.test` fails when it starts a process, so that none is forgotten.
 */
export function testWithAllRights(
  name: string,
  fn: (test: Deno.TestContext) => void | Promise<void>,
  { ignore = false }: { readonly ignore?: boolean } = {},
): void {
  Deno.test({ name, fn, ignore: ignore || !HAS_ALL_RIGHTS });
}
