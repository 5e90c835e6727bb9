/** A test of the app, with simulated nodes in this process: `deno test`. */
import { simulate } from "flwr/testing";
import { app as clientApp } from "./client.ts";
import { app as serverApp } from "./server.ts";

Deno.test("the accuracy rises", async () => {
  const { results } = await simulate({ serverApp, clientApp, nodes: 2 });
  const accuracies = results[0]!.rounds.map(({ evaluate }) => {
    return evaluate!.metrics!.number("accuracy");
  });
  if (!(accuracies.at(-1)! > 0.8)) throw new Error(`The accuracy stays low: ${accuracies}`);
});
