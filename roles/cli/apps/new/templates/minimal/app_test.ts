/** A test of the app, with simulated nodes in this process: `deno test`. */
import { simulate } from "flwr/testing";
import { app as clientApp } from "./client.ts";
import { app as serverApp } from "./server.ts";

Deno.test("the line comes close to the nodes' points", async () => {
  const { results, artifacts } = await simulate({ serverApp, clientApp, nodes: 4 });
  const losses = results[0]!.rounds.map(({ evaluate }) => evaluate!.metrics!.number("loss"));
  if (!(losses.at(-1)! < losses[0]! / 2)) throw new Error(`The loss did not fall: ${losses}`);
  if (!artifacts.has("model.npz")) throw new Error("The model was not saved");
});
