export { buildGo } from "./build.js";
export type { GoBuild, GoPrograms } from "./build.js";
export { goExample } from "./example.js";
export type { GoExample } from "./example.js";
