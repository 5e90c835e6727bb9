/** The types that apps outside of this repository are checked with are those of mod.ts. */
import assert from "node:assert/strict";
import { makeTypes, TYPES } from "../../scripts/types.ts";
import { repositoryPath } from "../support/repository.ts";

const ANEW = "make them anew: deno task types";

Deno.test("types: every name of mod.ts is there, and no other", async () => {
  const [sources, types] = await Promise.all([names(repositoryPath("mod.ts")), names(TYPES)]);
  assert.deepEqual(types, sources, ANEW);
});

Deno.test({
  name: "types: they are made from the sources as they are",
  // It compiles the library: five seconds.
  ignore: Deno.env.get("FLWR_TEST_NIGHTLY") === undefined && Deno.env.get("CI") === undefined,
  fn: async () => {
    assert.equal(await Deno.readTextFile(TYPES), await makeTypes(), ANEW);
  },
});

Deno.test("types: every member of ops has a comment, which editors show", async () => {
  const text = await Deno.readTextFile(TYPES);
  const [, list] = /^declare namespace ops \{\n\texport \{ (.*) \};$/m.exec(text)!;
  const members = list!.split(", ").map((member) => member.split(" as ")[0]!);
  assert.ok(members.length > 40);
  const bare = members.filter((name) =>
    !new RegExp(
      `\\*/\n(?:export )?(?:declare (?:function|const)|type|interface) ${RegExp.escape(name)}\\b`,
    )
      .test(text)
  );
  assert.deepEqual(bare, []);
});

async function names(module: string): Promise<string[]> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--json", module],
  }).output();
  const { nodes } = JSON.parse(new TextDecoder().decode(stdout));
  const [{ symbols }] = Object.values(nodes) as [
    { symbols: { name: string; declarations: { declarationKind: string }[] }[] },
  ];
  return symbols
    .filter(({ declarations }) => declarations[0]!.declarationKind === "export")
    .map(({ name }) => name).sort();
}
