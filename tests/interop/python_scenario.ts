import type { Flower } from "../support/flower.ts";
import { findPython, flowerEnvironment, type FlowerVersion, NO_PYTHON } from "../support/python.ts";
import { scenario, type ScenarioOptions, type Stage } from "../support/stage.ts";

const python = await findPython();
const required = Deno.env.get("CI") === "true";
if (python === undefined && !required) console.log(NO_PYTHON);

/** Gives an installed Flower. */
export type FlowerOf = (version: FlowerVersion) => Promise<Flower>;

/** The environments that this process has asked for. */
const environments = new Map<FlowerVersion, Promise<string>>();

/**
 * A scenario with processes of real Flowers. Where there is no Python for them, the test is ignored under its name; in the
 * continuous integration it fails.
 */
export function flowerScenario(
  name: string,
  body: (stage: Stage, flowerOf: FlowerOf) => Promise<void>,
  options: ScenarioOptions = {},
): void {
  const ignore = options.ignore || python === undefined && !required;
  scenario(name, async (stage) => {
    if (python === undefined) throw new Error(NO_PYTHON);
    await body(stage, async (version) => {
      const environment = environments.get(version) ??
        flowerEnvironment(python, version, console.log);
      environments.set(version, environment);
      return { version, python: await environment };
    });
  }, { ...options, ignore });
}

/**
 * A scenario with processes of the real Flower 1.9.
 *
 * @param body gets the Python of the environment that has Flower
 */
export function pythonScenario(
  name: string,
  body: (stage: Stage, python: string) => Promise<void>,
  options: ScenarioOptions = {},
): void {
  flowerScenario(
    name,
    async (stage, flowerOf) => body(stage, (await flowerOf("1.9.0")).python),
    options,
  );
}
