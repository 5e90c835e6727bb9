/** A template for new apps. */
export interface Template {
  /** Description for the list of templates. */
  readonly summary: string;
  /** Paths of its files below `templates/`, by their names in the new app. */
  readonly files: Readonly<Record<string, string>>;
}

/** The templates of `flwr new`, by their names for `--template`. */
export const TEMPLATES: Readonly<Record<string, Template>> = {
  minimal: {
    summary: "federated averaging of plain arrays, without a training library",
    files: filesOf("minimal"),
  },
  cnn: {
    summary: "a small convolutional network, trained on synthetic images",
    files: filesOf("cnn"),
  },
};

export const DEFAULT_TEMPLATE = "minimal";

/** The files of a template. A file named .gitignore would apply to this repository, so it has another name here. */
function filesOf(template: string): Record<string, string> {
  const own = ["client.ts", "server.ts", "task.ts", "app_test.ts", "flwr.toml", "README.md"];
  return {
    ...Object.fromEntries(own.map((name) => [name, `${template}/${name}`])),
    ".gitignore": "gitignore",
  };
}

/** Values for the placeholders in a template's texts. */
export interface Placeholders {
  readonly name: string;
  readonly publisher: string;
}

/** Reads a template's texts, by their names in the new app, with the placeholders replaced. */
export async function readTemplate(
  { files }: Template,
  placeholders: Placeholders,
): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  for (const [name, source] of Object.entries(files)) {
    const text = await Deno.readTextFile(new URL(`./templates/${source}`, import.meta.url));
    texts.set(
      name,
      text.replaceAll(
        /\{\{(name|publisher)\}\}/g,
        (_, key: keyof Placeholders) => placeholders[key],
      ),
    );
  }
  return texts;
}
