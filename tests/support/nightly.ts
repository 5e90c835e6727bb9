/** Whether this is the nightly test run, `deno task test:nightly`, which has time for everything. */
export const NIGHTLY: boolean = Deno.env.get("FLWR_TEST_NIGHTLY") === "1";
