/**
 * A trainer in a process of its own, for tests: registers, then prints its number of threads for each line of input.
 */
import { registerTrainer } from "./trainer_slot.ts";

const [folder, cores, kind] = Deno.args as [string, string, "training" | "reserved"];
using slot = registerTrainer({ folder, cores: Number(cores), kind });
console.log("registered");
for await (const _ of Deno.stdin.readable) console.log(slot.threads());
