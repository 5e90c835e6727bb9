import assert from "node:assert/strict";
import { join } from "node:path";
import { testWithAllRights } from "../base/testing/all_rights.ts";
import { divide, testFiles, withoutGroup, writeGroups } from "./test_groups.ts";
import { parseTestSummary } from "./test_summary.ts";
import { slowestFiles } from "./test_times.ts";
import { NO_UNIT_TESTS, sharesThread } from "./unit_tests.ts";

const ROOT = join(import.meta.dirname!, "..");

Deno.test("every test file is in one group, next to its neighbours", async () => {
  const files = (await testFiles(ROOT, NO_UNIT_TESTS)).filter(sharesThread);
  assert.ok(files.includes("scripts/test_groups_test.ts") && files.includes("main_test.ts"));
  assert.ok(!files.some((file) => /^tests\/|^ml\/lower\/blocked\/|node_modules/.test(file)));
  const groups = divide(files);
  assert.deepEqual(groups.flat(), files);
  const sizes = groups.map(({ length }) => length);
  assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1 && Math.max(...sizes) <= 24, `${sizes}`);
  assert.deepEqual(divide([]), []);
});

Deno.test("a line of a group's test begins with the test's own file, coloured or not", () => {
  // Lines of Deno 2.9.3.
  const rest =
    "a/b_test.ts => one ... \x1b[0m\x1b[32mok\x1b[0m \x1b[0m\x1b[38;5;245m(3ms)\x1b[0m\n";
  const group = "./../../tmp/flwr-tests-1a2b/group-01_test.ts";
  for (const start of [`\x1b[0m\x1b[38;5;245m${group} => \x1b[0m`, `${group} => `]) {
    assert.equal(withoutGroup(start + rest), `./${rest}`);
  }
  const step = "a/b_test.ts => one ... a step ... ok (1ms)\n";
  assert.equal(withoutGroup(`\x1b[0m\x1b[38;5;245m${group} =>\x1b[0m ${step}`), `./${step}`);
  assert.equal(withoutGroup(`it prints ${group} => x`), `it prints ${group} => x`);
});

testWithAllRights("the tests of a group run and count as those of its files", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const files = {
      "a/one_test.ts": `Deno.test("passes", () => {});
        Deno.test({ name: "is ignored", ignore: true, fn: () => {} });
        Deno.test(function byItsFunction() {});
        Deno.test("with options", { sanitizeOps: false }, async (test) => {
          await test.step("a step", () => {});
        });`,
      "two_test.ts": `await Promise.resolve();
        Deno.test({ fn: function alone() {} });
        Deno.test("fails", () => { throw new Error("as it should"); });`,
    };
    await Deno.mkdir(join(folder, "a"));
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(join(folder, name), text);
    }
    const modules = await Deno.makeTempDir({ dir: folder });
    const groups = await writeGroups(modules, folder, await testFiles(folder, []));
    const { code, stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["test", "-A", "--parallel", "--no-check", ...groups],
      env: { NO_COLOR: "1" },
    }).output();
    const output = new TextDecoder().decode(stdout).split(/(?<=\n)/).map(withoutGroup).join("");
    assert.equal(code, 1);
    assert.deepEqual(parseTestSummary(output), { passed: 4, failed: 1, skipped: 1 });
    const times = slowestFiles(output, 10).map(({ file }) => file);
    assert.deepEqual(times.toSorted(), ["a/one_test.ts", "two_test.ts"]);
    for (const name of ["passes", "byItsFunction", "with options"]) {
      assert.ok(output.includes(`./a/one_test.ts => ${name} ... ok`), output);
    }
    assert.ok(output.includes("./two_test.ts => alone ... ok"), output);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
