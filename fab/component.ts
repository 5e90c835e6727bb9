/** What an app is written in. */
export type Language = "typescript" | "python";

/** Keys of `[tool.flwr.app.components]`, Flower's agents included. */
export const COMPONENT_KEYS = ["serverapp", "clientapp", "agentapp"] as const;
export type ComponentKey = typeof COMPONENT_KEYS[number];

/** Endings of modules that Deno loads, in the order in which they are tried. */
const TYPESCRIPT_ENDINGS = [".ts", ".js", ".mts", ".mjs", ".tsx", ".jsx"];
const PYTHON_ENDINGS = [".py", "/__init__.py"];

/** What a component refers to: an object of a module within the app. */
export interface ComponentRef {
  /** Path of the module without its ending, with "/": "pkg/client" for `pkg.client:app`. */
  readonly path: string;
  /** The name it exports the object under, e.g. "app". */
  readonly object: string;
}

/** Reads `pkg.client:app`; undefined when it is of another form. Nothing it takes can lead out of the app's folder. */
export function parseComponent(spec: string): ComponentRef | undefined {
  const match = /^([\p{L}\p{N}_$-]+(?:\.[\p{L}\p{N}_$-]+)*):([\p{L}_$][\p{L}\p{N}_$.]*)$/u.exec(
    spec,
  );
  if (match === null) return undefined;
  const [, module, object] = match as unknown as [string, string, string];
  return { path: module.replaceAll(".", "/"), object };
}

/** Where a component's module may be, and which of these files there are. */
export interface FoundModules {
  readonly typescript: readonly string[];
  readonly python: readonly string[];
}

/** The files of an app that a component's module can mean. */
export function findModules({ path }: ComponentRef, has: (file: string) => boolean): FoundModules {
  const there = (endings: readonly string[]) =>
    endings.map((ending) => path + ending).filter((file) => has(file));
  return { typescript: there(TYPESCRIPT_ENDINGS), python: there(PYTHON_ENDINGS) };
}
