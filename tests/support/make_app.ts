/** What a small app is made of. */
export interface AppSource {
  readonly name: string;
  /** The files of its components by their names; TypeScript files whose app is none by default. */
  readonly files?: Readonly<Record<string, string>>;
  /** Its settings, as lines of TOML. */
  readonly config?: string;
}

/** A component whose app is none: for tests that do not get so far. */
export const NO_COMPONENT = "export const app = 1;";

/** Makes the folder of an app, which is not there yet. @returns the folder */
export async function makeApp(
  folder: string,
  { name, files = { "server.ts": NO_COMPONENT, "client.ts": NO_COMPONENT }, config = "" }:
    AppSource,
): Promise<string> {
  const manifest = `[project]
name = "${name}"
version = "1.0.0"
license = "Apache-2.0"
[tool.flwr.app]
publisher = "tests"
[tool.flwr.app.components]
serverapp = "server:app"
clientapp = "client:app"
[tool.flwr.app.config]
${config}
`;
  await Deno.mkdir(folder);
  for (const [file, text] of Object.entries({ ...files, "pyproject.toml": manifest })) {
    await Deno.writeTextFile(`${folder}/${file}`, text);
  }
  return folder;
}
