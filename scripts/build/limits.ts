/**
 * Builds that are kept beside the newest one: a program that was started before goes on to load modules from its own,
 * and a bin folder that was not installed into since still names it.
 */
export const KEPT_BUILDS = 2;
