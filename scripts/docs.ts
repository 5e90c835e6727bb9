/**
 * Writes the pages of docs/ that are generated from the code, and the types of apps. Tests compare all of them with the code.
 *
 *     deno task docs
 */
import { apiPage } from "../tests/readme/api_page.ts";
import { flagsPage } from "../tests/readme/flag_tables.ts";
import { operatorsPage } from "../tests/readme/operators_page.ts";
import { optionsPage } from "../tests/readme/options_page.ts";
import { repositoryPath } from "../tests/support/repository.ts";

const PAGES = {
  "docs/api.md": apiPage,
  "docs/flags.md": flagsPage,
  "docs/operators.md": operatorsPage,
  "docs/options.md": optionsPage,
};

for (const [file, page] of Object.entries(PAGES)) {
  await Deno.writeTextFile(repositoryPath(file), await page());
}
for (const args of [["fmt", "--quiet", ...Object.keys(PAGES)], ["task", "--quiet", "types"]]) {
  const { success } = await new Deno.Command(Deno.execPath(), { args, cwd: repositoryPath("") })
    .spawn().status;
  if (!success) Deno.exit(1);
}
