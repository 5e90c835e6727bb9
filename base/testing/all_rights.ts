/** Whether the tests have all permissions. In `deno task test:unit` they may not start processes. */
export const HAS_ALL_RIGHTS = Deno.permissions.querySync({ name: "run" }).state === "granted";

/**
 * A test that starts a process, or does what Deno allows only to programs with all permissions (it opens
 * `/proc/self/fd`, or vacuums a database). `deno task test:unit` ignores it. There, a test registered with `Deno.test`
 * fails when it starts a process, so that no test is forgotten.
 */
export function testWithAllRights(
  name: string,
  fn: (test: Deno.TestContext) => void | Promise<void>,
  { ignore = false }: { readonly ignore?: boolean } = {},
): void {
  Deno.test({ name, fn, ignore: ignore || !HAS_ALL_RIGHTS });
}
