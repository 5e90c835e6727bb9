import { findPython, flowerEnvironment, NO_PYTHON } from "../support/python.ts";
import { scenario, type ScenarioOptions, type Stage } from "../support/stage.ts";

const python = await findPython();
const required = Deno.env.get("CI") === "true";
if (python === undefined && !required) console.log(NO_PYTHON);

/**
 * A scenario with processes of the real Flower 1.9. Where there is no Python for it, the test is ignored under its
 * name; in the continuous integration it fails.
 *
 * @param body gets the Python of the environment that has Flower
 */
export function pythonScenario(
  name: string,
  body: (stage: Stage, python: string) => Promise<void>,
  options: ScenarioOptions = {},
): void {
  scenario(name, async (stage) => {
    if (python === undefined) throw new Error(NO_PYTHON);
    await body(stage, await flowerEnvironment(python, console.log));
  }, { ...options, ignore: python === undefined && !required });
}
