/**
 * Lets the seed of a simulated node also decide what the language's own generator returns. Imported before the app is
 * loaded, in the threads that only run simulated nodes: a real node's numbers must not be foreseeable.
 */
import { givenRandom } from "../../../base/current_random.ts";
import { seededRandom } from "../../../base/random.ts";

// While the app is loaded, it returns the same numbers in each thread.
const whileLoading = seededRandom(0);
Math.random = () => (givenRandom() ?? whileLoading).uniform();
