/** README, CHANGELOG, CONTRIBUTING, SECURITY and docs name only what is there: files, headings, code and tests. */
import assert from "node:assert/strict";
import { dirname, join } from "node:path/posix";
import { repositoryPath } from "../support/repository.ts";
import { anchors, codeSpans, linkTargets, prose } from "./markdown.ts";

const DOCUMENTS = [
  "README.md",
  "CHANGELOG.md",
  "CONTRIBUTING.md",
  "SECURITY.md",
  ...["docs", "docs/notes"].flatMap((folder) =>
    [...Deno.readDirSync(repositoryPath(folder))]
      .map(({ name }) => `${folder}/${name}`)
      .filter((path) => path.endsWith(".md"))
  ),
];

const read = (path: string) => Deno.readTextFileSync(repositoryPath(path));
const exists = (path: string) => {
  try {
    return Deno.statSync(repositoryPath(path)) !== undefined;
  } catch {
    return false;
  }
};

for (const document of DOCUMENTS) {
  Deno.test(`${document}: no marker of a merge is left`, () => {
    assert.doesNotMatch(read(document), /^(# )?(<{7}|>{7}|\|{7} )/m);
  });
}

for (const document of DOCUMENTS) {
  Deno.test(`${document}: every relative link leads to a file, and to a heading of it`, () => {
    const broken = linkTargets(read(document)).filter((target) => {
      if (/^[a-z]+:/.test(target)) return false;
      const [path, anchor] = target.split("#") as [string, string?];
      const file = path === "" ? document : join(dirname(document), path);
      if (!exists(file)) return true;
      return anchor !== undefined && !anchors(read(file)).includes(anchor);
    });
    assert.deepEqual(broken, []);
  });
}

/** Documents that lead to places in the code. */
const MAPS = [
  "CONTRIBUTING.md",
  "docs/architecture.md",
  "docs/compiler.md",
  "docs/threat-model.md",
];

for (const document of MAPS) {
  Deno.test(`${document}: every file and folder that it names by its path is there`, () => {
    const paths = codeSpans(prose(read(document)))
      .filter((span) => /^[\w.-]+(\/[\w.-]+)+\/?$/.test(span) && /\.ts$|\/$/.test(span))
      .map((path) =>
        path.replace(/^C\//, "rpc/dialects/current/").replace(/^D\//, "rpc/dialects/flwr-1.9/")
      );
    assert.ok(paths.length > 20);
    assert.deepEqual(paths.filter((path) => !exists(path)), []);
  });
}

Deno.test("docs/threat-model.md: every test it names is in the file it names", () => {
  const named = namedTests(read("docs/threat-model.md"));
  assert.ok(named.length > 30, `${named.length} tests are named`);
  const missing = named.filter(({ file, test }) => !exists(file) || !read(file).includes(test));
  assert.deepEqual(missing, []);
});

/** Tests are named as `path_test.ts` "name", "name", …: a list that ends where something else follows. */
function namedTests(document: string): { file: string; test: string }[] {
  const list = /`([\w./-]+_test\.ts)`((?:[,\s]*"[^"]+")+)/g;
  return [...prose(document).matchAll(list)].flatMap(([, file, names]) =>
    [...names!.matchAll(/"([^"]+)"/g)].map((match) => ({
      file: file!,
      test: match[1]!.replaceAll(/\s+/g, " "),
    }))
  );
}
