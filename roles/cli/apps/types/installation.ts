import { FlwrError } from "../../../../base/error.ts";

/** File with the types of the module that apps import as "flwr". */
export const TYPES_FILE = "flwr.d.ts";

/** The text of {@link TYPES_FILE}. */
export function readTypes(): Promise<string> {
  return Deno.readTextFile(new URL(`./public/${TYPES_FILE}`, import.meta.url));
}

/** URL of {@link TYPES_FILE}. */
export function typesUrl(): URL {
  return new URL(`./public/${TYPES_FILE}`, import.meta.url);
}

/** The types of Deno's globals. Empty inside a compiled executable, which has none. */
export async function globalTypes(): Promise<Uint8Array> {
  if (Deno.build.standalone) return new Uint8Array();
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["types"],
    stderr: "null",
  }).output();
  return stdout;
}

/**
 * File of a build with the types of Deno's globals, without comments.
 *
 * @param version Deno's version
 */
export function builtGlobalsFile(version: string): string {
  return `deno-${version}.d.ts`;
}

/** The types of Deno's globals from the build. Undefined if the sources run, or another Deno than made the build. */
export async function readBuiltGlobals(): Promise<string | undefined> {
  const file = builtGlobalsFile(Deno.version.deno);
  return await Deno.readTextFile(new URL(`./public/${file}`, import.meta.url)).catch(() =>
    undefined
  );
}

/** Types without their comments, which are two thirds of the text: reading them takes less time. */
export function withoutComments(types: string): string {
  return types.replaceAll(/\/\*\*[^]*?\*\//g, "");
}

/** URL of the module that apps import as "flwr". Undefined inside a compiled executable, whose modules are not accessible. */
export function libraryUrl(): URL | undefined {
  return Deno.build.standalone ? undefined : new URL("../../../../mod.ts", import.meta.url);
}

/**
 * The library's own imports, for the import map of another project: each package by its name and for paths below it.
 *
 * @throws FlwrError "internal" when the installation is incomplete
 */
export async function libraryImports(): Promise<Record<string, string>> {
  let imports: Readonly<Record<string, string>>;
  try {
    ({ imports } = JSON.parse(
      await Deno.readTextFile(new URL("../../../../deno.json", import.meta.url)),
    ));
  } catch (cause) {
    throw new FlwrError("internal", "The installation of flwr has no readable deno.json", {
      cause,
    });
  }
  const packages = Object.entries(imports).filter(([, target]) => target.startsWith("npm:"));
  return Object.fromEntries(packages.flatMap(([name, target]) => [
    [name, target],
    [`${name}/`, `npm:/${target.slice("npm:".length)}/`],
  ]));
}
