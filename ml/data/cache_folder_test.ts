import assert from "node:assert/strict";
import { join } from "node:path";
import { FlwrError } from "../../base/error.ts";
import { cacheFolder } from "./cache_folder.ts";
import type { UserEnvironment } from "./user_environment.ts";

const environment = (
  os: UserEnvironment["os"],
  variables: Record<string, string>,
): UserEnvironment => ({ os, get: (name) => variables[name] });

Deno.test("cache folder: FLWR_CACHE wins everywhere", () => {
  const variables = { FLWR_CACHE: "/data/cache", HOME: "/home/u", XDG_CACHE_HOME: "/x" };
  assert.equal(cacheFolder(environment("linux", variables)), "/data/cache");
  assert.equal(cacheFolder(environment("windows", variables)), "/data/cache");
});

Deno.test("cache folder: the platform's cache folder otherwise", () => {
  const home = { HOME: "/home/u" };
  assert.equal(cacheFolder(environment("linux", home)), join("/home/u", ".cache", "flwr"));
  assert.equal(
    cacheFolder(environment("darwin", home)),
    join("/home/u", "Library", "Caches", "flwr"),
  );
  const windows = environment("windows", { LOCALAPPDATA: "/Users/u/AppData/Local" });
  assert.equal(cacheFolder(windows), join("/Users/u/AppData/Local", "flwr"));
});

Deno.test("cache folder: XDG_CACHE_HOME counts if it is absolute", () => {
  const home = { HOME: "/home/u" };
  const absolute = environment("linux", { ...home, XDG_CACHE_HOME: "/x" });
  assert.equal(cacheFolder(absolute), join("/x", "flwr"));
  const relative = environment("linux", { ...home, XDG_CACHE_HOME: "x" });
  assert.equal(cacheFolder(relative), join("/home/u", ".cache", "flwr"));
});

Deno.test("cache folder: without a home the error says what to set", () => {
  assert.throws(
    () => cacheFolder(environment("linux", {})),
    (error) => error instanceof FlwrError && error.hints[0] === "Set FLWR_CACHE to a folder",
  );
});
