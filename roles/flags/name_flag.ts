import { FlwrError } from "../../base/error.ts";
import { MAX_NODE_NAME_LENGTH, nodeNameProblem } from "../../base/node_name.ts";
import { readingFlag } from "./usage_error.ts";

/** What `--name` gives; undefined without it. @throws FlwrError for a name that cannot be used */
export function readNameFlag(name: string | undefined): string | undefined {
  const problem = name === undefined ? undefined : nodeNameProblem(name);
  if (problem === undefined) return name;
  return readingFlag(() => {
    throw new FlwrError("invalid-argument", `--name: the name ${problem}`, {
      hints: [`Give 1 to ${MAX_NODE_NAME_LENGTH} visible characters, as in: --name hospital-b`],
    });
  });
}
