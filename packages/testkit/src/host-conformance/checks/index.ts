import type { Check } from "../../conformance/check.js";
import type { HostSubject } from "../subject.js";
import { acceptChecks } from "./accepts.js";
import { connectionChecks } from "./connection.js";
import { environmentChecks } from "./environment.js";
import { outputChecks } from "./output.js";
import { refusalChecks } from "./refuses.js";
import { stopChecks } from "./stop.js";

/** Every check of a host, area by area. */
export const hostChecks: readonly Check<HostSubject>[] = [
  ...environmentChecks,
  ...acceptChecks,
  ...refusalChecks,
  ...connectionChecks,
  ...outputChecks,
  ...stopChecks,
];
