import { dirname, join } from "node:path";

/** Runs a test with a temporary folder of these files. */
export async function withApp<T>(
  files: { readonly [path: string]: string | undefined },
  body: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = await Deno.makeTempDir({ prefix: "flwr-fab-" });
  try {
    for (const [path, text] of Object.entries(files)) {
      if (text === undefined) continue;
      await Deno.mkdir(dirname(join(folder, path)), { recursive: true });
      await Deno.writeTextFile(join(folder, path), text);
    }
    return await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The files of a small app. */
export function appFiles(language: "typescript" | "python"): Record<string, string> {
  const ending = language === "typescript" ? "ts" : "py";
  return {
    "pyproject.toml": `[project]
name = "small"
version = "1.0.0"

[tool.flwr.app]
publisher = "tester"

[tool.flwr.app.components]
serverapp = "server:app"
clientapp = "client:app"

[tool.flwr.app.config]
num-rounds = 3
`,
    [`server.${ending}`]: "app",
    [`client.${ending}`]: "app",
  };
}
