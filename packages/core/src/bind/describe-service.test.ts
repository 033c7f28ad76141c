import assert from "node:assert/strict";
import { test } from "node:test";
import { Health, GRPCStdio } from "../index.js";
import { describeService } from "./describe-service.js";

test("the canonical text of a service is literally this [BIND-13]", () => {
  assert.equal(
    describeService(Health),
    [
      "service grpc.health.v1.Health",
      "method Check unary grpc.health.v1.HealthCheckRequest grpc.health.v1.HealthCheckResponse",
      "method List unary grpc.health.v1.HealthListRequest grpc.health.v1.HealthListResponse",
      "method Watch server_streaming grpc.health.v1.HealthCheckRequest grpc.health.v1.HealthCheckResponse",
      "message grpc.health.v1.HealthCheckRequest",
      "field 1 one string service",
      "message grpc.health.v1.HealthCheckResponse",
      "field 1 one grpc.health.v1.HealthCheckResponse.ServingStatus status",
      "enum grpc.health.v1.HealthCheckResponse.ServingStatus",
      "value 0 UNKNOWN",
      "value 1 SERVING",
      "value 2 NOT_SERVING",
      "value 3 SERVICE_UNKNOWN",
      "message grpc.health.v1.HealthListRequest",
      "message grpc.health.v1.HealthListResponse",
      "field 1 map string grpc.health.v1.HealthCheckResponse statuses",
      "",
    ].join("\n"),
  );
});

test("types of other files are in it", () => {
  assert.match(describeService(GRPCStdio), /^message google\.protobuf\.Empty$/m);
});
