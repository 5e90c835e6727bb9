/** The version this project is developed and tested with. */
export const RECOMMENDED_DENO = "2.9.3";
