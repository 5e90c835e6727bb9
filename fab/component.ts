/** Programming language of an app. */
export type Language = "typescript" | "python";

/** What an app is written in; "mixed": its ServerApp and its ClientApp are in different languages. */
export type Languages = Language | "mixed";

/** Keys of `[tool.flwr.app.components]`, including Flower's AgentApp. */
export const COMPONENT_KEYS = ["serverapp", "clientapp", "agentapp"] as const;
export type ComponentKey = typeof COMPONENT_KEYS[number];

/** Endings of modules that Deno loads, in order of preference. */
const TYPESCRIPT_ENDINGS = [".ts", ".js", ".mts", ".mjs", ".tsx", ".jsx"];
const PYTHON_ENDINGS = [".py", "/__init__.py"];

/** Reference of a component to an object of a module of the app. */
export interface ComponentRef {
  /** Path of the module without its ending, with "/": "pkg/client" for `pkg.client:app`. */
  readonly path: string;
  /** Name of the exported object, such as "app". */
  readonly object: string;
}

/** Parses `pkg.client:app`; undefined if malformed. An accepted path cannot lead out of the app's folder. */
export function parseComponent(spec: string): ComponentRef | undefined {
  const match = /^([\p{L}\p{N}_$-]+(?:\.[\p{L}\p{N}_$-]+)*):([\p{L}_$][\p{L}\p{N}_$.]*)$/u.exec(
    spec,
  );
  if (match === null) return undefined;
  const [, module, object] = match as unknown as [string, string, string];
  return { path: module.replaceAll(".", "/"), object };
}

/** Existing files to which a component's module can refer. */
export interface FoundModules {
  readonly typescript: readonly string[];
  readonly python: readonly string[];
}

/** Finds the files to which a component's module can refer. */
export function findModules({ path }: ComponentRef, has: (file: string) => boolean): FoundModules {
  const there = (endings: readonly string[]) =>
    endings.map((ending) => path + ending).filter((file) => has(file));
  return { typescript: there(TYPESCRIPT_ENDINGS), python: there(PYTHON_ENDINGS) };
}
