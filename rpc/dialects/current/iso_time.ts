/**
 * Formats a time as Python's isoformat does in UTC, which Flower's command line parses:
 * "2026-11-23T09:28:51.845642+00:00".
 *
 * @param seconds Unix time; undefined for an event that has not happened
 * @returns an empty string for undefined
 */
export function isoTime(seconds: number | undefined): string {
  if (seconds === undefined) return "";
  const microseconds = Math.round(seconds * 1e6);
  const milliseconds = new Date(Math.floor(microseconds / 1000)).toISOString().slice(0, -1);
  return `${milliseconds}${String(microseconds % 1000).padStart(3, "0")}+00:00`;
}

/** Parses an ISO 8601 text to Unix time in seconds; undefined for an empty or invalid text. */
export function secondsOfIsoTime(text: string): number | undefined {
  const milliseconds = Date.parse(text);
  return Number.isNaN(milliseconds) ? undefined : milliseconds / 1000;
}
