/**
 * Where the time of a step of training or evaluation goes: ONNX Runtime's own profile, by operator and shape of the
 * result.
 *
 *     deno run -A bench/ml/profile.ts NETWORK [--evaluate | --private] [--batch 10] [--steps 20] [--plain | --no-blocks]
 *
 * NETWORK is one of networks.ts; --plain leaves all optimisations out, --no-blocks those on blocks of channels.
 */
import { reportError } from "../../roles/report_error.ts";
import { TempDir } from "../../tests/support/tempdir.ts";
import { describeStep, openProgram, stepCommand, type StepFlags } from "./open_program.ts";
import { parseProfile, timesTable } from "./operator_times.ts";

/** Rows of the table; what is left is summed up. */
const ROWS = 12;

async function profile(name: string, flags: StepFlags): Promise<void> {
  await using folder = await TempDir.make();
  const { session, feeds } = await openProgram(name, flags, {
    enableProfiling: true,
    profileFilePrefix: `${folder.path}/profile`,
  });
  await session.run(feeds);
  session.endProfiling();
  await session.release();
  const [file] = [...Deno.readDirSync(folder.path)];
  const times = parseProfile(await Deno.readTextFile(`${folder.path}/${file!.name}`));
  console.log(`${describeStep(name, flags)}, ${flags.steps} steps`);
  console.log(timesTable(times, flags.steps, ROWS).join("\n"));
}

try {
  await stepCommand("profile", "Show where the time of a step of training or evaluation goes.")
    .action(profile)
    .parseAsync(Deno.args, { from: "user" });
} catch (error) {
  Deno.exit(reportError(error));
}
