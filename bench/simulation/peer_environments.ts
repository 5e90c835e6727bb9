import { FlwrError } from "../../base/error.ts";
import { findPython, NO_PYTHON, pinnedEnvironment } from "../../tests/support/python.ts";
import { repositoryPath } from "../../tests/support/repository.ts";

/** The Pythons of the peers: each has an environment of its own, because Ray and pfl-research pin other packages. */
export interface Peers {
  readonly pfl: string;
  readonly flwr: string;
}

/**
 * The peers' environments, made with pip the first time.
 *
 * @param folder a folder that has them already, as `pfl` and `flwr`
 * @throws FlwrError "failed-precondition" when none can be made
 */
export async function peerEnvironments(folder?: string): Promise<Peers> {
  if (folder !== undefined) {
    return { pfl: `${folder}/pfl/bin/python`, flwr: `${folder}/flwr/bin/python` };
  }
  const python = await findPython();
  if (python === undefined) throw new FlwrError("failed-precondition", NO_PYTHON);
  const made = (name: "pfl" | "flwr", probe: string) =>
    pinnedEnvironment(python, {
      name: `simulation-${name}`,
      requirements: repositoryPath(`bench/simulation/requirements/${name}.txt`),
      probe,
    }, console.log);
  return {
    pfl: await made("pfl", "import pfl, torch"),
    flwr: await made("flwr", "import flwr, ray, torch"),
  };
}
