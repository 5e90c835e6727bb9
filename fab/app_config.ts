import { FlwrError } from "../base/error.ts";
import {
  COMPONENT_KEYS,
  type ComponentKey,
  findModules,
  type Language,
  type Languages,
  parseComponent,
} from "./component.ts";
import { formatFaults } from "./format_version.ts";
import { labelFault, nameFault } from "./label.ts";
import { quoted } from "./refusal.ts";
import { flattenConfig, type RunConfig } from "./scalar.ts";
import { isTable, tableAt, type TomlTable, type TomlValue } from "./toml/value.ts";

/** Configuration of an app, from its manifest. */
export interface AppConfig {
  readonly publisher: string;
  readonly name: string;
  readonly version: string;
  /** "publisher/name". */
  readonly fabId: string;
  /** The ServerApp as "module:object"; undefined for an app with only an AgentApp. */
  readonly serverApp?: string;
  /** The ClientApp as "module:object"; undefined for an app with only an AgentApp. */
  readonly clientApp?: string;
  /** Default run configuration, flattened. */
  readonly config: RunConfig;
  /** The language of the ServerApp, or of the only component. */
  readonly language: Language;
  /** The language of the ClientApp, which may be another: a ServerApp in TypeScript drives nodes in Python, and vice versa. */
  readonly clientLanguage: Language;
}

/** What an app is written in: one language, or both. */
export function languagesOf({ language, clientLanguage }: AppConfig): Languages {
  return language === clientLanguage ? language : "mixed";
}

/**
 * Reads and checks the tables `[project]` and `[tool.flwr.app]` by Flower's rules.
 *
 * @param manifest tables of the whole file
 * @param where name of the file, for errors
 * @param has whether the app has a file with this path
 * @throws FlwrError invalid-argument, listing all faults or naming the component whose language is ambiguous
 */
export function readAppConfig(
  manifest: TomlTable,
  where: string,
  has: (path: string) => boolean,
): AppConfig {
  const faults: string[] = [];
  const project = tableAt(manifest, "project");
  const app = tableAt(manifest, "tool", "flwr", "app");
  if (project === undefined) faults.push("there is no [project] section");
  if (app === undefined) faults.push("there is no [tool.flwr.app] section");
  const name = label(project, "project", "name", nameFault, faults);
  const version = label(project, "project", "version", labelFault, faults);
  const publisher = label(app, "tool.flwr.app", "publisher", labelFault, faults);
  for (const key of ["fab-include", "fab-exclude"]) {
    const fault = patternsFault(app?.get(key));
    if (fault !== undefined) faults.push(`"${key}" in [tool.flwr.app] ${fault}`);
  }
  const components = app && readComponents(app, faults);
  const settings = app?.get("config");
  if (settings !== undefined && !isTable(settings)) {
    faults.push('"config" in [tool.flwr.app] is not a table');
  }
  faults.push(...formatFaults(manifest));
  if (faults.length > 0) {
    throw new FlwrError(
      "invalid-argument",
      `"${where}" does not describe an app: ${faults.join("; ")}`,
    );
  }
  return {
    publisher,
    name,
    version,
    fabId: `${publisher}/${name}`,
    serverApp: components!.get("serverapp"),
    clientApp: components!.get("clientapp"),
    config: isTable(settings) ? flattenConfig(settings, "[tool.flwr.app.config]") : {},
    ...readLanguages(components!, has),
  };
}

/** Fields that Flower recommends and the manifest lacks, as sentences. */
export function missingRecommendations(manifest: TomlTable): string[] {
  const project = tableAt(manifest, "project");
  return ["description", "license"]
    .filter((key) => !project?.has(key))
    .map((key) => `[project] has no "${key}"`);
}

function label(
  table: TomlTable | undefined,
  section: string,
  key: string,
  faultOf: (value: string) => string | undefined,
  faults: string[],
): string {
  if (table === undefined) return "";
  const value = table.get(key);
  if (typeof value !== "string") {
    faults.push(`"${key}" in [${section}] ${value === undefined ? "is missing" : "is not a text"}`);
    return "";
  }
  const fault = faultOf(value);
  if (fault !== undefined) faults.push(`"${key}" in [${section}] ${fault}`);
  return value;
}

function patternsFault(value: TomlValue | undefined): string | undefined {
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) return "is not a list";
  if (value.length === 0) return "is empty: name a pattern, or leave the key out";
  const good = value.every((pattern) => typeof pattern === "string" && pattern.trim() !== "");
  return good ? undefined : "contains something other than patterns";
}

/** Reads the components, as "module:object". Flower requires a ServerApp and a ClientApp, or an AgentApp alone. */
function readComponents(app: TomlTable, faults: string[]): Map<ComponentKey, string> {
  const found = new Map<ComponentKey, string>();
  const components = tableAt(app, "components");
  if (components === undefined) {
    faults.push("there is no [tool.flwr.app.components] section");
    return found;
  }
  for (const key of COMPONENT_KEYS) {
    const value = components.get(key);
    if (value === undefined) {
      if (key !== "agentapp" && !components.has("agentapp")) {
        faults.push(`"${key}" in [tool.flwr.app.components] is missing`);
      }
    } else if (typeof value !== "string" || parseComponent(value) === undefined) {
      const shown = typeof value === "string" ? `: ${quoted(value)}` : "";
      faults.push(
        `"${key}" in [tool.flwr.app.components] is not of the form "module:object"${shown}`,
      );
    } else found.set(key, value);
  }
  return found;
}

/** The languages of the components. */
function readLanguages(
  components: ReadonlyMap<ComponentKey, string>,
  has: (path: string) => boolean,
): Pick<AppConfig, "language" | "clientLanguage"> {
  const languages = new Map(
    [...components].map(([key, spec]) => [key, language(key, spec, has)] as const),
  );
  const [first] = languages.values();
  const own = languages.get("serverapp") ?? first!;
  return { language: own, clientLanguage: languages.get("clientapp") ?? own };
}

function language(
  key: ComponentKey,
  spec: string,
  has: (path: string) => boolean,
): Language {
  const ref = parseComponent(spec)!;
  const { typescript, python } = findModules(ref, has);
  if (typescript.length > 0 && python.length === 0) return "typescript";
  if (python.length > 0 && typescript.length === 0) return "python";
  const named = `"${key}" in [tool.flwr.app.components] names ${quoted(spec)}`;
  if (typescript.length === 0) {
    throw new FlwrError(
      "invalid-argument",
      `${named}, but the app has neither "${ref.path}.ts" nor "${ref.path}.py"`,
      { hints: ["Use dots for folders: pkg.client is pkg/client.ts"] },
    );
  }
  throw new FlwrError(
    "invalid-argument",
    `${named}, but the app has both "${typescript[0]}" and "${python[0]}"`,
    { hints: ["Rename one of them"] },
  );
}
