// For plugin files of the launcher suite: nothing here loads the test runner.
export { createSpecimen, type SpecimenOptions } from "./create-specimen.js";
export { Specimen, SpecimenHost } from "../gen/tenon/testkit/v1/specimen_pb.js";
export type { Facts, Hops, LookRequest, Misdeed, Piece, Task, Values } from "../gen/tenon/testkit/v1/specimen_pb.js";
