import { within } from "./deadline.ts";
import { Stage } from "./stage.ts";

Deno.test({
  name: "a stage also ends what Flower's processes have started, and does not wait for it",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const stage = await Stage.open();
    const process = stage.start({
      name: "flower-supernode",
      command: "sh",
      // The inner process keeps the output open after its parent was killed.
      args: ["-c", "sleep 3600 & echo started; wait"],
      env: { FLWR_HOME: stage.path("home/supernode") },
    });
    await process.waitForLine(/started/);
    await within(stage[Symbol.asyncDispose](), 30, "the stage to end");
  },
});
