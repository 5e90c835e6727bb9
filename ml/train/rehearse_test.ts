import { rehearse } from "./rehearse.ts";

Deno.test("a rehearsal goes through training and evaluation without an engine", async () => {
  await rehearse();
});
