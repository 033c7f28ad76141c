// The services that a host may offer ready-made, for contracts that name them and for plugins that call them.
export {
  Config,
  ConfigGetRequestSchema,
  ConfigSnapshotSchema,
  ConfigWatchRequestSchema,
} from "../gen/tenon/host/v1/config_pb.js";
export type { ConfigGetRequest, ConfigSnapshot, ConfigWatchRequest } from "../gen/tenon/host/v1/config_pb.js";
export {
  Log,
  LogEntry_Level,
  LogEntrySchema,
  LogWriteRequestSchema,
  LogWriteResponseSchema,
} from "../gen/tenon/host/v1/log_pb.js";
export type { LogEntry, LogWriteRequest, LogWriteResponse } from "../gen/tenon/host/v1/log_pb.js";
export {
  Store,
  StoreConflictSchema,
  StoreDeleteRequestSchema,
  StoreDeleteResponseSchema,
  StoreEntrySchema,
  StoreGetRequestSchema,
  StoreGetResponseSchema,
  StoreListRequestSchema,
  StoreListResponseSchema,
  StorePutRequestSchema,
  StorePutResponseSchema,
} from "../gen/tenon/host/v1/store_pb.js";
export type {
  StoreConflict,
  StoreDeleteRequest,
  StoreDeleteResponse,
  StoreEntry,
  StoreGetRequest,
  StoreGetResponse,
  StoreListRequest,
  StoreListResponse,
  StorePutRequest,
  StorePutResponse,
} from "../gen/tenon/host/v1/store_pb.js";
