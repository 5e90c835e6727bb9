/** An app to begin with. */
export interface Template {
  /** What it shows, for the list of templates. */
  readonly summary: string;
  /** Its files below `templates/`, by the names they get in the new app. */
  readonly files: Readonly<Record<string, string>>;
}

/** The apps that `flwr new` can make, by the names of `--template`. */
export const TEMPLATES: Readonly<Record<string, Template>> = {
  minimal: {
    summary: "federated averaging of plain arrays, without a training library",
    files: filesOf("minimal"),
  },
  cnn: {
    summary: "a small convolutional network that is trained on made-up images",
    files: filesOf("cnn"),
  },
};

export const DEFAULT_TEMPLATE = "minimal";

/** Every template has the same files; a file called .gitignore would hold for this repository too. */
function filesOf(template: string): Record<string, string> {
  const own = ["client.ts", "server.ts", "task.ts", "flwr.toml", "README.md"];
  return {
    ...Object.fromEntries(own.map((name) => [name, `${template}/${name}`])),
    ".gitignore": "gitignore",
  };
}

/** What stands for the app's name and its publisher in a template's texts. */
export interface Placeholders {
  readonly name: string;
  readonly publisher: string;
}

/** A template's files by their names in the new app, the placeholders filled in. */
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
