import assert from "node:assert/strict";
import type { ClientMod } from "../../client_mod.ts";
import { Federation, nodeIds } from "../testing/federation.ts";
import type { SecureAggregationOptions } from "./options.ts";
import { secureAggregationMod } from "./secure_aggregation_mod.ts";
import { trustedIdentities } from "./testing/identities.ts";
import { secure } from "./testing/signed_run.ts";

Deno.test("secure aggregation: without registered keys the run ends before any training", async () => {
  let trained = 0;
  const counting: ClientMod = (message, context, next) => (trained++, next(message, context));
  const identities = await trustedIdentities(nodeIds(3));
  const withoutList = new Map(
    [...identities].map(([id, identity]) => [id, { ...identity, trustedKeys: undefined }]),
  );
  for (const given of [undefined, withoutList]) {
    const federation = new Federation({
      nodes: 3,
      mods: [secureAggregationMod(), counting],
      identities: given,
    });
    await assert.rejects(federation.run(secure()), {
      code: "permission-denied",
      message: given === undefined ? /no registered key/ : /no list of the nodes that it trusts/,
    });
  }
  assert.equal(trained, 0);
});

Deno.test("secure aggregation: unsigned keys need the test's option at both ends", async () => {
  const nodes = 3;
  const unsigned = { unsignedKeysForTests: true };
  const run = (mod: ClientMod, options: SecureAggregationOptions) =>
    new Federation({ nodes, mods: [mod] }).run(secure(options));
  await run(secureAggregationMod(unsigned), unsigned);
  const half = run(secureAggregationMod(unsigned), {});
  assert.equal((await half.catch((error) => error)).code, "failed-precondition");
  await assert.rejects(run(secureAggregationMod(), unsigned), { code: "permission-denied" });
});

Deno.test("secure aggregation: a node that is not trusted ends the run before any training", async () => {
  const identities = await trustedIdentities(nodeIds(3));
  const [stranger] = (await trustedIdentities([103n])).values();
  identities.set(103n, stranger!);
  let trained = 0;
  const counting: ClientMod = (message, context, next) => (trained++, next(message, context));
  const federation = new Federation({
    nodes: 3,
    mods: [secureAggregationMod(), counting],
    identities,
  });
  await assert.rejects(federation.run(secure()), {
    code: "permission-denied",
    message: /node 103 has a key that this node does not trust: SHA256:/,
  });
  assert.equal(trained, 0);
});
