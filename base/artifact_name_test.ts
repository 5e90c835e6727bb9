import assert from "node:assert/strict";
import { join, normalize, posix, win32 } from "node:path";
import fc from "fast-check";
import { artifactNameFault, artifactNamesClash } from "./artifact_name.ts";

Deno.test("artifact name: plain names and short paths are accepted", () => {
  for (
    const name of ["model.npz", "a", "round-3/model.npz", "v1.2+cpu/x_y", "a/b/c/d/e.onnx", "_x"]
  ) {
    assert.equal(artifactNameFault(name), undefined, name);
  }
});

Deno.test("artifact name: ambiguous and invalid names are refused with the reason", () => {
  const cases: [string, RegExp][] = [
    ["", /not a plain path/],
    ["..", /not a plain path/],
    ["a/../../b", /not a plain path/],
    ["/etc/passwd", /not a plain path/],
    ["a//b", /not a plain path/],
    ["a/", /not a plain path/],
    ["./a", /not a plain path/],
    [".profile", /letters, digits/],
    ["a/.ssh", /letters, digits/],
    ["-rf", /letters, digits/],
    ["a.", /letters, digits/],
    ["a b", /letters, digits/],
    ["a\\b", /letters, digits/],
    ["c:x", /letters, digits/],
    ["a\0b", /letters, digits/],
    ["a\n", /letters, digits/],
    ["modèle", /letters, digits/],
    ["NUL.npz", /device/],
    ["x/com1", /device/],
    ["a/b/c/d/e/f", /more than 4 nested folders: 5/],
    ["a".repeat(201), /longer than 200 characters: 201/],
  ];
  for (const [name, sentence] of cases) assert.match(artifactNameFault(name) ?? "", sentence, name);
});

Deno.test("artifact name: accepted names stay below the folder that they are put into", () => {
  const part = fc.constantFrom("..", ".", "", "a", "b.c", "/", "\\", "C:", "~", "-", "..a", "%2e");
  fc.assert(
    fc.property(fc.array(part, { maxLength: 6 }), fc.constantFrom("", "/"), (parts, between) => {
      const name = parts.join(between);
      if (artifactNameFault(name) !== undefined) return;
      for (const path of [posix, win32]) {
        assert.ok(!path.isAbsolute(name), name);
        assert.equal(path.normalize(name).replaceAll("\\", "/"), name);
      }
      assert.ok(normalize(join("/folder", name)).startsWith("/folder/"), name);
    }),
    { seed: 7, numRuns: 2000 },
  );
});

Deno.test("artifact name: names that some system treats as equal, or cannot store together, clash", () => {
  const clashing: [string, string][] = [
    ["Model.npz", "model.npz"],
    ["a", "a/b"],
    ["A", "a/b"],
    ["Dir/x", "dir/y"],
    ["d/X/1", "d/x/2"],
  ];
  for (const [one, other] of clashing) {
    assert.ok(artifactNamesClash(one, other), `${one} ${other}`);
    assert.ok(artifactNamesClash(other, one), `${other} ${one}`);
  }
  const apart: [string, string][] = [["a", "a"], ["a", "b"], ["d/x", "d/y"], ["a.b", "a/b"]];
  for (const [one, other] of apart) assert.ok(!artifactNamesClash(one, other), `${one} ${other}`);
});
