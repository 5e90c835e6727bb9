export const app = "not an app";
